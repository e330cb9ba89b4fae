/** A walked capture as an input: of its packets only those that pass, and everything else. */
import type { FormatError } from '../base/index.ts';
import type { CaptureRecord } from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';
import type { CaptureWalk } from './capture-walk.ts';
import type { PacketMatcher } from './packet-matcher.ts';
import type { RecordInput } from './record-input.ts';

export class WalkedInput implements RecordInput {
  readonly #walk: CaptureWalk;
  readonly #matcher: PacketMatcher | undefined;
  #seenAlone = 0;
  #passedAlone = 0;
  #isOpen = false;
  /** Of the list of matches: the next one, and how many there are. */
  #at = 0;
  #listed = 0;

  /**
   * Takes over `walk`, which is not open yet.
   * @param matcher the walk's filter once more, for packets that are too long to be walked over
   */
  constructor(walk: CaptureWalk, matcher: PacketMatcher | undefined) {
    this.#walk = walk;
    this.#matcher = matcher;
  }

  get source(): ByteSource {
    return this.#walk.source;
  }

  get damage(): FormatError | undefined {
    return this.#walk.damage;
  }

  get passedOver(): number {
    return this.#walk.seen + this.#seenAlone - this.#walk.matched - this.#passedAlone;
  }

  read(): CaptureRecord | undefined {
    if (this.#at < this.#listed) return this.#walk.readMatch(this.#at++);
    const next = this.#walk.next();
    if (next !== 'matches') return this.#judge(next);
    this.#at = 0;
    this.#listed = this.#walk.walker.listed;
    return this.read();
  }

  /** What the walk has left over was not filtered. */
  #judge(record: CaptureRecord | undefined): CaptureRecord | undefined {
    if (record?.type === 'interface') this.#matcher?.prepare(record.interface);
    if (record?.type !== 'packet') return record;
    this.#seenAlone++;
    if (this.#matcher?.matches(record) === false) return this.read();
    this.#passedAlone++;
    return record;
  }

  borrowRecord(): Uint8Array {
    return this.#walk.borrowRecord();
  }

  async fill(): Promise<boolean> {
    if (this.#isOpen) return this.#walk.fill();
    this.#isOpen = true;
    if ((await this.#walk.open()) === undefined) return false;
    this.#walk.start('list');
    return true;
  }

  close(): void {
    this.#walk.close();
  }
}
