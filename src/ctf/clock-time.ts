/** From a clock's cycles to nanoseconds: since 1970 for clocks whose origin that is, else since the clock's own origin. */
import { Halves } from './halves.ts';
import type { ClockClass } from './trace-class.ts';

const NS_PER_SECOND = 1_000_000_000n;

export class ClockTime {
  readonly #clock: ClockClass;
  /** Of a clock whose cycle is a nanosecond, what is added to its value; undefined for other clocks. */
  readonly offset: Halves | undefined;

  constructor(clock: ClockClass) {
    this.#clock = clock;
    if (clock.frequency === NS_PER_SECOND) {
      this.offset = new Halves();
      this.offset.assign(clock.offsetSeconds * NS_PER_SECOND + clock.offsetCycles);
    }
  }

  /** Modulo 2^64. */
  ns(cycles: Halves, into: Halves): void {
    if (this.offset === undefined) into.assign(this.nsOf(cycles.unsigned));
    else into.setSum(cycles, this.offset);
  }

  /** Modulo 2^64. */
  nsOf(cycles: bigint): bigint {
    const { frequency, offsetSeconds, offsetCycles } = this.#clock;
    return BigInt.asIntN(
      64,
      offsetSeconds * NS_PER_SECOND + ((offsetCycles + cycles) * NS_PER_SECOND) / frequency,
    );
  }
}
