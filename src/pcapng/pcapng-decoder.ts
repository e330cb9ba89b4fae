/**
 * pcapng files, read: both byte orders, several sections, every block that carries packets, interfaces, statistics,
 * names or secrets, and custom ones; other blocks are given as they are. It never searches for the next good block: after damage nothing
 * can be trusted (draft-ietf-opsawg-pcapng, section 4).
 */
import { FormatError } from '../base/index.ts';
import { BLOCK_FRAME_LENGTH, BLOCKS, BYTE_ORDER_MAGIC, blockRow } from './block-table.ts';
import type { ByteQueue } from './byte-queue.ts';
import { eachNameRecord } from './name-records.ts';
import { decodeOptions, type OptionsSpan } from './option-codec.ts';
import type { DecodedOptions, OptionBlock } from './option-table.ts';
import type { CaptureInterface, CaptureRecord, NamesRecord, PacketRecord } from './records.ts';
import { DEFAULT_TSRESOL, unitsToNs } from './timestamp.ts';

const ADDRESS_LENGTHS: ReadonlyMap<number, number> = new Map([
  [1, 4],
  [2, 16],
]);
const NO_OPTIONS = {};
const decoder = new TextDecoder();

export class PcapngDecoder {
  readonly #maximumLength: number;
  #littleEndian = true;
  #interfaces: CaptureInterface[] = [];
  #interfacesSeen = 0;

  // The block at hand. Places count in #bytes; #end is where the trailing length stands.
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #start = 0;
  #end = 0;
  #offset = 0;

  /** @param maximumLength blocks longer than this are refused */
  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength;
  }

  read(queue: ByteQueue): CaptureRecord | undefined {
    if (!queue.ensure(BLOCK_FRAME_LENGTH)) return undefined;
    const offset = queue.offset;
    // The type of a Section Header Block reads the same in both byte orders.
    if (queue.view.getUint32(queue.at, true) === BLOCKS.SHB.type) this.#takeByteOrder(queue);
    const type = queue.view.getUint32(queue.at, this.#littleEndian);
    const length = queue.view.getUint32(queue.at + 4, this.#littleEndian);
    const row = blockRow(type);
    const name = row?.name ?? `block of type ${type}`;
    const minimum = row?.minimumLength ?? BLOCK_FRAME_LENGTH;
    if (length < minimum || length > this.#maximumLength || length % 4 !== 0) {
      const expected = `a multiple of 4 from ${minimum} to ${this.#maximumLength}`;
      throw new FormatError(
        `broken ${name} at byte ${offset}: got length ${length}, expected ${expected}`,
        offset,
      );
    }
    if (!queue.ensure(length)) return undefined;
    const trailer = queue.view.getUint32(queue.at + length - 4, this.#littleEndian);
    if (trailer !== length) {
      throw new FormatError(
        `broken ${name} at byte ${offset}: got length ${trailer} at its end, expected ${length} as at its start`,
        offset + length - 4,
      );
    }
    this.#bytes = queue.bytes;
    this.#view = queue.view;
    this.#start = queue.at;
    this.#end = queue.at + length - 4;
    this.#offset = offset;
    const record = this.#decode(type);
    queue.skip(length);
    return record;
  }

  #takeByteOrder(queue: ByteQueue): void {
    const { view, at, offset } = queue;
    const magic = view.getUint32(at + 8, true);
    if (magic === BYTE_ORDER_MAGIC) this.#littleEndian = true;
    else if (view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) this.#littleEndian = false;
    else {
      const got = `0x${magic.toString(16).padStart(8, '0')}`;
      throw new FormatError(
        `broken Section Header Block at byte ${offset}: got byte order magic ${got}, expected 0x1a2b3c4d`,
        offset + 8,
      );
    }
  }

  #decode(type: number): CaptureRecord {
    switch (type) {
      case BLOCKS.SHB.type:
        return this.#decodeSection();
      case BLOCKS.IDB.type:
        return this.#decodeInterface();
      case BLOCKS.EPB.type:
        return this.#decodeEnhancedPacket();
      case BLOCKS.SPB.type:
        return this.#decodeSimplePacket();
      case BLOCKS.PB.type:
        return this.#decodeObsoletePacket();
      case BLOCKS.ISB.type:
        return this.#decodeStatistics();
      case BLOCKS.NRB.type:
        return this.#decodeNames();
      case BLOCKS.DSB.type:
        return this.#decodeSecrets();
      case BLOCKS.CB.type:
      case BLOCKS.DCB.type:
        return {
          type: 'custom',
          offset: this.#offset,
          pen: this.#u32(8),
          isCopyable: type === BLOCKS.CB.type,
          body: this.#bytes.subarray(this.#start + 12, this.#end),
          littleEndian: this.#littleEndian,
        };
      default:
        return {
          type: 'unknown',
          offset: this.#offset,
          blockType: type,
          body: this.#bytes.subarray(this.#start + 8, this.#end),
          littleEndian: this.#littleEndian,
        };
    }
  }

  #decodeSection(): CaptureRecord {
    const major = this.#u16(12);
    const minor = this.#u16(14);
    // Minor 2 was written by mistake and means the same.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      const at = this.#offset + 12;
      throw new FormatError(
        `pcapng section of an unknown version at byte ${at}: got ${major}.${minor}, expected 1.0`,
        at,
      );
    }
    const sectionLength = this.#view.getBigInt64(this.#start + 16, this.#littleEndian);
    const options = this.#options('SHB', 24);
    this.#interfaces = [];
    return {
      type: 'section',
      offset: this.#offset,
      littleEndian: this.#littleEndian,
      sectionLength: sectionLength < 0n ? undefined : sectionLength,
      options,
    };
  }

  #decodeInterface(): CaptureRecord {
    const options = this.#options('IDB', 16);
    const added: CaptureInterface = {
      index: this.#interfacesSeen++,
      id: this.#interfaces.length,
      linkType: this.#u16(8),
      snaplen: this.#u32(12),
      tsresol: options.if_tsresol ?? DEFAULT_TSRESOL,
      name: options.if_name,
      options,
    };
    this.#interfaces.push(added);
    return { type: 'interface', offset: this.#offset, interface: added };
  }

  #decodeEnhancedPacket(): PacketRecord {
    const from = this.#interfaceOf(this.#u32(8));
    const timestampNs = this.#timestampNs(12, from);
    return this.#packet(from, timestampNs, this.#u32(20), this.#u32(24), 28, 'EPB');
  }

  /** Without a captured length of its own: what the block holds, less its padding. */
  #decodeSimplePacket(): PacketRecord {
    const from = this.#interfaceOf(0);
    const originalLength = this.#u32(8);
    const limit = from.snaplen === 0 ? originalLength : Math.min(from.snaplen, originalLength);
    const capturedLength = Math.min(limit, this.#end - this.#start - 12);
    return this.#packet(from, undefined, capturedLength, originalLength, 12, undefined);
  }

  #decodeObsoletePacket(): PacketRecord {
    const from = this.#interfaceOf(this.#u16(8));
    const drops = this.#u16(10);
    const packet = this.#packet(from, this.#timestampNs(12, from), this.#u32(20), this.#u32(24), 28, 'EPB');
    // 65535 says that the number is not known.
    if (drops === 0 || drops === 0xffff) return packet;
    return { ...packet, options: { ...packet.options, epb_dropcount: BigInt(drops) } };
  }

  #packet(
    from: CaptureInterface,
    timestampNs: bigint | undefined,
    capturedLength: number,
    originalLength: number,
    dataAt: number,
    optionBlock: 'EPB' | undefined,
  ): PacketRecord {
    const start = this.#start + dataAt;
    const room = this.#end - start;
    if (capturedLength > room) {
      throw new FormatError(
        `broken packet at byte ${this.#offset}: got captured length ${capturedLength}, expected at most ${room}`,
        this.#offset,
      );
    }
    const optionsAt = dataAt + capturedLength + (-capturedLength & 3);
    return {
      type: 'packet',
      offset: this.#offset,
      interface: from,
      linkType: from.linkType,
      timestampNs,
      capturedLength,
      originalLength,
      data: this.#bytes.subarray(start, start + capturedLength),
      options: optionBlock === undefined ? NO_OPTIONS : this.#options(optionBlock, optionsAt),
    };
  }

  #decodeStatistics(): CaptureRecord {
    const from = this.#interfaceOf(this.#u32(8));
    return {
      type: 'statistics',
      offset: this.#offset,
      interface: from,
      timestampNs: this.#timestampNs(12, from),
      options: this.#options('ISB', 20),
    };
  }

  #decodeNames(): NamesRecord {
    const entries: { address: Uint8Array; names: string[] }[] = [];
    const { end } = eachNameRecord(this.#span(this.#start + 8), (type, at, length) => {
      const addressLength = ADDRESS_LENGTHS.get(type);
      if (addressLength === undefined || length < addressLength) return;
      const names = decoder.decode(this.#bytes.slice(at + addressLength, at + length)).split('\0');
      entries.push({
        address: this.#bytes.slice(at, at + addressLength),
        names: names.filter((name) => name !== ''),
      });
    });
    const options = this.#options('NRB', end - this.#start);
    return { type: 'names', offset: this.#offset, entries, options };
  }

  #decodeSecrets(): CaptureRecord {
    const length = this.#u32(12);
    const start = this.#start + 16;
    const room = this.#end - start;
    if (length > room) {
      throw new FormatError(
        `broken Decryption Secrets Block at byte ${this.#offset}: got ${length} bytes of secrets, expected at most ${room}`,
        this.#offset,
      );
    }
    return {
      type: 'secrets',
      offset: this.#offset,
      secretsType: this.#u32(8),
      data: this.#bytes.subarray(start, start + length),
      options: this.#options('DSB', 16 + length + (-length & 3)),
    };
  }

  #options<Block extends OptionBlock>(block: Block, at: number): DecodedOptions<Block> {
    const start = this.#start + at;
    if (start + 4 > this.#end) return NO_OPTIONS as DecodedOptions<Block>;
    return decodeOptions(block, this.#span(start));
  }

  /** From a place in the bytes to the end of the block. */
  #span(start: number): OptionsSpan {
    return {
      view: this.#view,
      start,
      end: this.#end,
      littleEndian: this.#littleEndian,
      offset: this.#offset - this.#start,
    };
  }

  #interfaceOf(id: number): CaptureInterface {
    const found = this.#interfaces[id];
    if (found !== undefined) return found;
    throw new FormatError(
      `broken block at byte ${this.#offset}: got interface ${id}, expected one of the ${this.#interfaces.length} described before it`,
      this.#offset,
    );
  }

  #timestampNs(at: number, from: CaptureInterface): bigint {
    const units = (BigInt(this.#u32(at)) << 32n) | BigInt(this.#u32(at + 4));
    return unitsToNs(units, from.tsresol, from.options.if_tsoffset ?? 0n);
  }

  #u16(at: number): number {
    return this.#view.getUint16(this.#start + at, this.#littleEndian);
  }

  #u32(at: number): number {
    return this.#view.getUint32(this.#start + at, this.#littleEndian);
  }
}
