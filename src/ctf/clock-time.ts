/** From a clock's cycles to nanoseconds: since 1970 for clocks whose origin that is, else since the clock's own origin. */
import type { ClockClass } from './trace-class.ts';

const NS_PER_SECOND = 1_000_000_000n;
const WORD = 0x1_0000_0000;

export class ClockTime {
  readonly #frequency: bigint;
  readonly #offsetSeconds: bigint;
  readonly #offsetCycles: bigint;
  readonly #isNanosecond: boolean;
  readonly #offsetHigh: number;
  readonly #offsetLow: number;
  readonly #words = new Uint32Array(2);
  readonly #whole = new BigInt64Array(this.#words.buffer);
  readonly #low: 0 | 1;

  constructor(clock: ClockClass) {
    this.#frequency = clock.frequency;
    this.#offsetSeconds = clock.offsetSeconds;
    this.#offsetCycles = clock.offsetCycles;
    this.#isNanosecond = clock.frequency === NS_PER_SECOND;
    const offset = clock.offsetSeconds * NS_PER_SECOND + clock.offsetCycles;
    this.#offsetHigh = Number(BigInt.asUintN(32, offset >> 32n));
    this.#offsetLow = Number(BigInt.asUintN(32, offset));
    this.#whole[0] = 1n;
    this.#low = this.#words[0] === 1 ? 0 : 1;
  }

  /** Of a value in two unsigned halves; modulo 2^64 when a cycle is a nanosecond. */
  ns(high: number, low: number): bigint {
    if (!this.#isNanosecond) return this.nsOf((BigInt(high) << 32n) | BigInt(low));
    const sum = low + this.#offsetLow;
    this.#words[this.#low] = sum;
    this.#words[1 - this.#low] = high + this.#offsetHigh + (sum >= WORD ? 1 : 0);
    return this.#whole[0]!;
  }

  nsOf(cycles: bigint): bigint {
    const inSecond = (this.#offsetCycles + cycles) * NS_PER_SECOND;
    return this.#offsetSeconds * NS_PER_SECOND + inSecond / this.#frequency;
  }
}
