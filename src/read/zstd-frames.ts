/**
 * Goes along a Zstandard stream from frame to frame and block to block, unpacking nothing: refuses windows that are too
 * large before memory is taken for them, and knows whether the stream may end (RFC 8878, section 3.1).
 */
import { FormatError } from '../base/index.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** What the zstd tool accepts without being told. */
const MAXIMUM_WINDOW_BYTES = 128 << 20;
/** Magic, descriptor, window, dictionary id, content size. */
const LONGEST_HEADER = 18;
const BLOCK_RLE = 1;

type State = 'magic' | 'header' | 'skippable' | 'block' | 'checksum';

export class ZstdFrames {
  #state: State = 'magic';
  /** The unit that is being gathered. */
  readonly #unit = new Uint8Array(LONGEST_HEADER);
  #have = 0;
  #need = 4;
  /** Bytes to pass over before the next unit. */
  #skip = 0;
  #hasChecksum = false;

  /** True where the stream may end: no frame has begun that has not ended. */
  get isBetween(): boolean {
    return this.#state === 'magic' && this.#have === 0 && this.#skip === 0;
  }

  /**
   * Goes on by `bytes`.
   * @throws FormatError; its place counts in `bytes`
   */
  check(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      this.#unit[this.#have++] = bytes[at++]!;
      if (this.#have === this.#need) this.#take(at);
    }
  }

  #take(at: number): void {
    switch (this.#state) {
      case 'magic':
        this.#takeMagic(at);
        break;
      case 'skippable':
        this.#skip = this.#number(0, 4);
        this.#expect('magic', 4);
        break;
      case 'header':
        this.#takeHeader(at);
        break;
      case 'block':
        this.#takeBlock();
        break;
      case 'checksum':
        this.#expect('magic', 4);
    }
  }

  #takeMagic(at: number): void {
    const magic = this.#number(0, 4);
    if (magic === MAGIC) {
      // The header is one unit with it.
      this.#state = 'header';
      this.#need = 5;
    } else if ((magic & ~0xf) === SKIPPABLE_MAGIC) {
      this.#expect('skippable', 4);
    } else {
      const got = `0x${magic.toString(16).padStart(8, '0')}`;
      throw new FormatError(`got ${got}, expected the start of a frame`, at);
    }
  }

  /** The descriptor says how long the header is: then the same unit is gathered to its end. */
  #takeHeader(at: number): void {
    const descriptor = this.#unit[4]!;
    const single = (descriptor >> 5) & 1;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? single : 1 << sizeFlag;
    const length = 5 + (1 - single) + dictionaryBytes + sizeBytes;
    if (this.#have < length) {
      this.#need = length;
      return;
    }
    const contentBytes = this.#number(length - sizeBytes, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
    const windowBytes = single ? contentBytes : windowOf(this.#unit[5]!);
    if (windowBytes > MAXIMUM_WINDOW_BYTES) {
      throw new FormatError(
        `got a window of ${windowBytes} bytes, expected at most ${MAXIMUM_WINDOW_BYTES}`,
        at,
      );
    }
    this.#hasChecksum = ((descriptor >> 2) & 1) === 1;
    this.#expect('block', 3);
  }

  #takeBlock(): void {
    const header = this.#number(0, 3);
    this.#skip = ((header >> 1) & 3) === BLOCK_RLE ? 1 : header >> 3;
    if ((header & 1) === 0) this.#expect('block', 3);
    else if (this.#hasChecksum) this.#expect('checksum', 4);
    else this.#expect('magic', 4);
  }

  #expect(state: State, need: number): void {
    this.#state = state;
    this.#need = need;
    this.#have = 0;
  }

  /** A little-endian number of the unit. */
  #number(at: number, length: number): number {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + this.#unit[at + i]!;
    return value;
  }
}

/** Section 3.1.1.1.2. */
function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}
