/** A script on a recording: its events hit the points that they were recorded at. */
import type { ScriptTree } from '../script/index.ts';
import { AgentSource, Recording, RecordingFeed } from '../trace/index.ts';
import { compileTrace } from './compile-trace.ts';
import { dumpPrograms, REALTIME, runTrace } from './run-trace.ts';
import type { TraceOptions } from './trace-options.ts';

export async function traceRecording(tree: ScriptTree, path: string, options: TraceOptions): Promise<void> {
  const { isDump, quiet } = options;
  const recording = await Recording.open(path);
  try {
    const script = compileTrace(tree, options, recording.points, path);
    if (isDump) return dumpPrograms(script);
    const source = new AgentSource({
      script,
      startFeed: async (request) => new RecordingFeed(recording, request, script.events),
      nowNs: () => recording.nowNs,
      pid: process.pid,
    });
    await runTrace(script, source, { options, naming: REALTIME, nowNs: () => source.nowNs() });
    if (!quiet) for (const note of recording.notes) process.stderr.write(`${note}\n`);
    if (recording.damage !== undefined) throw recording.damage;
  } finally {
    recording.close();
  }
}
