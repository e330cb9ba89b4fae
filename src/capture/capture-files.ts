/**
 * Capture files: one, several in a row, or standard output. Each is complete in itself: section and interfaces
 * first, statistics last. Conditions of packets and bytes are exact to the packet, those of time to the tick.
 */
import * as fs from 'node:fs';
import { OutputStream, openOutput, STAGING_BYTES } from '../output/index.ts';
import { EpbCursor } from '../pcapng/index.ts';
import type { CaptureFormat } from './capture-format.ts';
import { numberedFileName } from './file-name.ts';
import type { FileInterface, InterfaceTable } from './interface-table.ts';
import type { PacketWriter } from './packet-writer.ts';
import type { RotateConditions, StopConditions } from './plan.ts';

export interface CaptureFilesOptions {
  /** `-` is standard output. */
  readonly path: string;
  readonly format: CaptureFormat;
  /** Packets, files and, without `rotate`, bytes; the session sees to the duration. */
  readonly stop: StopConditions;
  /** Undefined for a single file. */
  readonly rotate: RotateConditions | undefined;
  readonly interfaces: InterfaceTable;
  /** Blocks: what each file begins with, and what it ends with, as of now. */
  readonly section: Uint8Array;
  readonly describe: (entry: FileInterface) => Uint8Array;
  readonly statistics: () => readonly Uint8Array[];
  /** Called with the name of each file as it is made; not for standard output. */
  readonly onFile: (path: string) => void;
  /** The capture is to end: a reader that never came is not waited for any more. */
  readonly isEnding: () => boolean;
  /** See OutputStreamOptions. */
  readonly givesUp: () => boolean;
  /** Monotonic. */
  readonly clockMs?: () => number;
  readonly now?: () => Date;
}

export class CaptureFiles implements PacketWriter {
  full = false;

  readonly #options: CaptureFilesOptions;
  readonly #clockMs: () => number;
  readonly #now: () => Date;
  readonly #cursor = new EpbCursor();
  readonly #staging: Uint8Array = new Uint8Array(STAGING_BYTES);
  readonly #maximumBytes: number;
  readonly #kept: string[] = [];

  #stream!: OutputStream;
  #files = 0;
  #filePackets = 0;
  #packets = 0;
  #openedMs = 0;
  /** The time of day at which the next file is due. */
  #nextIntervalMs = 0;

  private constructor(options: CaptureFilesOptions) {
    const { stop, rotate } = options;
    this.#options = options;
    this.#clockMs = options.clockMs ?? (() => performance.now());
    this.#now = options.now ?? (() => new Date());
    this.#maximumBytes = (rotate ?? stop).bytes ?? Number.POSITIVE_INFINITY;
  }

  /** Opens the first file. @throws SysError */
  static async open(options: CaptureFilesOptions): Promise<CaptureFiles> {
    const files = new CaptureFiles(options);
    await files.#openNext();
    return files;
  }

  admits(packets: number, bytes: number): boolean {
    return packets <= this.#packetRoom && bytes <= this.#maximumBytes - this.#stream.length;
  }

  put(source: number, blocks: Uint8Array, packets: number): Promise<void> | undefined {
    const { format, interfaces } = this.#options;
    this.#filePackets += packets;
    this.#packets += packets;
    const waited = this.#stream.put(format.encode(blocks, interfaces.fileIds(source)));
    if (waited !== undefined) return waited.then(() => this.#endFileIfFull());
    return this.#endFileIfFull();
  }

  async split(source: number, blocks: Uint8Array, count: (packets: number) => void): Promise<void> {
    const cursor = this.#cursor;
    cursor.reset(blocks);
    let [start, packets, bytes] = [0, 0, 0];
    while (!this.full && cursor.next()) {
      packets++;
      bytes += this.#options.format.packetBytes(cursor);
      const end = cursor.offset + cursor.blockLength;
      const reached = packets >= this.#packetRoom || bytes >= this.#maximumBytes - this.#stream.length;
      if (!reached && end < blocks.length) continue;
      count(packets);
      await this.put(source, blocks.subarray(start, end), packets);
      start = end;
      packets = bytes = 0;
    }
  }

  announce(added: FileInterface): Promise<void> | undefined {
    return this.#options.format.describes ? this.#stream.put(this.#options.describe(added)) : undefined;
  }

  tick(): Promise<void> | undefined {
    const { rotate } = this.#options;
    if (rotate === undefined || this.full) return undefined;
    const due =
      this.#clockMs() - this.#openedMs >= (rotate.durationMs ?? Number.POSITIVE_INFINITY) ||
      this.#now().getTime() >= this.#nextIntervalMs;
    return due ? this.#endFile() : undefined;
  }

  flush(): Promise<void> {
    return this.#stream.flush();
  }

  async finish(): Promise<void> {
    // After a failed write there is nothing to complete.
    if (!this.#stream.isOpen) return;
    if (this.#options.format.describes) {
      for (const block of this.#options.statistics()) await this.#stream.put(block);
    }
    await this.#stream.close();
  }

  get #packetRoom(): number {
    const { stop, rotate } = this.#options;
    return Math.min(
      (stop.packets ?? Number.POSITIVE_INFINITY) - this.#packets,
      (rotate?.packets ?? Number.POSITIVE_INFINITY) - this.#filePackets,
    );
  }

  #endFileIfFull(): Promise<void> | undefined {
    const isFull = this.#packetRoom <= 0 || this.#stream.length >= this.#maximumBytes;
    return isFull ? this.#endFile() : undefined;
  }

  async #endFile(): Promise<void> {
    const { stop, rotate } = this.#options;
    const enough = this.#packets >= (stop.packets ?? Number.POSITIVE_INFINITY);
    this.full = enough || rotate === undefined || this.#files >= (stop.files ?? Number.POSITIVE_INFINITY);
    if (this.full) return;
    await this.finish();
    await this.#openNext();
  }

  async #openNext(): Promise<void> {
    const { path, format, rotate, interfaces, section, isEnding, givesUp, onFile } = this.#options;
    const created = this.#now();
    this.#files++;
    const name = rotate === undefined ? path : numberedFileName(path, this.#files, created);
    if (rotate?.keepFiles !== undefined) this.#makeRoom(rotate.keepFiles);
    const { fd, isOwnFile, isShared } = await openOutput(name, isEnding);
    this.#stream = new OutputStream({
      name: name === '-' ? 'standard output' : name,
      fd,
      staging: this.#staging,
      isShared,
      givesUp,
      onLost: (records, first) => format.visitPackets(records, first, (id) => interfaces.forgetWritten(id)),
      wholeBytes: isOwnFile ? (...chunk) => format.wholeBytes(...chunk) : undefined,
    });
    this.#kept.push(name);
    this.#filePackets = 0;
    this.#openedMs = this.#clockMs();
    this.#nextIntervalMs = nextMultiple(created.getTime(), rotate?.intervalMs);
    if (name !== '-') onFile(name);
    const { all } = interfaces;
    await this.#stream.put(format.header(Math.max(0, ...all.map(({ captured }) => captured.snaplen))));
    if (!format.describes) return;
    await this.#stream.put(section);
    for (const entry of all) await this.announce(entry);
  }

  /** Deletes the oldest files, so that with the next one there are `count`. */
  #makeRoom(count: number): void {
    while (this.#kept.length >= count) fs.rmSync(this.#kept.shift()!, { force: true });
  }
}

function nextMultiple(timeMs: number, intervalMs: number | undefined): number {
  if (intervalMs === undefined) return Number.POSITIVE_INFINITY;
  return (Math.floor(timeMs / intervalMs) + 1) * intervalMs;
}
