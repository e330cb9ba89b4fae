/** What the polls' maps say of queues and lcores. */

import { numbersOf, type WriterContents } from '../../watch/index.ts';
import type { LcoreView, QueueView } from '../protocol/index.ts';
import type { PollScript } from './poll-script.ts';

export interface PollViews {
  readonly queues: readonly QueueView[];
  readonly lcores: readonly LcoreView[];
  /** Packets offered for sending, by port. */
  readonly offered: ReadonlyMap<number, number>;
}

export function pollViews(writers: readonly WriterContents[], placeOf: PollScript['placeOf']): PollViews {
  const queues: QueueView[] = [];
  const lcores: LcoreView[] = [];
  const offered = new Map<number, number>();
  for (const { lcore: number, tid, name, contents } of writers) {
    const lcore = number ?? null;
    const received = new Map(
      contents('@received').map(({ key, value }) => [keyText(placeOf(key)), numbersOf(value)[0]!]),
    );
    const mine = contents('@polls').map(({ key, value }): QueueView => {
      const place = placeOf(key);
      const bursts = numbersOf(value);
      const polls = bursts.reduce((sum, count) => sum + count, 0);
      const packets = received.get(keyText(place)) ?? 0;
      return { ...place, lcore, tid, polls, emptyPolls: bursts[0]!, packets, bursts };
    });
    queues.push(...mine);
    if (mine.length > 0) {
      const sum = (of: (queue: QueueView) => number) => mine.reduce((all, queue) => all + of(queue), 0);
      lcores.push({
        ...{ lcore, tid, name, busyNs: totalOf(contents('@busy')), idleNs: totalOf(contents('@idle')) },
        polls: sum(({ polls }) => polls),
        emptyPolls: sum(({ emptyPolls }) => emptyPolls),
        packets: sum(({ packets }) => packets),
      });
    }
    for (const { key, value } of contents('@offered')) {
      const { portId } = placeOf(key);
      offered.set(portId, (offered.get(portId) ?? 0) + numbersOf(value)[0]!);
    }
  }
  queues.sort((a, b) => a.portId - b.portId || a.queueId - b.queueId || a.tid - b.tid);
  lcores.sort((a, b) => (a.lcore ?? 1e9) - (b.lcore ?? 1e9) || a.tid - b.tid);
  return { queues, lcores, offered };
}

function keyText({ portId, queueId }: { readonly portId: number; readonly queueId: number }): string {
  return `${portId}:${queueId}`;
}

function totalOf(entries: ReturnType<WriterContents['contents']>): number {
  return entries.reduce((sum, { value }) => sum + numbersOf(value)[0]!, 0);
}
