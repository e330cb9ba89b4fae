/** What decides by a packet's bytes whether it passes: a filter expression, or whatever else knows how. */
import type { CaptureInterface, PacketRecord } from '../pcapng/index.ts';

export interface PacketMatcher {
  /**
   * Told of an interface before its packets; more than once is the same as once.
   * @throws HoneError when it cannot judge packets of that kind
   */
  prepare(from: CaptureInterface): void;
  /** @param packet borrowed for the call */
  matches(packet: PacketRecord): boolean;
}
