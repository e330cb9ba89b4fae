/** From a process or a socket to a Target: connections are opened when they are needed, one for each capture. */
import { join } from 'node:path';
import { PeerError } from '../base/index.ts';
import { dpdkPoints, type ProbePoint } from '../tracepoints/index.ts';
import { ABI } from './abi.ts';
import { startCaptureFeed } from './capture-feed.ts';
import { Connection } from './connection.ts';
import { readCommandLine } from './dpdk/process-facts.ts';
import { listRteTrace, startRteTrace } from './dpdk-trace.ts';
import { decodePorts } from './protocol.ts';
import { findSockets, ownSocketFolder } from './socket-path.ts';
import type {
  CaptureFeed,
  CaptureRequest,
  PortInfo,
  RteTraceList,
  RteTraceSession,
  Target,
  TargetInfo,
  TraceFeed,
  TraceRequest,
} from './target.ts';
import { startTraceFeed } from './trace-feed.ts';
import { decodePoints } from './trace-message.ts';

/**
 * Connects to the agent or replay in a process, or at a control socket.
 * @throws PeerError PEER_GONE when nobody answers, PEER_REFUSED when it is of another version or does not want us;
 * SysError when this user may not connect.
 */
export async function connectTarget(where: number | string): Promise<Target> {
  if (typeof where === 'string') return new SocketTarget(where, where, await Connection.open(where, where));
  const name = `process ${where}`;
  const path =
    findSockets().find(({ pid }) => pid === where)?.path ?? join(ownSocketFolder(), `${where}.sock`);
  const connection = await Connection.open(path, name);
  const { pid } = connection.peer;
  if (pid === where || pid === 0) return new SocketTarget(path, name, connection);
  // A socket's name is anybody's choice; 0 is a process outside our pid namespace.
  connection.close();
  throw new PeerError('PEER_PROTOCOL', `${name}: it is process ${pid} that answers at ${path}`);
}

class SocketTarget implements Target {
  readonly info: TargetInfo;
  readonly #path: string;
  readonly #name: string;
  readonly #connections: Connection[];
  /** Those that hold a capture or a trace: the protocol allows one a connection. */
  readonly #busy = new Set<Connection>();
  #isClosed = false;

  constructor(path: string, name: string, connection: Connection) {
    this.#path = path;
    this.#name = name;
    this.#connections = [connection];
    // The kernel's word for who listens there, in our own pid namespace, beats the agent's.
    const pid = connection.peer.pid || connection.welcome.pid;
    this.info = { ...connection.welcome, pid, commandLine: readCommandLine(pid) };
  }

  async listPorts(): Promise<readonly PortInfo[]> {
    const connection = this.#open()[0] ?? (await this.#connect());
    const answer = await connection.request(ABI.HONE_MSG_LIST_PORTS, new Uint8Array(0), ABI.HONE_MSG_PORTS);
    return connection.decode(() => decodePorts(answer.body));
  }

  async listTracePoints(): Promise<readonly ProbePoint[]> {
    const connection = this.#open()[0] ?? (await this.#connect());
    const answer = await connection.request(ABI.HONE_MSG_LIST_POINTS, new Uint8Array(0), ABI.HONE_MSG_POINTS);
    const isReplay = this.info.kind === 'replay';
    const standard = dpdkPoints.filter(({ kind }) => !isReplay || kind !== 'observed');
    return [...standard, ...connection.decode(() => decodePoints(answer.body))];
  }

  startCapture(request: CaptureRequest): Promise<CaptureFeed> {
    return this.#startSession((connection, release) => startCaptureFeed(connection, request, release));
  }

  startTrace(request: TraceRequest): Promise<TraceFeed> {
    return this.#startSession((connection, release) => startTraceFeed(connection, request, release));
  }

  async listRteTrace(): Promise<RteTraceList> {
    return listRteTrace(this.#open()[0] ?? (await this.#connect()));
  }

  startRteTrace(pattern: string): Promise<RteTraceSession> {
    return this.#startSession((connection, release) => startRteTrace(connection, pattern, release));
  }

  async #startSession<Feed>(
    start: (connection: Connection, release: () => void) => Promise<Feed>,
  ): Promise<Feed> {
    const connection =
      this.#open().find((candidate) => !this.#busy.has(candidate)) ?? (await this.#connect());
    this.#busy.add(connection);
    const release = () => {
      this.#busy.delete(connection);
      connection.close();
    };
    try {
      return await start(connection, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
  }

  #open(): Connection[] {
    return this.#connections.filter(({ isOpen }) => isOpen);
  }

  async #connect(): Promise<Connection> {
    const connection = await Connection.open(this.#path, this.#name);
    this.#connections.push(connection);
    // Who closed this meanwhile has gone.
    if (this.#isClosed) connection.close();
    return connection;
  }
}
