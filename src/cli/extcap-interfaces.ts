/**
 * Ports as Wireshark's interfaces: hone:APP:PORT, where APP is the file prefix, or the pid where two applications have the same, so
 * that what a person has chosen is found again after a restart. What cannot be captured is an interface, too: its name says why,
 * and so does a capture on it.
 */
import { HoneError } from '../base/index.ts';
import {
  type Application,
  type FoundApplication,
  findByThread,
  findWithSocket,
  type PortInfo,
} from '../target/index.ts';
import type { ExtcapInterface } from './extcap-sentences.ts';

export interface ListedPort extends ExtcapInterface {
  /** What `hone capture -i` calls it; undefined when it cannot be captured. */
  readonly selector: string | undefined;
  /** Why it cannot be captured; undefined when it can. */
  readonly reason: string | undefined;
  /** How many there are in the direction with more. */
  readonly queues: number;
}

export async function listPorts(): Promise<ListedPort[]> {
  const found = await findWithSocket();
  try {
    const answering = found.filter(({ target }) => target !== undefined);
    const ports = await Promise.all(answering.map((application) => portsOf(application, answering)));
    const others = [...found.filter(({ target }) => target === undefined), ...findByThread(found)];
    const listed = [...ports.flat(), ...others.map(closedApplication)];
    return listed.length > 0 ? listed : [nothing()];
  } finally {
    for (const { target } of found) target?.close();
  }
}

async function portsOf(
  application: FoundApplication,
  all: readonly FoundApplication[],
): Promise<ListedPort[]> {
  const { pid, name, filePrefix, target } = application;
  const prefix = filePrefix === '' ? 'rte' : filePrefix;
  const isUnique = all.filter((other) => (other.filePrefix || 'rte') === prefix).length === 1;
  // "testpmd port 0" says enough where there is one.
  const who = all.filter((other) => other.name === name).length === 1 ? name : `${name} ${pid}`;
  try {
    const ports = await target!.listPorts();
    if (ports.length === 0) return [refused(application, 'it has no ports')];
    return ports.map((port) => listPort(port, `${pid}`, plain(isUnique ? prefix : `${pid}`), who));
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    return [refused(application, error.message)];
  }
}

function listPort(port: PortInfo, pid: string, application: string, who: string): ListedPort {
  const queues = Math.max(port.rxQueues, port.txQueues);
  const reason = queues === 0 ? 'it has no queues: the application has not configured it' : undefined;
  const suffix = reason === undefined ? '' : `: cannot be captured, ${reason}`;
  return {
    value: `hone:${application}:${plain(port.name)}`,
    display: `hone: ${who} port ${port.portId} (${port.name})${suffix}`,
    selector: reason === undefined ? `${pid}/${port.name}` : undefined,
    reason: reason && `port ${port.name} cannot be captured: ${reason}`,
    queues,
  };
}

function closedApplication(application: Application): ListedPort {
  const { pid, agent, problem } = application;
  return refused(application, agent === 'no' ? `it has no agent: hone attach ${pid}` : (problem ?? agent));
}

function refused({ name, pid }: Application, why: string): ListedPort {
  const reason = `${name} ${pid} cannot be captured: ${why}`;
  return unavailable(String(pid), reason);
}

function nothing(): ListedPort {
  return unavailable(
    'none',
    'no DPDK application is running: "hone run -- APP ARGS...", or "hone replay FILE"',
  );
}

function unavailable(name: string, reason: string): ListedPort {
  return { value: `hone:${name}:-`, display: `hone: ${reason}`, selector: undefined, reason, queues: 0 };
}

/** Wireshark makes file names of it. */
function plain(text: string): string {
  return text.replace(/[^A-Za-z0-9._:@+-]/g, '_');
}
