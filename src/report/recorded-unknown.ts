/** What a recording cannot say, why, and what to record for it: a line each. */
import { formatCount, formatTime, type Observation } from '../findings/index.ts';
import type { RecordedItems } from './recorded-items.ts';
import type { RecordedPort } from './recorded-ports.ts';
import type { RecordedSpan } from './recorded-span.ts';

export function unknownOfRecording(
  { seconds, recording, lcores, ports: seenPorts }: Omit<Observation, 'unknown'>,
  { telling, packets, hasThreadless, pids, ports, span }: RecordedItems,
): string[] {
  const losses = recording?.losses ?? [];
  const sumOf = (what: string) => losses.reduce((sum, loss) => sum + (loss.what === what ? loss.lost : 0), 0);
  const [lostEvents, lostPackets] = [sumOf('events'), sumOf('packets')];
  const polls = telling.hasEmptyPolls;
  const lines: readonly (readonly [isUnknown: boolean, line: string])[] = [
    [seconds === 0, 'rates: everything was recorded at one moment'],
    [
      lostEvents > 0,
      `what ${formatCount(lostEvents)} events said that were lost when they were recorded: what events count is at least so much, and times ` +
        'across a loss are left out',
    ],
    [
      lostPackets > 0,
      `what was in ${formatCount(lostPackets)} packets that the capture lost: what packets count is at least so much`,
    ],
    [recording?.isFiltered === true, 'packets that did not match: they were captured through a filter'],
    [
      seenPorts.some(({ rxPackets = 0, rxBytes }) => rxPackets > 0 && rxBytes === undefined),
      'bits a second: bursts count more packets than what knows their bytes',
    ],
    [packets === 0, 'sizes, protocols, flows: no packets recorded: record them with hone record --packets'],
    [
      !telling.has('rx-poll'),
      'bursts, empty polls, time of threads: no polls recorded: record them with hone record -e dpdk:rx_poll',
    ],
    [
      telling.has('rx-poll') && !polls,
      'empty polls, time of threads: only bursts recorded: record polls with hone record -e dpdk:rx_poll',
    ],
    [
      polls && lcores.length === 0 && lostEvents > 0 && !hasThreadless,
      'time of threads: events were lost in between all polls: record with a larger ring (hone record -B), or fewer events',
    ],
    [
      hasThreadless,
      'time of threads, stages: events do not say which thread they are of: lttng add-context -u -t vtid tells it',
    ],
    ...unsampled(span, ports.all).map((line) => [true, line] as const),
    [
      !ports.all.some(({ sampled }) => sampled !== undefined),
      'what ports lose: no counters recorded: record them with hone record -e dpdk:port_stats',
    ],
    [
      !telling.has('mempool') || !telling.has('ring'),
      'levels of mempools and rings: not recorded: record them with hone record -e dpdk:mempool_level -e dpdk:ring_level',
    ],
    [
      !telling.has('drop'),
      'what the application drops: not recorded: record it with hone record -e app:dataplane:drop, where it tells (hone/dataplane.h)',
    ],
    [
      !telling.has('stage-begin') || !telling.has('stage-end'),
      "stages of the application: not recorded: record them with hone record -e 'app:dataplane:stage_*', where it tells",
    ],
    [pids.size > 1, `which of ${pids.size} processes did what: they are taken as one application`],
  ];
  return lines.filter(([isUnknown]) => isUnknown).map(([, line]) => line);
}

/** What ports did before the first sample of their counters and after the last one; a line for all that were sampled at a time. */
function unsampled({ firstNs = 0n, lastNs }: RecordedSpan, ports: readonly RecordedPort[]): string[] {
  const portsAt = new Map<string, number[]>();
  for (const { portId, sampled } of ports) {
    if (sampled === undefined) continue;
    const [before, after] = [sampled.fromNs - firstNs, lastNs - sampled.toNs].map((ns) =>
      formatTime(Number(ns)),
    );
    const time = formatTime(Number(sampled.toNs - sampled.fromNs));
    const what = `in the first ${before} and the last ${after}: their counters were sampled for the ${time} in between, which their figures are of`;
    portsAt.set(what, [...(portsAt.get(what) ?? []), portId]);
  }
  return [...portsAt].map(([what, ids]) => `what ports ${ids.join(', ')} did ${what}`);
}
