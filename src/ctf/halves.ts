/** The index of the lower half in memory. */
const LOW: 0 | 1 = new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? 0 : 1;
const HIGH: 0 | 1 = LOW === 0 ? 1 : 0;
const WORD = 0x1_0000_0000;

/** A 64-bit integer that is kept in two unsigned halves, so that changing it makes no bigint; only asking for all of it does. */
export class Halves {
  readonly #words = new Uint32Array(2);
  readonly #signed = new BigInt64Array(this.#words.buffer);

  get high(): number {
    return this.#words[HIGH]!;
  }

  get low(): number {
    return this.#words[LOW]!;
  }

  /** Both are taken modulo 2^32. */
  set(high: number, low: number): void {
    this.#words[HIGH] = high;
    this.#words[LOW] = low;
  }

  get signed(): bigint {
    return this.#signed[0]!;
  }

  get unsigned(): bigint {
    return BigInt.asUintN(64, this.#signed[0]!);
  }

  /** As signed integers: below 0 when this one is less, above when it is more. */
  compare(other: Halves): number {
    const words = this.#words;
    const others = other.#words;
    return (words[HIGH]! | 0) - (others[HIGH]! | 0) || words[LOW]! - others[LOW]!;
  }

  /** Modulo 2^64. */
  setSum(a: Halves, b: Halves): void {
    const low = a.#words[LOW]! + b.#words[LOW]!;
    this.set(a.#words[HIGH]! + b.#words[HIGH]! + (low >= WORD ? 1 : 0), low);
  }

  copy(from: Halves): void {
    this.#words[HIGH] = from.#words[HIGH]!;
    this.#words[LOW] = from.#words[LOW]!;
  }

  /** Modulo 2^64. */
  assign(value: bigint): void {
    this.#signed[0] = value;
  }
}
