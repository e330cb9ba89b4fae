/**
 * What is wrong with an application, said so that a person who did not write it knows where to look: a rule a problem, each
 * from what was seen last.
 */
import type { ApplicationSnapshot, PortSnapshot } from '../../watch/index.ts';
import type { ApplicationView, Problem } from '../protocol/index.ts';

type Threads = ApplicationSnapshot['threads'];

/** An lcore that waits less has no room for a burst of traffic. */
const BUSY_SHARE = 0.95;
/** Drivers refuse a packet now and then; what is above is worth a look. */
const REFUSED_SHARE = 0.01;

/** Of one that cannot be looked at. */
export function agentProblem(
  agent: ApplicationView['agent'],
  pid: number,
  problem: string | undefined,
): Problem {
  if (agent === 'no') {
    return warning('no agent', `nothing can be seen of it: hone attach ${pid}`);
  }
  return { severity: 'bad', title: `agent ${agent}`, detail: problem ?? 'it does not answer' };
}

export function findProblems(
  { ports, threads, countedMs, problem }: ApplicationSnapshot,
  kind: ApplicationView['kind'],
): readonly Problem[] {
  return [
    ...ports.flatMap((port) => portProblems(port, threads)),
    // A replay polls only when there are packets.
    ...(kind === 'replay' || ports.length === 0 || countedMs === 0 ? [] : pollingProblems(ports)),
    ...threads.filter(isBusy).map((thread) => {
      const title = `${nameOf(thread)} is ${percent(thread.rates.busyShare!)} busy`;
      return warning(title, 'it has no time left: more traffic will be dropped');
    }),
    ...(problem === undefined ? [] : [warning('not all is seen', problem)]),
  ];
}

function portProblems(port: PortSnapshot, threads: Threads): Problem[] {
  const { name, up } = port.info;
  const { rxPps = 0, drops } = port.rates;
  const { missed = 0, noMbuf = 0, rxErrors = 0, txErrors = 0, refused = 0 } = drops;
  const problems: Problem[] = [];
  if (!up) problems.push(warning(`${name}: link is down`, 'no packet passes'));
  if (missed > 0) {
    problems.push({
      severity: 'bad',
      title: `${name}: the adapter drops ${percent(missed / (missed + rxPps))}`,
      detail: `${count(missed)} packets/s found no free receive descriptor: ${whoPolls(port, threads)}`,
    });
  }
  if (noMbuf > 0) {
    problems.push({
      severity: 'bad',
      title: `${name}: no mbuf for ${count(noMbuf)} packets/s`,
      detail: 'the mempool is empty: it is too small for the queues, or mbufs are not freed',
    });
  }
  if (rxErrors + txErrors > 0) {
    const detail = `received with errors: ${count(rxErrors)}, not sent: ${count(txErrors)}`;
    problems.push(warning(`${name}: ${count(rxErrors + txErrors)} errors/s`, detail));
  }
  const { txPps = 0 } = port.rates;
  if (refused > (refused + txPps) * REFUSED_SHARE) {
    problems.push(
      warning(
        `${name}: ${percent(refused / (refused + txPps))} of what is offered for sending is not sent`,
        `${count(refused)} packets/s: the transmit queue is full, and the application drops them or offers them again`,
      ),
    );
  }
  return problems;
}

function whoPolls({ queues }: PortSnapshot, threads: Threads): string {
  const tids = new Set(queues.flatMap(({ pollers }) => pollers.map(({ tid }) => tid)));
  const pollers = threads.filter(({ thread }) => tids.has(thread.tid));
  if (pollers.length === 0) return 'nobody polls it';
  return pollers
    .map((one) => `${nameOf(one)} is ${percent(one.rates.busyShare ?? 0)} busy`)
    .concat(
      pollers.some(isBusy)
        ? 'it needs less work a packet, or more queues and lcores'
        : 'it has time, but comes too late: longer descriptor rings, or something stops it now and then',
    )
    .join('; ');
}

function pollingProblems(ports: readonly PortSnapshot[]): Problem[] {
  if (ports.every(({ queues }) => queues.every(({ pollers }) => pollers.length === 0))) {
    return [warning('no lcore polls', 'the application receives from no port')];
  }
  return ports.flatMap(({ info, queues }) => {
    const polled = queues.filter(({ pollers }) => pollers.length > 0).map(({ queueId }) => queueId);
    // Where all are counted together, nobody knows which.
    if (polled.includes(undefined)) return [];
    const all = Array.from({ length: info.rxQueues }, (_, queueId) => queueId);
    const others = all.filter((queueId) => !polled.includes(queueId));
    if (others.length === 0) return [];
    const which = others.length === 1 ? `queue ${others[0]} is` : `queues ${others.join(', ')} are`;
    return [warning(`${info.name}: ${which} not polled`, 'what arrives there is lost')];
  });
}

function warning(title: string, detail: string): Problem {
  return { severity: 'warning', title, detail };
}

function isBusy({ rates }: Threads[number]): boolean {
  return (rates.busyShare ?? 0) >= BUSY_SHARE;
}

function nameOf({ thread: { lcore, name } }: Threads[number]): string {
  return lcore === undefined ? `thread ${name}` : `lcore ${lcore}`;
}

function count(rate: number): string {
  return Math.round(rate).toLocaleString('en');
}

function percent(share: number): string {
  return share > 0 && share < 0.001 ? 'below 0.1 %' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
