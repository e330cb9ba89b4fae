/** The names of a packet's layers in one word, as in Wireshark's `frame.protocols`: `eth:ethertype:ip:tcp`. */
import type { Packet } from './dissect.ts';
import { LARGEST_LENGTH } from './ethernet.ts';
import type { Layer } from './layer.ts';

export function formatProtocols(packet: Packet): string {
  const names: string[] = [];
  for (const layer of packet.layers) {
    // A stack of labels is one protocol.
    if (layer.protocol === 'mpls' && names.at(-1) === 'mpls') continue;
    names.push(layer.protocol === 'sll2' ? 'sll' : layer.protocol);
    if (namesEtherType(layer)) names.push('ethertype');
  }
  return names.join(':');
}

/** Wireshark counts the look-up of an EtherType as a protocol. */
function namesEtherType(layer: Layer): boolean {
  if (layer.fault !== undefined) return false;
  const at = ETHERTYPE_PLACES.get(layer.protocol);
  return at !== undefined && layer.u16(at) > LARGEST_LENGTH;
}

const ETHERTYPE_PLACES: ReadonlyMap<string, number> = new Map([
  ['eth', 12],
  ['vlan', 2],
  ['sll', 14],
  ['sll2', 0],
]);
