/**
 * Sums over time in a fixed number of buckets, however long it gets: when a time lies beyond the last bucket, buckets are
 * joined in pairs. The first packet sets the start; earlier ones count in the first bucket.
 */

const BUCKETS = 64;
const FIRST_WIDTH_NS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000;

export interface TimeBucket {
  /** Since 1970. */
  readonly startNs: bigint;
  readonly packets: number;
  readonly bytes: number;
}

export class TimeHistogram {
  #startNs: bigint | undefined;
  #widthNs = FIRST_WIDTH_NS;
  #used = 0;
  readonly #packets = new Float64Array(BUCKETS);
  readonly #bytes = new Float64Array(BUCKETS);

  get widthSeconds(): number {
    return Number(this.#widthNs) / NS_PER_SECOND;
  }

  add(timestampNs: bigint, bytes: number): void {
    this.#startNs ??= timestampNs;
    const after = timestampNs < this.#startNs ? 0n : timestampNs - this.#startNs;
    while (after >= this.#widthNs * BigInt(BUCKETS)) this.#join();
    const at = Number(after / this.#widthNs);
    this.#packets[at]! += 1;
    this.#bytes[at]! += bytes;
    this.#used = Math.max(this.#used, at + 1);
  }

  /** Up to the last one that is not empty. */
  buckets(): TimeBucket[] {
    const startNs = this.#startNs ?? 0n;
    return Array.from({ length: this.#used }, (_, at) => ({
      startNs: startNs + this.#widthNs * BigInt(at),
      packets: this.#packets[at]!,
      bytes: this.#bytes[at]!,
    }));
  }

  #join(): void {
    for (const sums of [this.#packets, this.#bytes]) {
      for (let at = 0; at < BUCKETS / 2; at++) sums[at] = sums[2 * at]! + sums[2 * at + 1]!;
      sums.fill(0, BUCKETS / 2);
    }
    this.#widthNs *= 2n;
    this.#used = (this.#used + 1) >> 1;
  }
}
