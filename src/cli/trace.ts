/**
 * `hone trace`: a script inside an application, on a recorded file, or in the kernel. The script is compiled and everything that can be
 * wrong is looked at before anything is attached. What only recorded files or the kernel need is loaded only for them: most
 * of the time from a script to its probes is that of loading.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import { checkOutput } from '../output/index.ts';
import { parseScript } from '../script/index.ts';
import { needsKernel } from '../trace/index.ts';
import { traceApplication } from './trace-application.ts';
import { addTraceOptions, type TraceOptions } from './trace-options.ts';

export function registerTrace(program: Command): void {
  const command = program
    .command('trace')
    .summary("bpftrace's language inside the application, or on recorded files")
    .description(
      "Runs a script in bpftrace's language on what a running DPDK application does (hone run, hone attach), or on a " +
        'recorded file, or in the kernel. Probes: dpdk:rx_poll, rx_burst, tx_burst, rx_packet, tx_packet, each with ' +
        ':PORT:QUEUE behind it for one place, and app:PROVIDER:NAME in the application; usdt, uprobe, uretprobe, ' +
        'tracepoint, software and profile in the kernel; BEGIN, END and interval in both.',
    )
    .allowExcessArguments();
  const parse = addTraceOptions(command);
  command.action((file: string | undefined, parameters: readonly string[]) =>
    run(parse(file === undefined ? [] : [file, ...parameters])),
  );
}

async function run(options: TraceOptions): Promise<void> {
  const text = options.script.kind === 'text' ? options.script.text : readScript(options.script.path);
  const tree = parseScript(text);
  const providers = tree.clauses.flatMap(({ points }) => points.map(({ parts }) => parts[0] ?? ''));
  if (options.output !== '-' && !options.isDump) checkOutput(options.output, false);
  const { read } = options;
  if (read !== undefined && isRecording(read)) {
    const { traceRecording } = await import('./trace-recording.ts');
    await traceRecording(tree, read, options);
  } else if (read !== undefined) {
    const { traceFile } = await import('./trace-file.ts');
    await traceFile(tree, read, options);
  } else if (needsKernel(tree)) {
    const { traceKernel } = await import('./trace-kernel.ts');
    await traceKernel(tree, options);
  } else await traceApplication(tree, providers.includes('app'), options);
}

function readScript(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

/** A folder, or the metadata of a trace. */
function isRecording(path: string): boolean {
  return basename(path) === 'metadata' || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}
