/**
 * A walk over little-endian Enhanced Packet Blocks that lie back to back in memory, as the agent writes them into
 * its rings: in place, without allocating. The bytes may be hostile and may even change while they are walked:
 * each length is read once and checked against the end, so a broken block throws and nothing loops. Other block
 * types and big-endian files are for the capture reader.
 * Layout: draft-ietf-opsawg-pcapng, section 4.3.
 */
import { FormatError } from '../base/index.ts';
import { BLOCKS } from './block-table.ts';
import { OPT_ENDOFOPT, OPTIONS } from './option-table.ts';
import { secondsOfNs, subsecondOfNs } from './timestamp.ts';

const EPB = BLOCKS.EPB.type;
const MINIMUM_LENGTH = BLOCKS.EPB.minimumLength;
/** Where the packet's bytes start in the block. */
const EPB_DATA_OFFSET = 28;
/** The hash algorithm of network adapters' RSS; its value is 32 bits. */
const HASH_TOEPLITZ = 5;

const COMMENT = OPTIONS.any.opt_comment.code;
const { epb_flags, epb_hash, epb_dropcount, epb_packetid, epb_queue } = OPTIONS.EPB;

const decoder = new TextDecoder();

/**
 * `next()` moves to a block and fills the fields; they describe that block until the next call. The bytes are
 * borrowed. Option getters parse on first use and throw FormatError when an option does not fit its block.
 */
export class EpbCursor {
  /** Of the block in the bytes given; `offset + blockLength` is where the next one starts. */
  offset = 0;
  blockLength = 0;
  interfaceId = 0;
  /** The two words of the timestamp, in the interface's units: nanoseconds in all that hone writes. */
  timestampHigh = 0;
  timestampLow = 0;
  capturedLength = 0;
  originalLength = 0;
  /** Where the packet's first byte is, in the bytes given. */
  dataOffset = 0;

  #bytes: Uint8Array;
  #view: DataView;
  #next = 0;

  #optionsOf = -1;
  #direction: 'in' | 'out' | undefined;
  #queue: number | undefined;
  #hash: number | undefined;
  #packetId: bigint | undefined;
  #dropCount: bigint | undefined;
  #comment: string | undefined;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Starts anew over other bytes, so that one cursor serves many looks at a ring. */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#next = 0;
    this.#optionsOf = -1;
  }

  /**
   * False at the end of the bytes.
   * @throws FormatError when what follows is not a whole, well-formed block; a further call throws again
   */
  next(): boolean {
    const at = this.#next;
    const view = this.#view;
    const room = view.byteLength - at;
    if (room === 0) return false;
    if (room < MINIMUM_LENGTH) throw brokenBlock(at, `got ${room} bytes`, `at least ${MINIMUM_LENGTH}`);
    const type = view.getUint32(at, true);
    const blockLength = view.getUint32(at + 4, true);
    const capturedLength = view.getUint32(at + 20, true);
    if (type !== EPB) throw brokenBlock(at, `got block type ${type}`, `${EPB}`);
    if (blockLength < MINIMUM_LENGTH || blockLength > room || (blockLength & 3) !== 0) {
      throw brokenBlock(at, `got block length ${blockLength}`, `a multiple of 4 from 32 to ${room}`);
    }
    if (view.getUint32(at + blockLength - 4, true) !== blockLength) {
      throw brokenBlock(at, 'got another length at its end', `${blockLength} again`);
    }
    if (capturedLength > blockLength - MINIMUM_LENGTH) {
      throw brokenBlock(
        at,
        `got captured length ${capturedLength}`,
        `at most ${blockLength - MINIMUM_LENGTH}`,
      );
    }
    this.offset = at;
    this.blockLength = blockLength;
    this.interfaceId = view.getUint32(at + 8, true);
    this.timestampHigh = view.getUint32(at + 12, true);
    this.timestampLow = view.getUint32(at + 16, true);
    this.capturedLength = capturedLength;
    this.originalLength = view.getUint32(at + 24, true);
    this.dataOffset = at + EPB_DATA_OFFSET;
    this.#next = at + blockLength;
    return true;
  }

  /** Whole seconds since 1970, when the interface's unit is the nanosecond. */
  get seconds(): number {
    return secondsOfNs(this.timestampHigh, this.timestampLow);
  }

  /** The nanoseconds below a second. */
  get nanoseconds(): number {
    return subsecondOfNs(this.timestampHigh, this.timestampLow);
  }

  /** A view of the captured bytes. */
  borrowData(): Uint8Array {
    return this.#bytes.subarray(this.dataOffset, this.dataOffset + this.capturedLength);
  }

  /** From `epb_flags`; undefined when it does not say. */
  get direction(): 'in' | 'out' | undefined {
    this.#parseOptions();
    return this.#direction;
  }

  /** `epb_queue`. */
  get queue(): number | undefined {
    this.#parseOptions();
    return this.#queue;
  }

  /** The Toeplitz (RSS) value of `epb_hash`. */
  get hash(): number | undefined {
    this.#parseOptions();
    return this.#hash;
  }

  /** `epb_packetid`. */
  get packetId(): bigint | undefined {
    this.#parseOptions();
    return this.#packetId;
  }

  /** `epb_dropcount`: packets lost between the one before on this interface and this one. */
  get dropCount(): bigint | undefined {
    this.#parseOptions();
    return this.#dropCount;
  }

  /** The first `opt_comment`. */
  get comment(): string | undefined {
    this.#parseOptions();
    return this.#comment;
  }

  #parseOptions(): void {
    if (this.#optionsOf === this.offset) return;
    this.#direction = this.#queue = this.#hash = this.#comment = undefined;
    this.#packetId = this.#dropCount = undefined;
    const view = this.#view;
    const end = this.offset + this.blockLength - 4;
    let at = this.dataOffset + ((this.capturedLength + 3) & ~3);
    while (at + 4 <= end) {
      const code = view.getUint16(at, true);
      const length = view.getUint16(at + 2, true);
      if (code === OPT_ENDOFOPT) break;
      if (at + 4 + length > end) {
        throw brokenBlock(this.offset, `got option ${code} of ${length} bytes`, `at most ${end - at - 4}`);
      }
      this.#takeOption(code, at + 4, length);
      at += 4 + ((length + 3) & ~3);
    }
    this.#optionsOf = this.offset;
  }

  #takeOption(code: number, at: number, length: number): void {
    const view = this.#view;
    if (code === epb_flags.code && length === 4) {
      const direction = view.getUint32(at, true) & 3;
      this.#direction = direction === 1 ? 'in' : direction === 2 ? 'out' : undefined;
    } else if (code === epb_queue.code && length === 4) {
      this.#queue = view.getUint32(at, true);
    } else if (code === epb_hash.code && length === 5 && view.getUint8(at) === HASH_TOEPLITZ) {
      this.#hash = view.getUint32(at + 1, true);
    } else if (code === epb_packetid.code && length === 8) {
      this.#packetId = view.getBigUint64(at, true);
    } else if (code === epb_dropcount.code && length === 8) {
      this.#dropCount = view.getBigUint64(at, true);
    } else if (code === COMMENT && this.#comment === undefined) {
      // A copy first: TextDecoder refuses views of shared memory in browsers.
      this.#comment = decoder.decode(new Uint8Array(this.#bytes.subarray(at, at + length)));
    }
  }
}

function brokenBlock(offset: number, got: string, expected: string): FormatError {
  return new FormatError(`broken packet block at byte ${offset}: ${got}, expected ${expected}`, offset);
}
