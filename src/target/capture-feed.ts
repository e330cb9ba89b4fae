/** One running capture, seen from the host: a session with counters. */
import { closeSync } from 'node:fs';
import { ABI } from './abi.ts';
import type { Connection } from './connection.ts';
import { HookTable, SESSION_MEMORY_BYTES } from './hook-counters.ts';
import { mapPeerMemory } from './mapping.ts';
import { protocolError } from './message-body.ts';
import type { Message } from './message-socket.ts';
import { realtimeNs } from './posix.ts';
import { decodeStarted, type Started } from './protocol.ts';
import { type Session, SessionFeed, START_TIMEOUT_MS } from './session-feed.ts';
import { encodeStart } from './start-message.ts';
import type { CaptureFeed, CaptureRequest, FilterEngine, HookCounters } from './target.ts';

/**
 * Starts a capture on a connection that has none.
 * @param onClose called once when the feed is closed: the connection is the caller's
 */
export async function startCaptureFeed(
  connection: Connection,
  request: CaptureRequest,
  onClose: () => void,
): Promise<CaptureFeed> {
  const body = encodeStart(request);
  const baseNs = realtimeNs();
  const answer = await connection.request(ABI.HONE_MSG_START, body, ABI.HONE_MSG_STARTED, START_TIMEOUT_MS);
  return connection.decode(() => {
    const memory = mapPeerMemory(
      answer.fd!,
      { plainBytes: SESSION_MEMORY_BYTES, mirroredBytes: 0, writer: false },
      'the session memory',
    );
    try {
      const started = decodeStarted(answer.body);
      const expected = request.ports.filter((port) => port.portId !== 'any').length;
      if (started.interfaceCount !== expected) {
        throw protocolError(`STARTED: got ${started.interfaceCount} interfaces, expected ${expected}`);
      }
      return new Feed({ connection, baseNs, ringBytes: request.ringBytes, memory, onClose }, started);
    } catch (error) {
      memory.close();
      throw error;
    }
  });
}

class Feed extends SessionFeed implements CaptureFeed {
  readonly engine: FilterEngine;
  readonly interfaceCount: number;
  readonly #hooks: HookTable;

  constructor(session: Session, started: Started) {
    super(session);
    this.engine = started.engine;
    this.interfaceCount = started.interfaceCount;
    this.#hooks = new HookTable(session.memory.buffer);
  }

  nowNs(): number {
    return Number(realtimeNs() - this.baseNs);
  }

  counters(): readonly HookCounters[] {
    this.checkOpen();
    this.takeIn();
    return this.connection.decode(() => this.#hooks.sum(this.ringBuffers));
  }

  protected takeOther({ type, fd }: Message): void {
    if (fd !== undefined) closeSync(fd);
    throw protocolError(`got message ${type} in a capture`);
  }
}
