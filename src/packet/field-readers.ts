/**
 * Readers of fields whose place depends on the packet: lengths, options, optional words, chunks. Each takes a layer of
 * the field's protocol and gives what is there; none throws.
 */
import { ArpView } from './arp.ts';
import { LARGEST_LENGTH } from './ethernet.ts';
import type { FieldValue } from './field.ts';
import type { Layer } from './layer.ts';
import type { Part } from './part.ts';
import { SctpChunkView, SctpView } from './sctp.ts';
import { TCP_OPTIONS, TcpView, tryTcpOption } from './tcp.ts';

export type LayerReader = (layer: Layer) => readonly FieldValue[];

const NONE: readonly FieldValue[] = [];

/** The captured bytes behind the header; nothing when there are none. */
export function payloadBytes(layer: Layer): readonly FieldValue[] {
  const payload = layer.payload();
  const count = payload.end - payload.start;
  return layer.fault !== undefined || count === 0 ? NONE : [payload.borrow(0, count)];
}

/** Bytes behind the header on the wire. */
export function payloadLength(layer: Layer): readonly FieldValue[] {
  return layer.fault === 'malformed' ? NONE : [layer.payload().length];
}

export function isType(at: number): (layer: Layer) => boolean {
  return (layer) => layer.u16(at) > LARGEST_LENGTH;
}

export function isLength(at: number): (layer: Layer) => boolean {
  return (layer) => layer.u16(at) <= LARGEST_LENGTH;
}

/** One value out of the protocol's view; nothing when there is no view, or the view says that it is not there. */
export function ofView<View>(
  tryOf: (part: Part) => View | undefined,
  read: (view: View) => FieldValue | undefined,
): LayerReader {
  return (layer) => {
    const view = tryOf(layer);
    const value = view && read(view);
    return value === undefined ? NONE : [value];
  };
}

/** An address of an ARP packet, when the packet's types and lengths make it one of this kind. */
export function arp(kind: 'mac' | 'ipv4', borrow: (view: ArpView) => Uint8Array): LayerReader {
  return (layer) => {
    const view = ArpView.tryOf(layer);
    if (view === undefined) return NONE;
    const fits =
      kind === 'mac'
        ? view.hardwareType === 1 && view.hardwareLength === 6
        : view.protocolType === 0x0800 && view.protocolLength === 4;
    return fits ? [borrow(view)] : NONE;
  };
}

/** The one byte or two of a PPP protocol number. */
export function pppProtocol(layer: Layer): readonly FieldValue[] {
  if (layer.fault !== undefined) return NONE;
  return [layer.headerLength === 1 ? layer.u8(0) : layer.u16(0)];
}

export function icvBytes(layer: Layer): readonly FieldValue[] {
  const length = layer.headerLength - 12;
  return layer.fault !== undefined || length <= 0 ? NONE : [layer.borrow(12, length)];
}

/** The options of a TCP header that are whole, one call each, up to the first that is not; EOL does not end them. */
function eachTcpOption(layer: Layer, visit: (kind: number, data: Part, length: number) => void): void {
  const tcp = TcpView.tryOf(layer);
  if (tcp === undefined || layer.fault === 'malformed') return;
  for (let rest = tcp.optionsPart(); rest.length > 0; ) {
    const option = tryTcpOption(rest);
    if (typeof option === 'string') return;
    visit(option.kind, option.data, option.length);
    rest = rest.after(option.length);
  }
}

export function tcpOptionKinds(layer: Layer): readonly FieldValue[] {
  const kinds: number[] = [];
  eachTcpOption(layer, (kind) => kinds.push(kind));
  return kinds;
}

/** The lengths of the options that have one. */
export function tcpOptionLengths(layer: Layer): readonly FieldValue[] {
  const lengths: number[] = [];
  eachTcpOption(layer, (kind, _data, length) => {
    if (kind > TCP_OPTIONS.NOP) lengths.push(length);
  });
  return lengths;
}

/** A value out of each option of one kind whose data has the right length. */
export function tcpOption(kind: number, dataLength: number, read: (data: Part) => FieldValue): LayerReader {
  return (layer) => {
    const values: FieldValue[] = [];
    eachTcpOption(layer, (found, data) => {
      if (found === kind && data.length === dataLength) values.push(read(data));
    });
    return values;
  };
}

/** One edge of every block of the SACK options; `at` is 0 for left edges, 4 for right ones. */
export function tcpSackEdges(at: 0 | 4): LayerReader {
  return (layer) => {
    const values: number[] = [];
    eachTcpOption(layer, (kind, data) => {
      if (kind !== TCP_OPTIONS.SACK) return;
      for (let block = 0; block + 8 <= data.length; block += 8) values.push(data.u32(block + at));
    });
    return values;
  };
}

export function tcpOptionBytes(layer: Layer): readonly FieldValue[] {
  const options = TcpView.tryOf(layer)?.optionsPart();
  return layer.fault !== undefined || options === undefined || options.length === 0
    ? NONE
    : [options.borrow(0, options.length)];
}

/** More chunks than any sane packet has. */
const MOST_CHUNKS = 1_000;

/** A value out of each chunk; of one type of chunk when `type` is given. `end` counts from the chunk's start. */
export function sctpChunks(end: number, read: (chunk: Part) => number, type?: number): LayerReader {
  return (layer) => {
    const sctp = SctpView.tryOf(layer);
    if (sctp === undefined) return NONE;
    const values: number[] = [];
    let rest = sctp.payload();
    for (let count = 0; count < MOST_CHUNKS; count++) {
      const chunk = SctpChunkView.tryOf(rest);
      if (chunk === undefined) break;
      if (rest.has(end) && (type === undefined || chunk.type === type)) values.push(read(rest));
      if (chunk.length < SctpChunkView.headerLength) break;
      rest = chunk.following();
    }
    return values;
  };
}
