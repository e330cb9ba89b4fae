/** Bytes at a constant offset from what a register points to. */
export interface Place {
  readonly base: number;
  readonly offset: number;
}
