/** `hone attach`: put the agent into a running DPDK application. */
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';

export function registerAttach(program: Command): void {
  program
    .command('attach')
    .summary('put the agent into a running DPDK application')
    .description(
      'Loads the agent into the process with gdb, which stops it for less than a second, and prints its ports.',
    )
    .argument('<pid>', 'the process: see "hone apps"', parsePid)
    .action(attach);
}

function parsePid(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`attach ${text}: expected the number of a process`);
  return Number(text);
}

async function attach(pid: number): Promise<void> {
  const { attachAgent } = await import('../target/index.ts');
  const { portCells, portHeads } = await import('./port-table.ts');
  const { formatTable } = await import('./text-table.ts');
  const { sayBuilding } = await import('./say-building.ts');
  const target = await attachAgent(pid, { onBuild: sayBuilding });
  try {
    const ports = await target.listPorts();
    process.stderr.write(`the agent is in process ${pid} (${target.info.version})\n`);
    process.stdout.write(formatTable(portHeads, ports.map(portCells)));
  } finally {
    target.close();
  }
}
