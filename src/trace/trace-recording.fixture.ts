/** What a script prints of a recording. */
import { bpftraceOrder, compileScript, TextFormat } from '../script/index.ts';
import { AgentSource } from './agent-source.ts';
import { pointFinder } from './find-points.ts';
import { Recording } from './recording.ts';
import { RecordingFeed } from './recording-feed.ts';
import { TraceSession } from './trace-session.ts';

/** @param how see RecordingFeed */
export async function trace(
  path: string,
  text: string,
  how?: { readonly fewEvents: number | undefined },
): Promise<string> {
  const recording = await Recording.open(path);
  const script = compileScript(text, {
    form: 'agent',
    positional: [],
    findPoints: pointFinder(recording.points, path),
  });
  const source = new AgentSource({
    script,
    startFeed: async (request) => new RecordingFeed(recording, request, script.events, how),
    nowNs: () => recording.nowNs,
    pid: 1,
  });
  const naming = { timeOffsetNs: 0n };
  let printed = '';
  const result = await new TraceSession({
    script,
    source,
    format: new TextFormat(naming, bpftraceOrder),
    naming,
    sink: {
      write: (piece) => {
        printed += piece;
      },
      frame: () => {},
      flush: async () => {},
    },
    nowNs: () => source.nowNs(),
    durationMs: undefined,
    snapshotMs: undefined,
  }).run();
  if (result.error !== undefined) throw result.error;
  return printed.replace(/^Attaching.*\n/, '').trim();
}
