/** Bytes in memory as a source, in pieces, at once or later; and what the capture reader finds in them. */
import { type CbpfProgram, runCbpf } from '../../src/bpf/index.ts';
import { createCaptureReader } from '../../src/pcapng/index.ts';
import type { ByteSource } from '../../src/read/index.ts';

export interface GivenSourceOptions {
  /** At most so many bytes a read; as many as there is room for when it is left out. */
  readonly pieceBytes?: number;
  /** Every read waits, and fills its target late, as another thread does. */
  readonly isAside?: boolean;
  /** Reads from this byte on fail with `failure`. */
  readonly failsAt?: number;
  readonly failure?: Error;
  readonly sizeBytes?: number | undefined;
}

/** Behind what is read. */
const POISONED_BYTES = 1 << 10;

export class GivenSource implements ByteSource {
  readonly name = 'it';
  readonly sizeBytes: number | undefined;
  takenBytes = 0;
  isOpen = true;
  readonly #file: Uint8Array;
  readonly #options: GivenSourceOptions;

  constructor(file: Uint8Array, options: GivenSourceOptions = {}) {
    this.#file = file;
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
  }

  read(target: Uint8Array): number | Promise<number> {
    if (this.#options.isAside !== true) return this.#read(target);
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(this.#read(target));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  close(): void {
    this.isOpen = false;
  }

  #read(target: Uint8Array): number {
    const { pieceBytes = target.length, failsAt = Number.POSITIVE_INFINITY, failure } = this.#options;
    if (!this.isOpen) return 0;
    if (this.takenBytes >= failsAt) throw failure;
    const piece = this.#file.subarray(this.takenBytes, this.takenBytes + Math.min(pieceBytes, target.length));
    // Whoever looks at it too early sees that.
    target.subarray(0, piece.length + POISONED_BYTES).fill(0xee);
    target.set(piece);
    this.takenBytes += piece.length;
    return piece.length;
  }
}

/** Ethernet frames of IPv4: `ldh [12]; jeq #0x800; ret #0xffff; ret #0`. */
export const keepsIp: CbpfProgram = [
  { code: 0x28, jt: 0, jf: 0, k: 12 },
  { code: 0x15, jt: 0, jf: 1, k: 0x800 },
  { code: 0x06, jt: 0, jf: 0, k: 0xffff },
  { code: 0x06, jt: 0, jf: 0, k: 0 },
];

export interface Expected {
  readonly seen: number;
  /** Packets that `keepsIp` accepts, whatever their link type: where, what, and the whole record. */
  readonly matches: readonly {
    readonly offset: number;
    readonly data: Uint8Array;
    readonly originalLength: number;
    readonly bytes: Uint8Array;
  }[];
  /** Bytes of the sections, interfaces and so on; nothing of a pcap file's header. */
  readonly others: readonly Uint8Array[];
}

/** What the capture reader and the interpreter find in an undamaged file. */
export function expectedOf(file: Uint8Array): Expected {
  const reader = createCaptureReader();
  const matches: Expected['matches'][number][] = [];
  const others: Uint8Array[] = [];
  let seen = 0;
  reader.push(file);
  for (let record = reader.read(); record !== undefined; record = reader.read()) {
    const bytes = reader.borrowBytes().slice();
    if (record.type !== 'packet') {
      others.push(bytes);
      continue;
    }
    seen++;
    const { offset, originalLength } = record;
    const data = record.data.slice();
    if (runCbpf(keepsIp, data, originalLength) !== 0) matches.push({ offset, data, originalLength, bytes });
  }
  reader.end();
  return { seen, matches, others };
}
