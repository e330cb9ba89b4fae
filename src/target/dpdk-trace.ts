/**
 * DPDK's own trace points (rte_trace) in a running application: listed, turned on for as long as a connection stands, saved.
 * rte_trace keeps the events itself, in memory of the application, and writes CTF when it is told to; nothing streams. What it
 * cannot tell: how many events were lost when a thread's memory was full.
 */
import { readlinkSync } from 'node:fs';
import { nearest, UnsupportedError, UsageError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import type { Connection } from './connection.ts';
import { BodyReader, protocolError, structBytes } from './message-body.ts';
import { realtimeNs } from './posix.ts';
import type { RteTraceList, RteTracePoint, RteTraceSession } from './target.ts';

const NOTHING = new Uint8Array(0);

/** Writing some MiB may take a slow disk seconds. */
const SAVE_TIMEOUT_MS = 60_000;

/** @throws UnsupportedError for a replay; PeerError when the application's rte_trace is not in reach */
export async function listRteTrace(connection: Connection): Promise<RteTraceList> {
  checkKind(connection);
  const answer = await connection.request(
    ABI.HONE_MSG_LIST_DPDK_POINTS,
    NOTHING,
    ABI.HONE_MSG_DPDK_POINTS,
    SAVE_TIMEOUT_MS,
  );
  return connection.decode(() => decodeDpdkPoints(answer.body));
}

/**
 * Turns on the points that the pattern (fnmatch(3), as rte_trace's own) matches.
 * @param onClose called once; the connection is the caller's, and ending it turns the points off
 * @throws UsageError when it matches none, and as listRteTrace does
 */
export async function startRteTrace(
  connection: Connection,
  pattern: string,
  onClose: () => void,
): Promise<RteTraceSession> {
  checkKind(connection);
  const bytes = new TextEncoder().encode(pattern).length;
  const most = STRUCTS.hone_dpdk_enable.fields.pattern.count - 1;
  if (bytes < 1 || bytes > most || pattern.includes('\0')) {
    throw new UsageError(`rte_trace: got a pattern of ${bytes} bytes, expected text of 1 to ${most}`);
  }
  const startNs = realtimeNs();
  const body = structBytes('hone_dpdk_enable', { pattern });
  const answer = await connection.request(ABI.HONE_MSG_DPDK_ENABLE, body, ABI.HONE_MSG_DPDK_ENABLED);
  const { matched, held } = connection.decode(() => decodeDpdkEnabled(answer.body));
  if (matched === 0) throw await noSuchPoint(connection, pattern);
  const pid = connection.peer.pid || connection.welcome.pid;
  return {
    startNs,
    matched,
    held,
    async save() {
      const saved = await connection.request(
        ABI.HONE_MSG_DPDK_SAVE,
        NOTHING,
        ABI.HONE_MSG_DPDK_SAVED,
        SAVE_TIMEOUT_MS,
      );
      const path = connection.decode(() => decodeDpdkSaved(saved.body));
      return path === undefined ? undefined : fromHere(pid, path);
    },
    close: onClose,
  };
}

function checkKind({ welcome }: Connection): void {
  if (welcome.kind !== 'replay') return;
  throw new UnsupportedError(`replay ${welcome.pid} has no rte_trace`, 'an application of DPDK');
}

async function noSuchPoint(connection: Connection, pattern: string): Promise<UsageError> {
  const { points } = await listRteTrace(connection);
  const name = nearest(
    pattern,
    points.map((point) => point.name),
  );
  const hint = name === undefined ? '' : `, did you mean ${name}?`;
  return new UsageError(`no trace point of DPDK matches "${pattern}"${hint} (hone tracepoints lists them)`);
}

/** A path of the application as this process reaches it: it may live in a file system of its own. */
function fromHere(pid: number, path: string): string {
  const mounts = (process: string) => {
    try {
      return readlinkSync(`/proc/${process}/ns/mnt`);
    } catch {
      return undefined;
    }
  };
  return mounts(String(pid)) === mounts('self') ? path : `/proc/${pid}/root${path}`;
}

/** The list, by name. @throws PeerError('PEER_PROTOCOL') */
export function decodeDpdkPoints(body: Uint8Array): RteTraceList {
  const reader = new BodyReader('DPDK_POINTS', body);
  const { count, flags } = reader.struct('hone_dpdk_points');
  const expected = STRUCTS.hone_dpdk_points.size + count * STRUCTS.hone_dpdk_point.size;
  if (body.length !== expected) {
    throw protocolError(`DPDK_POINTS: got ${body.length} bytes, expected ${expected} for ${count} points`);
  }
  const points = Array.from({ length: count }, (): RteTracePoint => {
    const point = reader.struct('hone_dpdk_point');
    return {
      name: point.name,
      isEnabled: (point.flags & ABI.HONE_DPDK_POINT_ENABLED) !== 0,
      isOurs: (point.flags & ABI.HONE_DPDK_POINT_OURS) !== 0,
    };
  });
  return {
    whenFull: (flags & ABI.HONE_DPDK_TRACE_DISCARDS) !== 0 ? 'discard' : 'overwrite',
    points: points.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function decodeDpdkEnabled(body: Uint8Array): { readonly matched: number; readonly held: number } {
  const reader = new BodyReader('DPDK_ENABLED', body);
  const enabled = reader.struct('hone_dpdk_enabled');
  reader.end();
  return enabled;
}

/** @returns an absolute path; undefined when nothing was recorded */
export function decodeDpdkSaved(body: Uint8Array): string | undefined {
  const path = new BodyReader('DPDK_SAVED', body).text();
  if (path === '') return undefined;
  if (path.startsWith('/') && !path.includes('\ufffd')) return path;
  throw protocolError(`DPDK_SAVED: got ${JSON.stringify(path)}, expected an absolute path`);
}
