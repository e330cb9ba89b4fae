/** A capture's filter, ready to be asked about replayed packets: they look like mbufs without offloads. */
import { decodeEbpf, type MbufContext, prepareMbufProgram } from '../../bpf/index.ts';
import type { ReplayPacket } from './traffic.ts';

/** Whether the packet matches. */
export type PacketFilter = (packet: ReplayPacket) => boolean;

/**
 * @param program encoded eBPF, from anybody
 * @throws VerifierError when it breaks the rules for programs beside packets
 */
export function preparePacketFilter(program: Uint8Array): PacketFilter {
  const run = prepareMbufProgram(decodeEbpf(program));
  // One for all packets: nothing is allocated for each.
  const context: MbufContext = {
    frame: new Uint8Array(0),
    pktLen: 0,
    olFlagsLow: 0,
    olFlagsHigh: 0,
    vlanTci: 0,
    vlanTciOuter: 0,
    port: 0,
    nbSegs: 1,
    packetType: 0,
    rss: 0,
    fdirHi: 0,
  };
  return (packet) => {
    context.frame = packet.data;
    context.pktLen = packet.originalLength;
    context.port = packet.portId;
    context.rss = packet.hash?.value ?? 0;
    return run(context) !== 0;
  };
}
