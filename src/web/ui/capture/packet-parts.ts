/** A packet taken apart for looking at: layers, their fields, and the bytes that each of them stands in. */
import {
  dissect,
  FIELDS,
  formatFieldValue,
  type Layer,
  type Packet,
  readField,
} from '../../../packet/index.ts';

export interface FieldPart {
  readonly name: string;
  readonly description: string;
  readonly text: string;
  /** In the packet's bytes, [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface LayerPart {
  readonly protocol: string;
  readonly fault: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly fields: readonly FieldPart[];
}

const LINKTYPE_ETHERNET = 1;

export function packetParts(bytes: Uint8Array, originalLength: number): readonly LayerPart[] {
  const packet = dissect(bytes, originalLength, LINKTYPE_ETHERNET);
  return packet.layers.map((layer) => {
    const { protocol, fault, start } = layer;
    const end = Math.min(layer.end, start + layer.headerLength);
    return { protocol, fault, start, end, fields: fieldsOf(packet, layer, end) };
  });
}

function fieldsOf(packet: Packet, layer: Layer, headerEnd: number): readonly FieldPart[] {
  const alone = { ...packet, layers: [layer] };
  return FIELDS.filter((field) => field.protocol === layer.protocol && field.places.length < 2).flatMap(
    (field) => {
      const [place] = field.places;
      const start = layer.start + (place?.offset ?? 0);
      const end = place === undefined ? headerEnd : start + place.bytes;
      return readField([field], alone).map((value) => ({
        name: field.name,
        description: field.description,
        text: formatFieldValue(field, value),
        start,
        end,
      }));
    },
  );
}

/** The smallest field, or else the layer, that a byte belongs to. */
export function partAt(layers: readonly LayerPart[], byte: number): LayerPart | FieldPart | undefined {
  const layer = layers.findLast(({ start, end }) => start <= byte && byte < end);
  const fields = layer?.fields.filter(({ start, end }) => start <= byte && byte < end) ?? [];
  return fields.toSorted((a, b) => a.end - a.start - (b.end - b.start))[0] ?? layer;
}
