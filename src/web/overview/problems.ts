/**
 * What is wrong with an application, said so that a person who did not write it knows where to look: a rule a problem, each
 * from what was counted in the last interval. Rules see exact counts; thresholds are shares of what passed.
 */
import type { ApplicationView, LcoreView, PortView, Problem } from '../protocol/index.ts';

type Seen = Omit<ApplicationView, 'problems'>;

/** An lcore that waits less has no room for a burst of traffic. */
const BUSY_SHARE = 0.95;
/** Drivers refuse a packet now and then; what is above is worth a look. */
const REFUSED_SHARE = 0.01;

export function findProblems(seen: Seen, agentProblem: string | undefined): readonly Problem[] {
  if (seen.agent !== 'yes') return [agentFault(seen, agentProblem)];
  return [
    ...seen.ports.flatMap((port) => portProblems(port, seen)),
    ...pollingProblems(seen),
    ...lcoreProblems(seen),
  ];
}

function agentFault({ agent, pid }: Seen, problem: string | undefined): Problem {
  if (agent === 'no') {
    return {
      severity: 'warning',
      title: 'no agent',
      detail: `nothing can be seen of it: hone attach ${pid}`,
    };
  }
  return { severity: 'bad', title: `agent ${agent}`, detail: problem ?? 'it does not answer' };
}

function portProblems(port: PortView, seen: Seen): Problem[] {
  const { name, rates, isUp, txOffered, notSent } = port;
  const problems: Problem[] = [];
  if (!isUp)
    problems.push({ severity: 'warning', title: `${name}: link is down`, detail: 'no packet passes' });
  if (rates === null) return problems;
  if (rates.missed > 0) {
    problems.push({
      severity: 'bad',
      title: `${name}: the adapter drops ${shareOf(rates.missed, rates.missed + rates.rxPackets)}`,
      detail: `${rateOf(rates.missed, seen)} packets/s found no free receive descriptor: ${whoPolls(port, seen)}`,
    });
  }
  if (rates.noMbuf > 0) {
    problems.push({
      severity: 'bad',
      title: `${name}: no mbuf for ${rateOf(rates.noMbuf, seen)} packets/s`,
      detail: 'the mempool is empty: it is too small for the queues, or mbufs are not freed',
    });
  }
  if (rates.rxErrors > 0 || rates.txErrors > 0) {
    problems.push({
      severity: 'warning',
      title: `${name}: ${rateOf(rates.rxErrors + rates.txErrors, seen)} errors/s`,
      detail: `received with errors: ${rates.rxErrors}, not sent: ${rates.txErrors}`,
    });
  }
  if (txOffered !== null && notSent !== null && notSent > txOffered * REFUSED_SHARE) {
    problems.push({
      severity: 'warning',
      title: `${name}: ${shareOf(notSent, txOffered)} of what is offered for sending is not sent`,
      detail: `${rateOf(notSent, seen)} packets/s: the transmit queue is full, and the application drops them or offers them again`,
    });
  }
  return problems;
}

function whoPolls({ portId }: PortView, { queues, lcores }: Seen): string {
  const tids = new Set(queues.filter((queue) => queue.portId === portId).map(({ tid }) => tid));
  const pollers = lcores.filter(({ tid }) => tids.has(tid));
  if (pollers.length === 0) return 'nobody polls it';
  return pollers
    .map((lcore) => `${nameOf(lcore)} is ${percent(busyShare(lcore))} busy`)
    .concat(
      pollers.some((lcore) => busyShare(lcore) >= BUSY_SHARE)
        ? 'it needs less work a packet, or more queues and lcores'
        : 'it has time, but comes too late: longer descriptor rings, or something stops it now and then',
    )
    .join('; ');
}

function pollingProblems({ kind, ports, queues }: Seen): Problem[] {
  // A replay polls only when there are packets.
  if (kind === 'replay' || ports.length === 0) return [];
  if (queues.length === 0) {
    return [
      { severity: 'warning', title: 'no lcore polls', detail: 'the application receives from no port' },
    ];
  }
  return ports.flatMap(({ portId, name, rxQueues }) => {
    const polled = new Set(queues.filter((queue) => queue.portId === portId).map(({ queueId }) => queueId));
    const others = Array.from({ length: rxQueues }, (_, queueId) => queueId).filter((id) => !polled.has(id));
    if (others.length === 0) return [];
    const which = others.length === 1 ? `queue ${others[0]} is` : `queues ${others.join(', ')} are`;
    return [
      { severity: 'warning', title: `${name}: ${which} not polled`, detail: 'what arrives there is lost' },
    ];
  });
}

function lcoreProblems({ lcores }: Seen): Problem[] {
  return lcores
    .filter((lcore) => busyShare(lcore) >= BUSY_SHARE)
    .map((lcore) => ({
      severity: 'warning',
      title: `${nameOf(lcore)} is ${percent(busyShare(lcore))} busy`,
      detail: 'it has no time left: more traffic will be dropped',
    }));
}

function busyShare({ busyNs, idleNs }: LcoreView): number {
  return busyNs + idleNs === 0 ? 0 : busyNs / (busyNs + idleNs);
}

function nameOf({ lcore, name }: LcoreView): string {
  return lcore === null ? `thread ${name}` : `lcore ${lcore}`;
}

function rateOf(count: number, { intervalMs }: Seen): string {
  return Math.round((count * 1000) / intervalMs).toLocaleString('en');
}

function shareOf(part: number, whole: number): string {
  return percent(part / whole);
}

function percent(share: number): string {
  return share > 0 && share < 0.001 ? 'below 0.1 %' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
