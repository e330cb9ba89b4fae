/** What a target is asked for to run a compiled script of the form `agent`. */
import { encodeEbpf } from '../bpf/index.ts';
import type { CompiledScript } from '../script/index.ts';
import type { TraceAttachment, TraceRequest } from '../target/index.ts';
import { keyedMaps } from './keyed-maps.ts';

/** Of each writer's events: some ten thousand lines that wait. */
const RING_BYTES = 1 << 20;

/**
 * The same program at several points is sent once.
 * @param initialState what BEGIN left, from stateOffset on; undefined for zeros
 */
export function startRequest(
  script: CompiledScript,
  seed: number,
  initialState: Uint8Array | undefined,
): TraceRequest {
  const programs: Uint8Array[] = [];
  const numbers = new Map<string, number>();
  const attachments: TraceAttachment[] = [];
  for (const { point, port, queue, runs, program, needsTime, packetBytes, argumentsUsed } of script.probes) {
    if (runs !== 'target') continue;
    const bytes = encodeEbpf(program);
    const key = bytes.join();
    if (!numbers.has(key)) numbers.set(key, programs.push(bytes) - 1);
    attachments.push({
      point: point.name,
      portId: port,
      queueId: queue,
      program: numbers.get(key)!,
      needsTime,
      packetBytes,
      argumentsUsed,
    });
  }
  return {
    programs,
    attachments,
    contextBytes: script.contextBytes,
    stateOffset: script.stateOffset,
    keyedMaps: keyedMaps(script),
    seed,
    initialState: initialState?.some((byte) => byte !== 0) === true ? initialState : undefined,
    ringBytes: script.events.length > 0 ? RING_BYTES : 0,
  };
}
