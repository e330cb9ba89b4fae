/** `hone attach`: put the agent into a running DPDK application. */
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import { attachAgent } from '../target/index.ts';
import { portCells, portHeads } from './port-table.ts';
import { sayBuilding } from './say-building.ts';
import { formatTable } from './text-table.ts';

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
  const target = await attachAgent(pid, { onBuild: sayBuilding });
  try {
    const ports = await target.listPorts();
    process.stderr.write(`the agent is in process ${pid} (${target.info.version})\n`);
    process.stdout.write(formatTable(portHeads, ports.map(portCells)));
  } finally {
    target.close();
  }
}
