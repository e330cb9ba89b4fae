/**
 * DPDK's own telemetry: a socket that every application since 20.05 opens by itself, where questions are answered in JSON.
 * https://doc.dpdk.org/guides/howto/telemetry.html: SOCK_SEQPACKET, first a greeting, then one message a question.
 */
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerError } from '../../base/index.ts';
import { EAGAIN, openSocket, sysError, tryConnect, tryReceive, trySend } from '../posix.ts';

/** What an application's answer has at most (MAX_OUTPUT_LEN is 16 KiB). */
const ANSWER_BYTES = 65_536;
const ANSWER_MS = 5000;

export class Telemetry {
  readonly #fd: number;
  readonly #answer: Uint8Array = new Uint8Array(ANSWER_BYTES);
  /** As it greets: `DPDK 22.11.11`. */
  readonly version: string;
  readonly pid: number;

  private constructor(fd: number, version: string, pid: number) {
    this.#fd = fd;
    this.version = version;
    this.pid = pid;
  }

  /**
   * @param folder what the EAL keeps for the application's --file-prefix
   * @throws SysError when nobody listens there; PeerError for an answer that is none
   */
  static async open(folder: string): Promise<Telemetry> {
    const path = join(folder, 'dpdk_telemetry.v2');
    const fd = openSocket('seqpacket');
    try {
      const errno = tryConnect(fd, path);
      if (errno !== 0) throw sysError('connect', errno, path);
      const { version, pid } = await receive(fd, new Uint8Array(ANSWER_BYTES));
      if (typeof version !== 'string' || typeof pid !== 'number')
        throw new PeerError('PEER_PROTOCOL', 'telemetry: expected a greeting with version and pid');
      return new Telemetry(fd, version, pid);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Packets that a port has received since it was started; the question `/ethdev/stats`. */
  async receivedPackets(portId: number): Promise<number> {
    const command = '/ethdev/stats';
    const result = trySend(this.#fd, new TextEncoder().encode(`${command},${portId}`));
    if (result < 0) throw sysError('send', -result, 'telemetry');
    const answer = (await receive(this.#fd, this.#answer))[command];
    const packets = (answer as { readonly ipackets?: unknown } | null | undefined)?.ipackets;
    if (typeof packets === 'number') return packets;
    throw new PeerError('PEER_PROTOCOL', `telemetry: no port ${portId}`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** One message, which is one object. */
async function receive(fd: number, into: Uint8Array): Promise<Record<string, unknown>> {
  for (const end = performance.now() + ANSWER_MS; performance.now() < end; await sleep(1)) {
    const { result, fds } = tryReceive(fd, into);
    for (const passed of fds) closeSync(passed);
    if (result === -EAGAIN) continue;
    if (result < 0) throw sysError('receive', -result, 'telemetry');
    if (result === 0) break;
    const value = parseJson(new TextDecoder().decode(into.subarray(0, result)));
    if (typeof value !== 'object' || value === null)
      throw new PeerError('PEER_PROTOCOL', 'telemetry: expected an object');
    return value as Record<string, unknown>;
  }
  throw new PeerError('PEER_GONE', 'telemetry: no answer');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PeerError('PEER_PROTOCOL', 'telemetry: expected JSON');
  }
}
