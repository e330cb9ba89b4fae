/**
 * A folder with a CTF trace in it, as LTTng lays it out: `metadata`, complete before the first packet; a file a stream; `index/`
 * with an index a stream. A file is made with its first packet: a thread that recorded nothing has none.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SysError } from '../base/index.ts';
import { formatRecordingMetadata, type PacketHead, type RecordingShape } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';
import { StreamFile } from './stream-file.ts';

/** What an application does is nobody else's business. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export class TraceFolder {
  readonly path: string;
  readonly #uuid: Uint8Array;
  readonly #streams = new Map<number, StreamFile>();

  /**
   * Makes the folder, which may be there, and writes the metadata.
   * @param version of CTF
   * @throws SysError
   */
  constructor(path: string, shape: RecordingShape, version: '1.8' | '2') {
    this.path = path;
    this.#uuid = shape.uuid;
    makeFolder(join(path, 'index'));
    writeFile(join(path, 'metadata'), formatRecordingMetadata(shape, version));
  }

  /** Streams that have packets. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Of the streams. */
  get bytes(): number {
    let sum = 0;
    for (const stream of this.#streams.values()) sum += stream.lengthBytes;
    return sum;
  }

  /**
   * Writes one packet at the end of its stream; whole, or not at all.
   * @param events finished records, as many bytes as the head says; borrowed for the call
   * @throws SysError that names the file
   */
  append(head: PacketHead, events: Uint8Array): void {
    let stream = this.#streams.get(head.streamInstance);
    if (stream === undefined) {
      stream = new StreamFile(this.path, `stream-${head.streamInstance}`, this.#uuid);
      this.#streams.set(head.streamInstance, stream);
    }
    stream.append(head, events);
  }

  /** @throws SysError for what the system finds only now */
  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }
}

/** With those above it; one that is there stays as it is. @throws SysError */
export function makeFolder(path: string): void {
  attempt('mkdir', `cannot make ${path}`, () => makeFolders(path));
}

/** Node's own way to make those above loops forever where nothing can be made, as in /proc. */
function makeFolders(path: string): void {
  try {
    mkdirSync(path, { mode: FOLDER_MODE });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT') throw error;
    makeFolders(dirname(path));
    mkdirSync(path, { mode: FOLDER_MODE });
  }
}

function writeFile(path: string, text: string): void {
  attempt('write', `cannot write ${path}`, () => writeFileSync(path, text, { mode: FILE_MODE }));
}

function attempt(syscall: string, what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException;
    throw new SysError(syscall, -errno, `${what}: ${reasonOf(error as NodeJS.ErrnoException)}`);
  }
}
