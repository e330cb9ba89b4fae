/**
 * The agent's side of the protocol, in TypeScript: takes clients on a Unix socket, answers their requests, holds
 * their captures and traces, one for each client. Only this user and root may connect, 16 at a time; who breaks the rules
 * is cut off and changes nothing. What is captured and traced comes from the caller.
 */
import { chmodSync, closeSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { HoneError, PeerError, SysError } from '../../base/index.ts';
import { ABI } from '../abi.ts';
import { decodeTrace } from '../decode-trace.ts';
import { structBytes } from '../message-body.ts';
import { encodeMessage, type Message, MessageSocket } from '../message-socket.ts';
import {
  acceptSocket,
  bindSocket,
  EINVAL,
  EPERM,
  EPROTO,
  EUSERS,
  listenSocket,
  openSocket,
  peerCredentials,
  type Watch,
  watchDescriptor,
} from '../posix.ts';
import {
  decodeHello,
  encodeError,
  encodePortEvent,
  encodePorts,
  encodeRingEvent,
  encodeStarted,
  encodeWelcome,
  type Welcome,
} from '../protocol.ts';
import { makeSocketFolder } from '../socket-path.ts';
import { decodeStart } from '../start-message.ts';
import type { PortInfo } from '../target.ts';
import { encodeSnapped, encodeTracing, encodeWriterEvent } from '../trace-message.ts';
import { ReplaySession } from './replay-session.ts';
import { ReplayTrace } from './replay-trace.ts';
import type { ReplayPort } from './traffic.ts';

/** A client that does not read its answers is cut off. */
const MAX_UNSENT_BYTES = 4 << 20;

interface Client {
  readonly socket: MessageSocket;
  readonly watch: Watch;
  greeted: boolean;
  session: ReplaySession | undefined;
  trace: ReplayTrace | undefined;
}

export interface ReplayHost {
  readonly welcome: Welcome;
  /** Every port that is known now. */
  ports(): readonly ReplayPort[];
  portInfo(port: ReplayPort): PortInfo;
  /** A capture or a trace has begun. */
  onSession(): void;
}

export class ReplayServer {
  readonly path: string;
  readonly #host: ReplayHost;
  readonly #listener: number;
  readonly #watch: Watch;
  readonly #clients = new Set<Client>();

  /** @throws SysError, UsageError when the socket cannot be made. */
  constructor(host: ReplayHost) {
    this.#host = host;
    this.path = join(makeSocketFolder(), `${process.pid}.sock`);
    this.#listener = openSocket();
    try {
      unlinkIfThere(this.path);
      bindSocket(this.#listener, this.path);
      chmodSync(this.path, 0o600);
      listenSocket(this.#listener, ABI.HONE_MAX_CLIENTS);
      this.#watch = watchDescriptor(this.#listener, () => this.#takeClients());
    } catch (error) {
      closeSync(this.#listener);
      throw error;
    }
  }

  get sessions(): ReplaySession[] {
    return [...this.#clients].flatMap(({ session }) => session ?? []);
  }

  get traces(): ReplayTrace[] {
    return [...this.#clients].flatMap(({ trace }) => trace ?? []);
  }

  /** Tells a port that was not there before to the sessions that want such. */
  addPort(port: ReplayPort): void {
    for (const client of this.#clients) {
      const interfaceId = client.session?.addPort(port);
      if (interfaceId === undefined) continue;
      const event = { kind: 'port-added', interfaceId, port: this.#host.portInfo(port) } as const;
      this.#send(client, ABI.HONE_MSG_PORT, 0, encodePortEvent(event));
    }
  }

  close(): void {
    for (const client of this.#clients) this.#drop(client);
    this.#watch.close();
    closeSync(this.#listener);
    unlinkIfThere(this.path);
  }

  #takeClients(): void {
    for (let fd = acceptSocket(this.#listener); fd !== undefined; fd = acceptSocket(this.#listener)) {
      const client: Client = {
        socket: new MessageSocket(fd, () => false),
        watch: watchDescriptor(fd, () => this.#serve(client)),
        greeted: false,
        session: undefined,
        trace: undefined,
      };
      this.#clients.add(client);
      const { uid } = peerCredentials(fd);
      if (uid !== 0 && uid !== process.geteuid!()) {
        this.#refuse(client, EPERM, "only the replay's user and root may talk to it");
      } else if (this.#clients.size > ABI.HONE_MAX_CLIENTS) {
        this.#refuse(client, EUSERS, `this replay has as many clients as it takes (${ABI.HONE_MAX_CLIENTS})`);
      }
    }
  }

  #refuse(client: Client, code: number, text: string): void {
    this.#send(client, ABI.HONE_MSG_ERROR, 0, encodeError(code, text));
    this.#drop(client);
  }

  #serve(client: Client): void {
    try {
      client.socket.flush();
      const messages = client.socket.receive();
      if (messages === undefined) this.#drop(client);
      for (const message of messages ?? []) this.#take(client, message);
      if (client.socket.isOpen) client.watch.setEvents(client.socket.isSending ? 'read-write' : 'read');
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      this.#drop(client);
    }
  }

  #take(client: Client, message: Message): void {
    if (!client.socket.isOpen) return;
    if (message.request === 0) throw new PeerError('PEER_PROTOCOL', 'got a request without a number');
    if (client.greeted) this.#answer(client, message);
    else this.#greet(client, message);
  }

  #greet(client: Client, { type, request, body }: Message): void {
    if (type !== ABI.HONE_MSG_HELLO) throw new PeerError('PEER_PROTOCOL', 'the first message is not HELLO');
    const version = decodeHello(body);
    if (version !== ABI.HONE_ABI_VERSION) {
      const text = `this replay speaks protocol version ${ABI.HONE_ABI_VERSION}, not ${version}`;
      this.#send(client, ABI.HONE_MSG_ERROR, request, encodeError(EPROTO, text));
      this.#drop(client);
      return;
    }
    client.greeted = true;
    this.#send(client, ABI.HONE_MSG_WELCOME, request, encodeWelcome(this.#host.welcome));
  }

  #answer(client: Client, message: Message): void {
    try {
      this.#perform(client, message);
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      const code = error instanceof SysError ? error.errno : EINVAL;
      this.#send(client, ABI.HONE_MSG_ERROR, message.request, encodeError(code, error.message));
    }
  }

  #perform(client: Client, { type, request, body }: Message): void {
    if (type === ABI.HONE_MSG_LIST_PORTS) this.#listPorts(client, request);
    else if (type === ABI.HONE_MSG_START) this.#start(client, request, body);
    else if (type === ABI.HONE_MSG_STOP) this.#stop(client, request);
    else if (type === ABI.HONE_MSG_LIST_POINTS) this.#listPoints(client, request);
    else if (type === ABI.HONE_MSG_TRACE) this.#trace(client, request, body);
    else if (type === ABI.HONE_MSG_SNAPSHOT) this.#snapshot(client, request);
    else throw new PeerError('PEER_REFUSED', `unknown message type ${type}`);
  }

  #listPorts(client: Client, request: number): void {
    const ports = this.#host.ports().map((port) => this.#host.portInfo(port));
    this.#send(client, ABI.HONE_MSG_PORTS, request, encodePorts(ports));
  }

  /** There is no application that could have declared some. */
  #listPoints(client: Client, request: number): void {
    this.#send(client, ABI.HONE_MSG_POINTS, request, structBytes('hone_list', { count: 0 }));
  }

  #stop(client: Client, request: number): void {
    if (client.session === undefined && client.trace === undefined) {
      throw new PeerError('PEER_REFUSED', 'there is no session to stop');
    }
    endSession(client);
    this.#send(client, ABI.HONE_MSG_STOPPED, request, new Uint8Array(0));
  }

  #start(client: Client, request: number, body: Uint8Array): void {
    checkIdle(client);
    const session = new ReplaySession(decodeStart(body), this.#host.ports());
    client.session = session;
    const started = encodeStarted({
      interfaceCount: session.interfaceCount,
      engine: this.#host.welcome.engine,
    });
    this.#send(client, ABI.HONE_MSG_STARTED, request, started, session.memoryFd);
    this.#send(client, ABI.HONE_MSG_RING, 0, encodeRingEvent(session.ring.event), session.ring.fd);
    this.#host.onSession();
  }

  #trace(client: Client, request: number, body: Uint8Array): void {
    checkIdle(client);
    const trace = new ReplayTrace(decodeTrace(body), this.#host.ports());
    client.trace = trace;
    const tracing = encodeTracing(this.#host.welcome.engine);
    this.#send(client, ABI.HONE_MSG_TRACING, request, tracing, trace.memoryFd);
    this.#send(client, ABI.HONE_MSG_WRITER, 0, encodeWriterEvent(0), trace.writerFd);
    const ring = trace.ring ?? trace.records;
    if (ring !== undefined) this.#send(client, ABI.HONE_MSG_RING, 0, encodeRingEvent(ring.event), ring.fd);
    this.#host.onSession();
  }

  #snapshot(client: Client, request: number): void {
    if (client.trace === undefined) throw new PeerError('PEER_REFUSED', 'no trace is running');
    this.#send(client, ABI.HONE_MSG_SNAPPED, request, encodeSnapped(client.trace.exchangeBanks()));
  }

  #send(client: Client, type: number, request: number, body: Uint8Array, fd?: number): void {
    if (!client.socket.isOpen) return;
    client.socket.send(encodeMessage(type, request, body), fd === undefined ? [] : [fd]);
    if (client.socket.sendingBytes > MAX_UNSENT_BYTES) this.#drop(client);
  }

  #drop(client: Client): void {
    if (!this.#clients.delete(client)) return;
    client.watch.close();
    client.socket.close();
    endSession(client);
  }
}

function checkIdle({ session, trace }: Client): void {
  if (session === undefined && trace === undefined) return;
  throw new PeerError('PEER_REFUSED', 'this connection has a session already');
}

function endSession(client: Client): void {
  client.session?.close();
  client.trace?.close();
  client.session = undefined;
  client.trace = undefined;
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
