/** A script in a running application. */
import type { ScriptTree } from '../script/index.ts';
import { realtimeNs, resolveApplication } from '../target/index.ts';
import { AgentSource } from '../trace/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { compileTrace } from './compile-trace.ts';
import { dumpPrograms, REALTIME, runTrace } from './run-trace.ts';
import { sayEngine } from './say-engine.ts';
import type { TraceOptions } from './trace-options.ts';

/** @param usesOwnPoints the script has points that only the application knows */
export async function traceApplication(
  tree: ScriptTree,
  usesOwnPoints: boolean,
  options: TraceOptions,
): Promise<void> {
  const { isDump } = options;
  // What is wrong with a script is said whether or not an application runs.
  let script = usesOwnPoints ? undefined : compileTrace(tree, options, dpdkPoints, 'an application');
  if (script !== undefined && isDump) return dumpPrograms(script);
  const isAttached = script === undefined || script.probes.some(({ runs }) => runs === 'target');
  const application = isAttached ? await resolveApplication(options.application) : undefined;
  try {
    script ??= compileTrace(tree, options, await application!.target.listTracePoints(), application!.label);
    if (isDump) return dumpPrograms(script);
    const source = new AgentSource({
      script,
      startFeed: async (request) => {
        const feed = await application!.target.startTrace(request);
        sayEngine(application!, feed.engine);
        return feed;
      },
      nowNs: realtimeNs,
      pid: process.pid,
    });
    const { end } = await runTrace(script, source, { options, naming: REALTIME, nowNs: realtimeNs });
    if (end === 'gone') process.stderr.write(`${application!.label} has ended\n`);
  } finally {
    application?.target.close();
  }
}
