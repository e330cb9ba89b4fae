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
  /** Undefined when the value cannot be of this kind: its length is wrong. */
  decode(bytes: Uint8Array, littleEndian: boolean): T | undefined;
}

const CODECS: { readonly [Kind in keyof OptionKinds]: Codec<OptionKinds[Kind]> } = {
  utf8: {
    encode: (writer, value) => writer.bytes(encodeText(value, MAXIMUM_OPTION_LENGTH)),
    decode: decodeText,
  },
  u8: {
    encode: (writer, value) => writer.u8(value),
    decode: (bytes) => (bytes.length === 1 ? bytes[0] : undefined),
  },
  u32: {
    encode: (writer, value) => writer.u32(value),
    decode: (bytes, littleEndian) =>
      bytes.length === 4 ? viewOf(bytes).getUint32(0, littleEndian) : undefined,
  },
  u64: {
    encode: (writer, value) => writer.u64(value),
    decode: (bytes, littleEndian) =>
      bytes.length === 8 ? viewOf(bytes).getBigUint64(0, littleEndian) : undefined,
  },
  i64: {
    encode: (writer, value) => writer.u64(value),
    decode: (bytes, littleEndian) =>
      bytes.length === 8 ? viewOf(bytes).getBigInt64(0, littleEndian) : undefined,
  },
  timestamp: {
    encode(writer, value) {
      writer.u32(Number(BigInt.asUintN(32, value >> 32n)));
      writer.u32(Number(BigInt.asUintN(32, value)));
    },
    decode(bytes, littleEndian) {
      if (bytes.length !== 8) return undefined;
      const view = viewOf(bytes);
      return (BigInt(view.getUint32(0, littleEndian)) << 32n) | BigInt(view.getUint32(4, littleEndian));
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
    decode: (bytes) => (bytes[0] === 0 ? decodeText(bytes.subarray(1)) : bytes.slice()),
  },
  tagged: {
    encode(writer, value) {
      writer.u8(value.tag);
      writer.bytes(value.bytes);
    },
    decode: (bytes): TaggedBytes | undefined =>
      bytes.length > 0 ? { tag: bytes[0]!, bytes: bytes.slice(1) } : undefined,
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
 * Reads the options in `bytes[start, end)`: up to opt_endofopt or the end. Every value is a copy.
 * @param offset where `bytes[0]` stands in the file, for the message of an error
 * @throws FormatError when an option runs past the end of its block
 */
export function decodeOptions<Block extends OptionBlock>(
  block: Block,
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
  offset: number,
): DecodedOptions<Block> {
  const values: Record<string, unknown> = {};
  const other: RawOption[] = [];
  const rows = OPTION_BY_CODE.get(block)!;
  const view = viewOf(bytes);
  let at = start;
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPT_ENDOFOPT) break;
    if (at + 4 + length > end) {
      const room = end - at - 4;
      throw new FormatError(
        `option ${code} at byte ${offset + at} does not fit its block: got length ${length}, expected at most ${room}`,
        offset + at,
      );
    }
    const raw = bytes.subarray(at + 4, at + 4 + length);
    const named = rows.get(code);
    const value = named && CODECS[named[1].kind].decode(raw, littleEndian);
    if (named === undefined || value === undefined) other.push({ code, bytes: raw.slice() });
    else if (!named[1].many) values[named[0]] = value;
    else if (named[0] in values) (values[named[0]] as unknown[]).push(value);
    else values[named[0]] = [value];
    at += 4 + length + (-length & 3);
  }
  if (other.length > 0) values.other = other;
  return values as DecodedOptions<Block>;
}

function octets(length: number): Codec<Uint8Array> {
  return {
    encode(writer, value) {
      if (value.length !== length) throw new RangeError(`got ${value.length} bytes, expected ${length}`);
      writer.bytes(value);
    },
    decode: (bytes) => (bytes.length === length ? bytes.slice() : undefined),
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
function decodeText(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return decoder.decode(zero < 0 ? bytes : bytes.subarray(0, zero));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
