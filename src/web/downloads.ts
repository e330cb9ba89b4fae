/**
 * Downloads: paths that nobody can guess, each good for one request within a minute. So a browser's own download can be
 * used, which sends no token.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';

export interface Download {
  readonly fileName: string;
  readonly contentType: string;
  /** What the file holds; asked for as the browser takes it. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

const VALID_MS = 60_000;

export class Downloads {
  readonly #waiting = new Map<string, Download>();

  /** The path at which it can be fetched. */
  add(download: Download): string {
    const path = `/download/${randomBytes(32).toString('hex')}`;
    this.#waiting.set(path, download);
    setTimeout(() => this.#waiting.delete(path), VALID_MS).unref();
    return path;
  }

  has(path: string): boolean {
    return this.#waiting.has(path);
  }

  send(path: string, request: IncomingMessage, response: ServerResponse): void {
    const { fileName, contentType, chunks } = this.#waiting.get(path)!;
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Disposition', `attachment; filename="${fileName}"`);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    this.#waiting.delete(path);
    // Who goes away in the middle has seen enough.
    pipeline(Readable.from(chunks()), response, () => {});
  }
}
