/** `hone agent`: compile the agent, or say where it is. */
import type { Command } from 'commander';
import { buildAgent } from '../target/index.ts';
import { sayBuilding } from './say-building.ts';

export function registerAgent(program: Command): void {
  const agent = program.command('agent').description('Build the agent for the DPDK that is installed.');
  agent
    .command('build')
    .description('Compile it now. Other commands do so by themselves when they need it.')
    .option('--force', 'compile even when it is up to date')
    .action(build);
  agent
    .command('path')
    .description('Print the path of the agent, compiled when there is none yet: for "-d" of the EAL.')
    .action(path);
}

async function build({ force = false }: { readonly force?: boolean }): Promise<void> {
  const { path, build, dpdk, isNew } = await buildAgent({ force });
  const what = isNew ? 'built' : 'up to date';
  process.stdout.write(`${what}: agent ${build} for DPDK ${dpdk.version}\n${path}\n`);
}

async function path(): Promise<void> {
  process.stdout.write(`${(await buildAgent({ onBuild: sayBuilding })).path}\n`);
}
