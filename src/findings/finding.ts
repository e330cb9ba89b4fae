/** Something that looks wrong, or that a person must know: what, how it is known, and what to do next. */
export interface Finding {
  /** Which rule: `burst-at-maximum`. A page of docs/report.md has a section of this name. */
  readonly rule: string;
  /** `bad`: packets are lost or will be at once; `warning`: there is no room left; `note`: worth to know. */
  readonly severity: 'bad' | 'warning' | 'note';
  /** `port 0 (net_null0)`, `lcore 3`, `mempool mb_pool_0`. */
  readonly subject: string;
  /** One line without the subject: `gives full bursts in 99.8 % of its polls`. */
  readonly title: string;
  /** The numbers that it is seen by, one sentence each. */
  readonly evidence: readonly string[];
  /** What it means, and what usually helps. */
  readonly meaning: string;
  readonly next: readonly NextStep[];
}

export interface NextStep {
  /** Ready to be pasted into a shell. */
  readonly command: string;
  /** What it will tell. */
  readonly tells: string;
}
