/**
 * The bytes of one block to a value, in either byte order, for who looks into single blocks or writes them anew. Files
 * are read by the capture reader, which gives packets without taking every block apart.
 */
import { FormatError } from '../base/index.ts';
import type { Block, BlockOptions, NameRecord } from './block.ts';
import { BLOCK_FRAME_LENGTH, type BlockId, blockIdOf, blockRow } from './block-table.ts';
import { eachNameRecord } from './name-records.ts';
import { decodeOptionList, type OptionsSpan } from './option-codec.ts';
import type { OptionBlock } from './option-table.ts';

/** Of a block in bytes. */
const BODY_AT = 8;

/**
 * @param bytes one whole block, from its type to its second length; everything in the result is a copy
 * @param offset where the block starts in the file, for the message of an error
 * @throws FormatError when the bytes are not one well-formed block
 */
export function decodeBlock(bytes: Uint8Array, littleEndian: boolean, offset = 0): Block {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < BLOCK_FRAME_LENGTH) {
    throw new FormatError(`broken block at byte ${offset}: got ${bytes.length} bytes, expected 12`, offset);
  }
  const blockType = view.getUint32(0, littleEndian);
  const row = blockRow(blockType);
  const minimum = row?.minimumLength ?? BLOCK_FRAME_LENGTH;
  const length = view.getUint32(4, littleEndian);
  const trailer = view.getUint32(bytes.length - 4, littleEndian);
  if (length !== bytes.length || trailer !== length || length < minimum || length % 4 !== 0) {
    const name = row?.name ?? `block of type ${blockType}`;
    const expected = `${bytes.length}, a multiple of 4 not below ${minimum}`;
    throw new FormatError(
      `broken ${name} at byte ${offset}: got lengths ${length} and ${trailer}, expected ${expected}`,
      offset,
    );
  }
  return new BlockDecoder(bytes, view, littleEndian, offset).decode(blockType);
}

class BlockDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #offset: number;
  /** Where the trailing length stands. */
  readonly #end: number;

  constructor(bytes: Uint8Array, view: DataView, littleEndian: boolean, offset: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#littleEndian = littleEndian;
    this.#offset = offset;
    this.#end = bytes.length - 4;
  }

  decode(blockType: number): Block {
    const type = blockIdOf(blockType);
    switch (type) {
      case 'SHB':
        return {
          type,
          majorVersion: this.#u16(12),
          minorVersion: this.#u16(14),
          sectionLength: this.#view.getBigInt64(16, this.#littleEndian),
          options: this.#options('SHB', 24),
        };
      case 'IDB':
        return {
          type,
          linkType: this.#u16(8),
          reserved: this.#u16(10),
          snaplen: this.#u32(12),
          options: this.#options('IDB', 16),
        };
      case 'EPB':
        return { type, interfaceId: this.#u32(8), ...this.#packet('EPB') };
      case 'PB':
        return { type, interfaceId: this.#u16(8), dropsCount: this.#u16(10), ...this.#packet('PB') };
      case 'SPB':
        return { type, originalLength: this.#u32(8), data: this.#bytes.slice(12, this.#end) };
      case 'NRB':
        return this.#names();
      case 'ISB':
        return {
          type,
          interfaceId: this.#u32(8),
          timestamp: this.#timestamp(12),
          options: this.#options('ISB', 20),
        };
      case 'SJE':
        return { type, entry: this.#bytes.slice(BODY_AT, this.#end) };
      case 'DSB':
        return { type, secretsType: this.#u32(8), ...this.#data('DSB', this.#u32(12), 16) };
      case 'CB':
      case 'DCB':
        return { type, pen: this.#u32(8), body: this.#bytes.slice(12, this.#end) };
      default:
        return { type: 'unknown', blockType, body: this.#bytes.slice(BODY_AT, this.#end) };
    }
  }

  #packet(type: 'EPB' | 'PB'): {
    timestamp: bigint;
    originalLength: number;
    data: Uint8Array;
    options: BlockOptions;
  } {
    return {
      timestamp: this.#timestamp(12),
      originalLength: this.#u32(24),
      ...this.#data(type, this.#u32(20), 28),
    };
  }

  /** Bytes whose number the block tells, and the options behind them. */
  #data(
    type: OptionBlock & BlockId,
    length: number,
    at: number,
  ): { data: Uint8Array; options: BlockOptions } {
    const room = this.#end - at;
    if (length > room) {
      throw new FormatError(
        `broken ${type} at byte ${this.#offset}: got ${length} bytes of data, expected at most ${room}`,
        this.#offset,
      );
    }
    return {
      data: this.#bytes.slice(at, at + length),
      options: this.#options(type, at + length + (-length & 3)),
    };
  }

  #names(): Block {
    const records: NameRecord[] = [];
    const { end, ended } = eachNameRecord(this.#span(BODY_AT), (type, at, length) => {
      records.push({ type, value: this.#bytes.slice(at, at + length) });
    });
    return { type: 'NRB', records, ended, options: this.#options('NRB', end) };
  }

  #options(block: OptionBlock, start: number): BlockOptions {
    return decodeOptionList(block, this.#span(start));
  }

  #span(start: number): OptionsSpan {
    return {
      view: this.#view,
      start,
      end: this.#end,
      littleEndian: this.#littleEndian,
      offset: this.#offset,
    };
  }

  #timestamp(at: number): bigint {
    return (BigInt(this.#u32(at)) << 32n) | BigInt(this.#u32(at + 4));
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#littleEndian);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#littleEndian);
  }
}
