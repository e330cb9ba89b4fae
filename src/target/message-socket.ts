/**
 * Messages over a Unix stream socket, as abi.h frames them, with the file descriptors that travel beside them.
 * Both ends use it: the host's connection and the replay's server. It knows frames, not their meaning.
 */
import { closeSync } from 'node:fs';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { EAGAIN, tryReceive, trySend } from './posix.ts';
import { decodeStruct, encodeStruct } from './struct-codec.ts';

const HEADER_BYTES = STRUCTS.hone_msg.size;
const RECEIVE_BYTES = 65_536;
/** A peer that never stops sending must not keep us here. */
const READS_AT_ONCE = 32;

export interface Message {
  readonly type: number;
  /** Chosen by the client and repeated in the answer; 0 in events. */
  readonly request: number;
  /** Everything after the header; a copy. */
  readonly body: Uint8Array;
  /** What came beside this message. The receiver closes it. */
  readonly fd: number | undefined;
}

/** A whole message: the header, then `body`. */
export function encodeMessage(type: number, request: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  encodeStruct('hone_msg', new DataView(bytes.buffer), 0, { length: bytes.length, type, request });
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Bytes of a stream to messages. It does no input: bytes and descriptors are pushed in as they arrive. */
export class MessageDecoder {
  #bytes: Uint8Array = new Uint8Array(RECEIVE_BYTES);
  #length = 0;
  readonly #fds: number[] = [];
  readonly #takesFd: (type: number) => boolean;

  /** @param takesFd which messages have a descriptor beside them; all others must not. */
  constructor(takesFd: (type: number) => boolean) {
    this.#takesFd = takesFd;
  }

  /**
   * The messages that are complete now. After an error the decoder holds no descriptor and must not be used.
   * @throws PeerError for a length out of range, a descriptor too many or too few.
   */
  push(chunk: Uint8Array, fds: readonly number[] = []): Message[] {
    this.#append(chunk);
    this.#fds.push(...fds);
    const messages: Message[] = [];
    try {
      let at = 0;
      for (;;) {
        const length = this.#decodeOne(at, messages);
        if (length === 0) break;
        at += length;
      }
      this.#bytes.copyWithin(0, at, this.#length);
      this.#length -= at;
      if (this.#fds.length > (this.#length > 0 ? 1 : 0)) {
        throw new PeerError('PEER_PROTOCOL', 'got a file descriptor that belongs to no message');
      }
      return messages;
    } catch (error) {
      for (const message of messages) if (message.fd !== undefined) closeSync(message.fd);
      this.close();
      throw error;
    }
  }

  /** Closes descriptors of messages that never became complete. */
  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }

  #append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** @returns the length of the message at `at`, 0 when it is not complete. */
  #decodeOne(at: number, messages: Message[]): number {
    const available = this.#length - at;
    if (available < HEADER_BYTES) return 0;
    const view = new DataView(this.#bytes.buffer);
    const { length, type, request } = decodeStruct('hone_msg', view, at);
    const reserved = view.getUint32(at + STRUCTS.hone_msg.fields.reserved.offset, true);
    if (length < HEADER_BYTES || length > ABI.HONE_MAX_MESSAGE) {
      throw new PeerError(
        'PEER_PROTOCOL',
        `got a message of ${length} bytes, expected ${HEADER_BYTES} to ${ABI.HONE_MAX_MESSAGE}`,
      );
    }
    if (reserved !== 0)
      throw new PeerError('PEER_PROTOCOL', `got a message with ${reserved} in its reserved field`);
    if (available < length) return 0;
    const fd = this.#takesFd(type) ? this.#fds.shift() : undefined;
    if (this.#takesFd(type) && fd === undefined) {
      throw new PeerError('PEER_PROTOCOL', `got message type ${type} without its file descriptor`);
    }
    messages.push({ type, request, body: this.#bytes.slice(at + HEADER_BYTES, at + length), fd });
    return length;
  }
}

interface Outgoing {
  bytes: Uint8Array;
  fds: readonly number[];
}

/** One end of a connection. It owns the descriptor. */
export class MessageSocket {
  readonly fd: number;
  readonly #decoder: MessageDecoder;
  readonly #outgoing: Outgoing[] = [];
  readonly #buffer: Uint8Array = new Uint8Array(RECEIVE_BYTES);
  #open = true;

  constructor(fd: number, takesFd: (type: number) => boolean) {
    this.fd = fd;
    this.#decoder = new MessageDecoder(takesFd);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Whether bytes wait for the socket to take them: then call flush() when it can be written. */
  get isSending(): boolean {
    return this.#outgoing.length > 0;
  }

  /** How many bytes wait. */
  get sendingBytes(): number {
    return this.#outgoing.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** Queues a message and sends what fits. The descriptors stay the caller's, and open until it was sent. */
  send(message: Uint8Array, fds: readonly number[] = []): void {
    this.#outgoing.push({ bytes: message, fds });
    this.flush();
  }

  /** Sends what fits. To a closed end it sends nothing: why it closed may still be there to be received. */
  flush(): void {
    for (let first = this.#outgoing[0]; first !== undefined; first = this.#outgoing[0]) {
      const result = trySend(this.fd, first.bytes, first.fds);
      if (result === -EAGAIN) return;
      if (result < 0) {
        this.#outgoing.length = 0;
        return;
      }
      first.bytes = first.bytes.subarray(result);
      first.fds = [];
      if (first.bytes.length === 0) this.#outgoing.shift();
    }
  }

  /**
   * The messages that have arrived, without waiting; undefined when the other end is closed and all was read.
   * @throws PeerError for bytes that break the protocol.
   */
  receive(): Message[] | undefined {
    const messages: Message[] = [];
    try {
      for (let reads = 0; reads < READS_AT_ONCE; reads++) {
        const { result, fds, truncated } = tryReceive(this.fd, this.#buffer);
        if (result === -EAGAIN) return messages;
        if (result <= 0) return messages.length > 0 ? messages : undefined;
        messages.push(...this.#decoder.push(this.#buffer.subarray(0, result), fds));
        if (truncated) throw new PeerError('PEER_PROTOCOL', 'got too many file descriptors in one message');
      }
      return messages;
    } catch (error) {
      for (const { fd } of messages) if (fd !== undefined) closeSync(fd);
      throw error;
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#decoder.close();
    closeSync(this.fd);
  }
}
