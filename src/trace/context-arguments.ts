/** Arguments of recorded events into a trace context, where the agent puts those of a live hit. */
import { type TraceMachine, traceContext } from '../bpf/index.ts';
import { EnumerationValue, type FieldValue } from '../ctf/index.ts';
import type { ProbeArgument } from '../tracepoints/index.ts';

/** Of a point: more have no place. */
const MOST_TEXTS = 4;
const encoder = new TextEncoder();

export class ContextArguments {
  readonly #machine: TraceMachine;
  #texts = 0;

  constructor(machine: TraceMachine) {
    this.#machine = machine;
  }

  /** The next hit begins: its texts are put into the first slots. */
  begin(): void {
    this.#texts = 0;
  }

  /** A value that the recording does not have is 0, or an empty text. */
  put({ place, type }: ProbeArgument, value: FieldValue): void {
    if (place.kind !== 'context' || place.index >= traceContext.maxArgs) return;
    const at = traceContext.args + 8 * place.index;
    if (type.kind === 'text') this.#putText(at, typeof value === 'string' ? value : '');
    else this.#putInteger(at, value instanceof EnumerationValue ? value.value : value);
  }

  #putInteger(at: number, value: FieldValue): void {
    const { view } = this.#machine;
    if (typeof value === 'bigint') {
      view.setBigInt64(at, BigInt.asIntN(64, value), true);
      return;
    }
    const number =
      typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? Math.trunc(value) : 0;
    view.setInt32(at, number, true);
    view.setInt32(at + 4, number < 0 ? -1 : 0, true);
  }

  #putText(at: number, text: string): void {
    const { context, view } = this.#machine;
    const slot = this.#texts++;
    if (slot >= MOST_TEXTS) return;
    view.setBigUint64(at, BigInt(slot), true);
    const begin = traceContext.packet + slot * traceContext.textSlotBytes;
    const bytes = context.subarray(begin, begin + traceContext.textSlotBytes);
    const { written } = encoder.encodeInto(text, bytes.subarray(0, -1));
    bytes.fill(0, written);
  }
}
