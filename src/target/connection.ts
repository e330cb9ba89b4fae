/**
 * The host's end of a control connection: says hello, pairs requests with answers, keeps events until somebody
 * takes them. It never waits in a system call; while a request is pending it keeps the process alive.
 */
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PeerError, SysError } from '../base/index.ts';
import { ABI } from './abi.ts';
import { encodeMessage, type Message, MessageSocket } from './message-socket.ts';
import {
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  ENOENT,
  openSocket,
  type PeerCredentials,
  peerCredentials,
  sysError,
  tryConnect,
  type Watch,
  watchDescriptor,
} from './posix.ts';
import { decodeError, decodeWelcome, encodeHello, type Welcome } from './protocol.ts';

const ANSWER_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** Nobody who takes events now and then finds more of them waiting. */
const MAX_WAITING_EVENTS = 1_024;

const CARRIES_FD: ReadonlySet<number> = new Set([
  ABI.HONE_MSG_STARTED,
  ABI.HONE_MSG_RING,
  ABI.HONE_MSG_TRACING,
  ABI.HONE_MSG_WRITER,
]);
const EVENTS: ReadonlySet<number> = new Set([ABI.HONE_MSG_RING, ABI.HONE_MSG_PORT, ABI.HONE_MSG_WRITER]);

interface Pending {
  readonly answer: number;
  resolve(message: Message): void;
  reject(error: Error): void;
}

export class Connection {
  readonly peer: PeerCredentials;
  readonly #name: string;
  readonly #socket: MessageSocket;
  readonly #watch: Watch;
  readonly #pending = new Map<number, Pending>();
  #events: Message[] = [];
  #lastRequest = 0;
  #failure: PeerError | undefined;
  #welcome: Welcome | undefined;

  private constructor(fd: number, name: string) {
    this.#name = name;
    this.#socket = new MessageSocket(fd, (type) => CARRIES_FD.has(type));
    this.peer = peerCredentials(fd);
    this.#watch = watchDescriptor(fd, () => this.#pump());
    this.#watch.setRef(false);
  }

  /**
   * Connects and exchanges HELLO and WELCOME.
   * @param name how errors call the other side: "process 4711"
   * @throws PeerError PEER_GONE when nobody answers there, PEER_REFUSED when the agent does not want us or is of
   * another version; SysError when this user may not connect.
   */
  static async open(path: string, name: string): Promise<Connection> {
    const connection = new Connection(await connect(path, name), name);
    try {
      const answer = await connection.request(ABI.HONE_MSG_HELLO, encodeHello(), ABI.HONE_MSG_WELCOME);
      connection.#welcome = connection.decode(() => decodeWelcome(answer.body));
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get welcome(): Welcome {
    return this.#welcome!;
  }

  /** Whether requests can still be made. */
  get isOpen(): boolean {
    return this.#failure === undefined && this.#socket.isOpen;
  }

  /**
   * Sends a request and resolves with its answer, which has the type `answer`.
   * @throws PeerError PEER_REFUSED with the agent's words; PEER_GONE or PEER_PROTOCOL when the connection ended.
   */
  async request(
    type: number,
    body: Uint8Array,
    answer: number,
    timeoutMs: number = ANSWER_TIMEOUT_MS,
  ): Promise<Message> {
    if (!this.isOpen) throw this.#failure ?? this.#error('PEER_GONE', 'the connection is closed');
    const request = ++this.#lastRequest;
    const answered = new Promise<Message>((resolve, reject) => {
      this.#pending.set(request, { answer, resolve, reject });
    });
    const timer = setTimeout(() => {
      this.#fail(this.#error('PEER_GONE', `no answer for ${timeoutMs / 1000} s`));
    }, timeoutMs);
    try {
      this.#watch.setRef(true);
      this.#guard(() => this.#socket.send(encodeMessage(type, request, body)));
      this.#watchWrites();
      return await answered;
    } finally {
      clearTimeout(timer);
      if (this.#pending.size === 0 && this.#socket.isOpen) this.#watch.setRef(false);
    }
  }

  /**
   * Takes in what has arrived. Events come in order; a descriptor in one becomes the caller's.
   * `gone`: the other side closed the connection, and these are the last events.
   * @throws PeerError PEER_PROTOCOL or PEER_REFUSED
   */
  takeEvents(): { readonly events: readonly Message[]; readonly gone: boolean } {
    this.#pump();
    if (this.#failure !== undefined && this.#failure.code !== 'PEER_GONE') throw this.#failure;
    const events = this.#events;
    this.#events = [];
    return { events, gone: this.#failure !== undefined };
  }

  /** Runs a decoder over what the other side sent: its errors get the other side's name. */
  decode<T>(decoder: () => T): T {
    try {
      return decoder();
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      throw this.#error(error.code as 'PEER_PROTOCOL', error.message);
    }
  }

  close(): void {
    this.#fail(this.#error('PEER_GONE', 'the connection is closed'));
    for (const { fd } of this.#events) if (fd !== undefined) closeSync(fd);
    this.#events = [];
  }

  #pump(): void {
    if (!this.#socket.isOpen) return;
    this.#guard(() => {
      this.#socket.flush();
      const messages = this.#socket.receive();
      if (messages === undefined) throw new PeerError('PEER_GONE', 'it ended, or closed the connection');
      for (const message of messages) this.#take(message);
    });
    this.#watchWrites();
  }

  #take(message: Message): void {
    if (message.request === 0 && EVENTS.has(message.type)) {
      this.#events.push(message);
      if (this.#events.length <= MAX_WAITING_EVENTS) return;
      throw new PeerError('PEER_PROTOCOL', `got more than ${MAX_WAITING_EVENTS} events at once`);
    }
    if (message.type === ABI.HONE_MSG_ERROR && message.request === 0) {
      throw new PeerError('PEER_REFUSED', decodeError(message.body).text);
    }
    const pending = this.#pending.get(message.request);
    const expected = pending !== undefined && [pending.answer, ABI.HONE_MSG_ERROR].includes(message.type);
    if (!expected) {
      if (message.fd !== undefined) closeSync(message.fd);
      throw new PeerError(
        'PEER_PROTOCOL',
        `got message type ${message.type} for request ${message.request}, which it does not answer`,
      );
    }
    this.#pending.delete(message.request);
    if (message.type === pending.answer) pending.resolve(message);
    else pending.reject(this.#error('PEER_REFUSED', decodeError(message.body).text));
  }

  /** What the peer does wrong ends the connection: whoever waits for an answer learns why. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#fail(this.#error(error.code as 'PEER_PROTOCOL', error.message));
    }
  }

  #fail(failure: PeerError): void {
    this.#failure ??= failure;
    if (!this.#socket.isOpen) return;
    this.#watch.close();
    this.#socket.close();
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }

  #watchWrites(): void {
    if (this.#socket.isOpen) this.#watch.setEvents(this.#socket.isSending ? 'read-write' : 'read');
  }

  #error(code: 'PEER_PROTOCOL' | 'PEER_REFUSED' | 'PEER_GONE', text: string): PeerError {
    return new PeerError(code, `${this.#name}: ${text}`);
  }
}

async function connect(path: string, name: string): Promise<number> {
  const fd = openSocket();
  try {
    const deadline = Date.now() + CONNECT_TIMEOUT_MS;
    for (;;) {
      const errno = tryConnect(fd, path);
      if (errno === 0) return fd;
      if (errno !== EAGAIN) throw connectError(path, name, errno);
      if (Date.now() > deadline) {
        throw new PeerError('PEER_GONE', `${name}: does not take connections at ${path}`);
      }
      await delay(10);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function connectError(path: string, name: string, errno: number): PeerError | SysError {
  if (errno === ENOENT) return new PeerError('PEER_GONE', `${name}: no agent (there is no ${path})`);
  if (errno === ECONNREFUSED) return new PeerError('PEER_GONE', `${name}: ended, only ${path} is left of it`);
  if (errno === EACCES) {
    return new SysError(
      'connect',
      errno,
      `${name}: belongs to another user (${path}): run hone as that user or root`,
    );
  }
  return sysError('connect', errno, path);
}
