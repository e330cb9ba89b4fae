/**
 * Inputs that were recorded together, by one tool in one process: what is named once on the command line. Only within a
 * session identities (addresses of mbufs, numbers of packets) mean the same thing.
 */
export interface Session {
  /** As it was named. */
  readonly name: string;
  /** It has both packets and events: numbers of packets join them. */
  readonly hasPackets: boolean;
  readonly hasEvents: boolean;
  /**
   * Events may be missing from all streams up to this time, so that what happened to a packet meanwhile is not known.
   * Moved forward by the sources as they come to losses.
   */
  lossUntilNs: bigint;
}
