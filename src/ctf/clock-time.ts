/** From a clock's cycles to nanoseconds: since 1970 for clocks whose origin that is, else since the clock's own origin. */
import { Halves } from './halves.ts';
import type { ClockClass } from './trace-class.ts';

const NS_PER_SECOND = 1_000_000_000n;
const WORD = 0x1_0000_0000;

export class ClockTime {
  readonly #clock: ClockClass;
  /** Of a clock whose cycle is a nanosecond, what is added to its value; undefined for other clocks. */
  readonly #offset: Halves | undefined;
  readonly #sum: Halves = new Halves();

  constructor(clock: ClockClass) {
    this.#clock = clock;
    if (clock.frequency === NS_PER_SECOND) {
      this.#offset = new Halves();
      this.#offset.assign(clock.offsetSeconds * NS_PER_SECOND + clock.offsetCycles);
    }
  }

  /** Modulo 2^64 when a cycle is a nanosecond. */
  ns(cycles: Halves): bigint {
    const offset = this.#offset;
    if (offset === undefined) return this.nsOf(cycles.unsigned);
    const low = cycles.low + offset.low;
    this.#sum.set(cycles.high + offset.high + (low >= WORD ? 1 : 0), low);
    return this.#sum.signed;
  }

  nsOf(cycles: bigint): bigint {
    const { frequency, offsetSeconds, offsetCycles } = this.#clock;
    return offsetSeconds * NS_PER_SECOND + ((offsetCycles + cycles) * NS_PER_SECOND) / frequency;
  }
}
