/** `hone run`: start a DPDK application with the agent inside. */
import type { Command } from 'commander';
import { runApplication } from '../target/index.ts';
import { sayBuilding } from './say-building.ts';

export function registerRun(program: Command): void {
  program
    .command('run')
    .summary('start a DPDK application with the agent inside')
    .description(
      'Starts the command with the agent preloaded. Everything that it starts gets the agent too; in processes ' +
        'without DPDK it does nothing. Ends with the exit code of the command.',
    )
    .argument('<command>', 'the application, or a wrapper or script that starts it')
    .argument('[args...]', 'its arguments')
    .passThroughOptions()
    .action(run);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  process.exitCode = await runApplication(command, args, { onBuild: sayBuilding });
}
