/** From the first to the last of what was recorded in one way: packets and events of one session may begin and end at other times. */

export class RecordedSpan {
  /** Ns since 1970. */
  firstNs: bigint | undefined;
  #lastNs = 0n;

  add(timeNs: bigint): void {
    if (this.firstNs === undefined || timeNs < this.firstNs) this.firstNs = timeNs;
    if (timeNs > this.#lastNs) this.#lastNs = timeNs;
  }

  /** Of both. */
  with(other: RecordedSpan): RecordedSpan {
    const both = new RecordedSpan();
    for (const { firstNs, lastNs } of [this, other]) {
      if (firstNs === undefined) continue;
      both.add(firstNs);
      both.add(lastNs);
    }
    return both;
  }

  get lastNs(): bigint {
    return this.#lastNs;
  }

  get seconds(): number {
    return this.firstNs === undefined ? 0 : Number(this.#lastNs - this.firstNs) / 1e9;
  }
}
