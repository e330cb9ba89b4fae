/** A script on a recorded file. */
import type { ScriptTree } from '../script/index.ts';
import { AgentSource, FileFeed, TraceFile } from '../trace/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { compileTrace } from './compile-trace.ts';
import { dumpPrograms, REALTIME, runTrace } from './run-trace.ts';
import type { TraceOptions } from './trace-options.ts';

export async function traceFile(tree: ScriptTree, path: string, options: TraceOptions): Promise<void> {
  const { isDump, quiet } = options;
  const points = dpdkPoints.filter(({ kind }) => kind === 'packet');
  const script = compileTrace(tree, options, points, 'a recorded file');
  if (isDump) return dumpPrograms(script);
  const file = await TraceFile.open(path);
  try {
    const source = new AgentSource({
      script,
      startFeed: async (request) => new FileFeed(file, request, script.events),
      nowNs: () => file.nowNs,
      pid: process.pid,
    });
    await runTrace(script, source, { options, naming: REALTIME, nowNs: () => source.nowNs() });
    if (file.passedOver > 0 && !quiet) {
      process.stderr.write(`${path}: ${file.passedOver} packets of other links than Ethernet passed over\n`);
    }
    if (file.damage !== undefined) throw file.damage;
  } finally {
    file.close();
  }
}
