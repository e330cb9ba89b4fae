/**
 * Options as bytes: `code u16, length u16, value, padding to 4`, ended by opt_endofopt (draft-ietf-opsawg-pcapng,
 * section 3.5). Which options there are is in the option table; here is only how a value of each kind is laid out.
 */
import { FormatError } from '../base/index.ts';
import type { ByteWriter } from './byte-writer.ts';
import {
  type DecodedOptions,
  OPT_ENDOFOPT,
  OPTION_BY_CODE,
  OPTION_ROWS,
  type OptionBlock,
  type OptionKinds,
  type OptionValues,
  type RawOption,
  type TaggedBytes,
} from './option-table.ts';

/** An option's length field has 16 bits. */
const MAXIMUM_OPTION_LENGTH = 0xffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Codec<T> {
  encode(writer: ByteWriter, value: T): void;
  /** Copies the value out of `view[at, at + length)`. Undefined when its length is not one of this kind. */
  decode(view: DataView, at: number, length: number, littleEndian: boolean): T | undefined;
}

const CODECS: { readonly [Kind in keyof OptionKinds]: Codec<OptionKinds[Kind]> } = {
  utf8: {
    encode: (writer, value) => writer.bytes(encodeText(value, MAXIMUM_OPTION_LENGTH)),
    decode: decodeText,
  },
  u8: {
    encode: (writer, value) => writer.u8(value),
    decode: (view, at, length) => (length === 1 ? view.getUint8(at) : undefined),
  },
  u32: {
    encode: (writer, value) => writer.u32(value),
    decode: (view, at, length, littleEndian) => (length === 4 ? view.getUint32(at, littleEndian) : undefined),
  },
  u64: {
    encode: (writer, value) => writer.u64(value),
    decode: (view, at, length, littleEndian) =>
      length === 8 ? view.getBigUint64(at, littleEndian) : undefined,
  },
  i64: {
    encode: (writer, value) => writer.u64(value),
    decode: (view, at, length, littleEndian) =>
      length === 8 ? view.getBigInt64(at, littleEndian) : undefined,
  },
  timestamp: {
    encode: (writer, value) => writer.highLow(value),
    decode(view, at, length, littleEndian) {
      if (length !== 8) return undefined;
      return (BigInt(view.getUint32(at, littleEndian)) << 32n) | BigInt(view.getUint32(at + 4, littleEndian));
    },
  },
  octets4: octets(4),
  octets6: octets(6),
  octets8: octets(8),
  octets16: octets(16),
  octets17: octets(17),
  filter: {
    encode(writer, value) {
      if (typeof value !== 'string') return writer.bytes(value);
      writer.u8(0);
      writer.bytes(encodeText(value, MAXIMUM_OPTION_LENGTH - 1));
    },
    decode: (view, at, length) =>
      length > 0 && view.getUint8(at) === 0
        ? decodeText(view, at + 1, length - 1)
        : copyBytes(view, at, length),
  },
  tagged: {
    encode(writer, value) {
      writer.u8(value.tag);
      writer.bytes(value.bytes);
    },
    decode: (view, at, length): TaggedBytes | undefined =>
      length > 0 ? { tag: view.getUint8(at), bytes: copyBytes(view, at + 1, length - 1) } : undefined,
  },
};

/**
 * Writes the options of a block in the table's order, then opt_endofopt. Text longer than an option can hold
 * (65,535 bytes) is cut at a character.
 * @throws RangeError for an address of the wrong length: a defect of the caller.
 */
export function encodeOptions<Block extends OptionBlock>(
  writer: ByteWriter,
  block: Block,
  options: OptionValues<Block>,
): void {
  const values: Readonly<Record<string, unknown>> = options;
  for (const [name, row] of OPTION_ROWS.get(block)!) {
    const value = values[name];
    for (const item of row.many && Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== '') encodeOption(writer, row.code, row.kind, item);
    }
  }
  writer.u16(OPT_ENDOFOPT);
  writer.u16(0);
}

function encodeOption(writer: ByteWriter, code: number, kind: keyof OptionKinds, value: unknown): void {
  const start = writer.length;
  writer.u32(0);
  (CODECS[kind] as Codec<unknown>).encode(writer, value);
  writer.patchU32(start, code + (writer.length - start - 4) * 0x10000);
  writer.padToWord();
}

/**
 * Reads the options in `view[start, end)`: up to opt_endofopt or the end. Every value is a copy.
 * @param offset where `view` starts in the file, for the message of an error
 * @throws FormatError when an option runs past the end of its block
 */
export function decodeOptions<Block extends OptionBlock>(
  block: Block,
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  offset: number,
): DecodedOptions<Block> {
  const values: Record<string, unknown> = {};
  const other: RawOption[] = [];
  const rows = OPTION_BY_CODE.get(block)!;
  let at = start;
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPT_ENDOFOPT) break;
    at += 4;
    if (at + length > end) {
      throw new FormatError(
        `option ${code} at byte ${offset + at - 4} does not fit its block: got length ${length}, expected at most ${end - at}`,
        offset + at - 4,
      );
    }
    const named = rows.get(code);
    const value = named && CODECS[named[1].kind].decode(view, at, length, littleEndian);
    if (named === undefined || value === undefined) other.push({ code, bytes: copyBytes(view, at, length) });
    else if (!named[1].many) values[named[0]] = value;
    else if (named[0] in values) (values[named[0]] as unknown[]).push(value);
    else values[named[0]] = [value];
    at += length + (-length & 3);
  }
  if (other.length > 0) values.other = other;
  return values as DecodedOptions<Block>;
}

function octets(count: number): Codec<Uint8Array> {
  return {
    encode(writer, value) {
      if (value.length !== count) throw new RangeError(`got ${value.length} bytes, expected ${count}`);
      writer.bytes(value);
    },
    decode: (view, at, length) => (length === count ? copyBytes(view, at, length) : undefined),
  };
}

/** UTF-8 of at most `limit` bytes, never ending inside a character. */
function encodeText(text: string, limit: number): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length <= limit) return bytes;
  let end = limit;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Text up to its end or a zero byte: some writers add one. */
function decodeText(view: DataView, at: number, length: number): string {
  const bytes = copyBytes(view, at, length);
  const zero = bytes.indexOf(0);
  return decoder.decode(zero < 0 ? bytes : bytes.subarray(0, zero));
}

function copyBytes(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(new Uint8Array(view.buffer, view.byteOffset + at, length));
}
