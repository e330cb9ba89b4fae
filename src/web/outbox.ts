/**
 * What goes to one page, bounded whatever the page does. Snapshots wait under a name, and a newer one takes the place of the
 * one before; events are offered, and left out when there is no room; answers are written at once, and the page is not
 * listened to while too much of what it asked for has not been taken. So at most `mostBytes` and one more message wait.
 */

/** What is needed of a WebSocket (ws). */
export interface OutboxSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, onSent: () => void): void;
  pause(): void;
  resume(): void;
}

const MOST_BYTES = 1 << 20;

export class Outbox {
  readonly #socket: OutboxSocket;
  readonly #mostBytes: number;
  readonly #latest = new Map<string, () => string>();
  readonly #waiting: (() => void)[] = [];
  #isPaused = false;
  #isClosed = false;

  constructor(socket: OutboxSocket, mostBytes: number = MOST_BYTES) {
    this.#socket = socket;
    this.#mostBytes = mostBytes;
  }

  /** The page has not taken what it was sent. */
  get isFull(): boolean {
    return this.#socket.bufferedAmount >= this.#mostBytes;
  }

  /** An answer to one request. */
  answer(message: string): void {
    this.#send(message);
    if (!this.isFull || this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Something of which only the newest counts. @param make called when it is sent */
  offerLatest(name: string, make: () => string): void {
    if (this.isFull) this.#latest.set(name, make);
    else this.#send(make());
  }

  /** False when there is no room: then nothing was taken. */
  offer(data: string | Uint8Array): boolean {
    if (this.isFull || this.#isClosed) return false;
    this.#send(data);
    return true;
  }

  /** Resolves when there is room, for a source that can wait; to false when nothing goes anywhere any more. */
  async room(): Promise<boolean> {
    if (this.isFull && !this.#isClosed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return !this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
    this.#latest.clear();
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #send(data: string | Uint8Array): void {
    if (!this.#isClosed) this.#socket.send(data, () => this.#onSent());
  }

  #onSent(): void {
    if (this.#isClosed || this.isFull) return;
    for (const [name, make] of this.#latest) {
      this.#latest.delete(name);
      this.#send(make());
      if (this.isFull) return;
    }
    this.#wake();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }
}
