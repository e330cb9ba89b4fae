/** What a field compiles to: two functions over a reader, and what is known of its size when the metadata is read. */
import type { FieldReader } from './field-reader.ts';
import type { FieldValue } from './field-value.ts';

export interface FieldCodec {
  /** It must be called where this alignment is met. */
  readonly alignBits: number;
  /** Undefined when it depends on the data. */
  readonly sizeBits: number | undefined;
  /** Skipping it does nothing but go on by `sizeBits`. */
  readonly isPlain: boolean;
  /** Whether it ends at a byte, when its size depends on the data and it began at one. */
  readonly endsAtByte: boolean;
  /** Goes past it; keeps what other fields refer to, and does what its role asks. */
  readonly skip: (reader: FieldReader) => void;
  /** Its value; keeps what other fields refer to. */
  readonly decode: (reader: FieldReader) => FieldValue;
}

/** What is known of a place when the metadata is read: it is `residue` more than a multiple of `modulus` bits (a power of two). */
export interface KnownPlace {
  readonly modulus: number;
  readonly residue: number;
}

export function afterAlign(place: KnownPlace, alignBits: number): KnownPlace {
  if (place.modulus < alignBits) return { modulus: alignBits, residue: 0 };
  return { modulus: place.modulus, residue: place.residue + padding(place, alignBits) };
}

/** Bits up to an alignment; only where `modulus` is not below it. */
export function padding(place: KnownPlace, alignBits: number): number {
  return -place.residue & (alignBits - 1);
}

export function afterField(place: KnownPlace, codec: FieldCodec): KnownPlace {
  if (codec.sizeBits !== undefined) {
    return { modulus: place.modulus, residue: (place.residue + codec.sizeBits) % place.modulus };
  }
  return codec.endsAtByte && shiftOf(place) === 0 ? { modulus: 8, residue: 0 } : { modulus: 1, residue: 0 };
}

/** Which bit of its byte the place is; undefined when that is not known. */
export function shiftOf(place: KnownPlace): number | undefined {
  return place.modulus % 8 === 0 ? place.residue % 8 : undefined;
}

/** A function that goes on to an alignment from a known place; undefined when there is nothing to do. */
export function aligner(place: KnownPlace, alignBits: number): ((reader: FieldReader) => void) | undefined {
  if (place.modulus >= alignBits) {
    const bits = padding(place, alignBits);
    return bits === 0 ? undefined : (reader) => reader.advance(bits);
  }
  return (reader) => reader.align(alignBits);
}
