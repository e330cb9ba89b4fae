/**
 * Options as bytes: `code u16, length u16, value, padding to 4`, ended by opt_endofopt (draft-ietf-opsawg-pcapng,
 * section 3.5). Which options there are is in the option table; here is only how a value of each kind is laid out.
 */
import { FormatError } from '../base/index.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  type DecodedOptions,
  OPT_ENDOFOPT,
  OPTION_BY_CODE,
  OPTION_ROWS,
  type OptionBlock,
  type OptionKinds,
  type OptionRow,
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
  customText: {
    encode(writer, value) {
      writer.u32(value.pen);
      writer.bytes(encodeText(value.data, MAXIMUM_OPTION_LENGTH - 4));
    },
    decode: (view, at, length, littleEndian) =>
      length >= 4
        ? { pen: view.getUint32(at, littleEndian), data: decodeText(view, at + 4, length - 4) }
        : undefined,
  },
  customBytes: {
    encode(writer, value) {
      writer.u32(value.pen);
      writer.bytes(value.data);
    },
    decode: (view, at, length, littleEndian) =>
      length >= 4
        ? { pen: view.getUint32(at, littleEndian), data: copyBytes(view, at + 4, length - 4) }
        : undefined,
  },
};

/** A value of any kind. */
type OptionValue = OptionKinds[keyof OptionKinds];

/**
 * An option of a block, in file order: a value of the kind that the table names for its code, or its bytes as they are,
 * when there is no such row or the bytes are none of its kind.
 */
export type BlockOption = { readonly code: number; readonly value: OptionValue } | RawOption;

/** The options of a block as a list in the table's order. Absent keys, empty text and empty arrays make none. */
export function listOptions<Block extends OptionBlock>(
  block: Block,
  options: OptionValues<Block>,
): BlockOption[] {
  const values: Readonly<Record<string, unknown>> = options;
  const list: BlockOption[] = [];
  for (const [name, row] of OPTION_ROWS.get(block)!) {
    const value = values[name];
    for (const item of row.many && Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== '') list.push({ code: row.code, value: item as OptionValue });
    }
  }
  return list;
}

/**
 * Writes options, without an opt_endofopt. Text longer than an option can hold (65,535 bytes) is cut at a character.
 * @throws RangeError for bytes that are too many for an option, or an address of the wrong length: a defect of the
 * caller
 */
export function encodeOptions(writer: ByteWriter, block: OptionBlock, options: readonly BlockOption[]): void {
  const rows = OPTION_BY_CODE.get(block)!;
  for (const option of options) {
    const start = writer.length;
    writer.u32(0);
    if ('bytes' in option) writer.bytes(option.bytes);
    else codecOf(rows.get(option.code)!).encode(writer, option.value);
    const length = writer.length - start - 4;
    if (length > MAXIMUM_OPTION_LENGTH) {
      const { code } = option;
      throw new RangeError(`option ${code}: got ${length} bytes, expected at most ${MAXIMUM_OPTION_LENGTH}`);
    }
    writer.patchU16(start, option.code);
    writer.patchU16(start + 2, length);
    writer.padToWord();
  }
}

export function encodeEndOfOptions(writer: ByteWriter): void {
  writer.u16(OPT_ENDOFOPT);
  writer.u16(0);
}

/** Options where they lie: `view[start, end)`, in a byte order; `offset` is where `view` starts in the file. */
export interface OptionsSpan {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  readonly littleEndian: boolean;
  readonly offset: number;
}

/** Calls for each option with the place of its value, up to opt_endofopt or the end; gives whether the former was there. */
function eachOption(span: OptionsSpan, visit: (code: number, at: number, length: number) => void): boolean {
  const { view, end, littleEndian, offset } = span;
  let at = span.start;
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPT_ENDOFOPT) return true;
    at += 4;
    if (at + length > end) {
      throw new FormatError(
        `option ${code} at byte ${offset + at - 4} does not fit its block: got length ${length}, expected at most ${end - at}`,
        offset + at - 4,
      );
    }
    visit(code, at, length);
    at += length + (-length & 3);
  }
  return false;
}

/**
 * Reads options into one object. Every value is a copy.
 * @throws FormatError when an option runs past the end of its block
 */
export function decodeOptions<Block extends OptionBlock>(
  block: Block,
  span: OptionsSpan,
): DecodedOptions<Block> {
  const values: Record<string, unknown> = {};
  const other: RawOption[] = [];
  const rows = OPTION_BY_CODE.get(block)!;
  const { view, littleEndian } = span;
  eachOption(span, (code, at, length) => {
    const named = rows.get(code);
    const value = named && CODECS[named[1].kind].decode(view, at, length, littleEndian);
    if (named === undefined || value === undefined) other.push({ code, bytes: copyBytes(view, at, length) });
    else if (!named[1].many) values[named[0]] = value;
    else if (named[0] in values) (values[named[0]] as unknown[]).push(value);
    else values[named[0]] = [value];
  });
  if (other.length > 0) values.other = other;
  return values as DecodedOptions<Block>;
}

/**
 * Reads options into a list from which `encodeOptions` writes the same bytes again: what its kind could not give back
 * exactly (text with a zero byte, a number of another length) is bytes. `ended` tells whether opt_endofopt was there.
 * @throws FormatError when an option runs past the end of its block
 */
export function decodeOptionList(
  block: OptionBlock,
  span: OptionsSpan,
): { list: BlockOption[]; ended: boolean } {
  const list: BlockOption[] = [];
  const rows = OPTION_BY_CODE.get(block)!;
  const ended = eachOption(span, (code, at, length) => {
    const bytes = copyBytes(span.view, at, length);
    const named = rows.get(code);
    const codec = named && codecOf(named);
    const value = codec?.decode(span.view, at, length, span.littleEndian);
    const isExact =
      codec !== undefined && value !== undefined && gives(codec, value, bytes, span.littleEndian);
    list.push(isExact ? { code, value } : { code, bytes });
  });
  return { list, ended };
}

function codecOf([, row]: readonly [string, OptionRow]): Codec<OptionValue> {
  return CODECS[row.kind] as Codec<OptionValue>;
}

/** Whether a value is written as these bytes. */
function gives(
  codec: Codec<OptionValue>,
  value: OptionValue,
  bytes: Uint8Array,
  littleEndian: boolean,
): boolean {
  const writer = new ByteWriter(littleEndian);
  codec.encode(writer, value);
  return writer.length === bytes.length && writer.copyBytes().every((byte, i) => byte === bytes[i]);
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
