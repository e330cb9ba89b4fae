/** A capture's filter, ready to be asked about a replayed packet. */
import { UnsupportedError } from '../../base/index.ts';
import type { ReplayPacket } from './traffic.ts';

/** Whether the packet matches. */
export type PacketFilter = (packet: ReplayPacket) => boolean;

export function preparePacketFilter(_program: Uint8Array): PacketFilter {
  throw new UnsupportedError('a replay does not run filters yet', 'the next version');
}
