/**
 * The server of `hone web`: the page's files, its WebSocket, and downloads, on loopback only. What a page asks for is the
 * business of its PageSession, which ends with the page's connection.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SysError } from '../base/index.ts';
import { makeToken, type Refusal, refuseRequest, refuseUpgrade, WEBSOCKET_PROTOCOL } from './access.ts';
import { Downloads } from './downloads.ts';
import { OverviewMonitor } from './overview/overview-monitor.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { PageSession } from './page-session.ts';

export interface WebServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Where the built page lies. */
  readonly pageFolder: string;
  readonly honeVersion: string;
}

export interface WebServer {
  /** With the token in its fragment. */
  readonly url: string;
  readonly port: number;
  /** Pages that are connected. */
  readonly pages: number;
  /** Ends all sessions and connections. */
  close(): Promise<void>;
}

/** Longer messages are no page's. */
const MOST_MESSAGE_BYTES = 256 << 10;
const MOST_PAGES = 16;
/** A page that does not answer for as long has gone, or reads nothing: its sessions end. */
const PING_MS = 15_000;
const SILENT_PINGS = 4;

/** @throws SysError when the port is taken or the page is not there */
export async function startWeb(options: WebServerOptions): Promise<WebServer> {
  const files = readPageFiles(options.pageFolder);
  const server = new LoopbackServer(options, files);
  await server.listen(options.port);
  return server;
}

class LoopbackServer implements WebServer {
  readonly #options: WebServerOptions;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #token = makeToken();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => WEBSOCKET_PROTOCOL,
  });
  readonly #sessions = new Set<PageSession>();
  readonly #monitor = new OverviewMonitor((pid, portId) => {
    const captures = [...this.#sessions].flatMap(({ capture }) => capture ?? []);
    return new Map(
      captures.flatMap((capture) => {
        const dropped = capture.ringDropped(pid, portId);
        return dropped === undefined ? [] : [[capture, dropped]];
      }),
    );
  });
  readonly #downloads = new Downloads();

  constructor(options: WebServerOptions, files: ReadonlyMap<string, PageFile>) {
    this.#options = options;
    this.#files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          new SysError('bind', -(error.errno ?? 0), `cannot listen on 127.0.0.1:${port}: ${error.code}`),
        );
      });
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/#token=${this.#token}`;
  }

  get pages(): number {
    return this.#sessions.size;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await Promise.all([...this.#sessions].map((session) => session.close()));
    for (const socket of this.#sockets.clients) socket.terminate();
    await this.#monitor.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(this.#headers())) response.setHeader(name, value);
    const path = (request.url ?? '').split('?')[0]!;
    const refusal = this.#refusalOf(request, path);
    if (refusal !== undefined) {
      response.writeHead(refusal.status, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${refusal.reason}
`);
    } else if (this.#downloads.has(path)) {
      this.#downloads.send(path, request, response);
    } else {
      const { contentType, body } = this.#files.get(path)!;
      response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': body.length });
      response.end(request.method === 'HEAD' ? undefined : body);
    }
  }

  #refusalOf({ headers, method }: IncomingMessage, path: string): Refusal | undefined {
    const refusal = refuseRequest(headers, this.port);
    if (refusal !== undefined) return refusal;
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, reason: 'GET only' };
    if (this.#downloads.has(path) || this.#files.has(path)) return undefined;
    return { status: 404, reason: 'not found' };
  }

  #headers(): Readonly<Record<string, string>> {
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      // 'self' means WebSockets too, but not yet in every browser.
      `connect-src 'self' ws://127.0.0.1:${this.port} ws://localhost:${this.port}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ];
    return {
      'Content-Security-Policy': policy.join('; '),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'no-store',
    };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#upgradeRefusalOf(request);
    if (refusal === undefined) {
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket));
    } else {
      refuseSocket(socket, refusal);
    }
  }

  #upgradeRefusalOf({ headers, url }: IncomingMessage): Refusal | undefined {
    const refusal = refuseUpgrade(headers, this.port, this.#token);
    if (refusal !== undefined) return refusal;
    if (url !== '/socket') return { status: 404, reason: 'not found' };
    if (this.#sessions.size >= MOST_PAGES) return { status: 503, reason: `${MOST_PAGES} pages are open` };
    return undefined;
  }

  #open(socket: WebSocket): void {
    const session = new PageSession(socket, {
      monitor: this.#monitor,
      downloads: this.#downloads,
      honeVersion: this.#options.honeVersion,
    });
    this.#sessions.add(session);
    let pings = 0;
    const timer = setInterval(() => {
      if (++pings > SILENT_PINGS) socket.terminate();
      else if (!session.isFull) socket.ping();
    }, PING_MS);
    socket.on('pong', () => {
      pings = 0;
    });
    // What is wrong with a frame ends the connection; there is nobody to tell.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      this.#sessions.delete(session);
      void session.close();
    });
  }
}

function refuseSocket(socket: Duplex, { status, reason }: Refusal): void {
  socket.on('error', () => {});
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    'Content-Type: text/plain',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(reason)}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${reason}`);
}
