/** Time of polling threads: how much is left, how it spreads, and whether they come too late. */
import type { LcoreObservation, Observation } from '../observation.ts';
import type { Rule, Sighting } from '../rule.ts';
import {
  busyShare,
  formatCount,
  formatPercent,
  formatTime,
  liveStep,
  nameOfLcore,
  traceStep,
} from '../words.ts';
import { BUSY_SHARE } from './port-losses.ts';

/** 131 µs, a bound of the buckets: at 10 Mpps 1300 packets arrive in it, which is what descriptor rings hold. */
const LONG_GAP_POWER = 17;
const IDLE_SHARE = 0.2;
const LOADED_SHARE = 0.8;
const STAGE_SHARE = 0.5;

export const lcores: readonly Rule[] = [
  {
    name: 'lcore-saturated',
    severity: 'warning',
    meaning:
      'After nearly every poll there was work: a polling thread looks 100 % busy to the kernel in any case, this one truly is. ' +
      'More traffic will be dropped. Less work a packet helps, or more queues and lcores.',
    look: (seen) =>
      seen.lcores
        .filter((lcore) => busyShare(lcore) >= BUSY_SHARE)
        .map((lcore) => ({
          subject: nameOfLcore(lcore),
          title: `is ${formatPercent(busyShare(lcore))} busy`,
          evidence: [
            `${formatTime(lcore.busyNs)} of ${formatTime(lcore.busyNs + lcore.idleNs)} followed polls that gave packets` +
              (lcore.packets === 0 ? '' : `, ${formatTime(lcore.busyNs / lcore.packets)} a packet`),
          ],
          next: [
            liveStep(seen, `perf top -t ${lcore.tid}`, 'which functions the time goes to'),
            ...stageSteps(seen),
          ],
        })),
  },
  {
    name: 'lcore-imbalance',
    severity: 'note',
    meaning:
      'There is time, but not where the work is: queues can be given to other lcores, or there are too few queues.',
    look: (seen) => {
      const loaded = seen.lcores.filter((lcore) => busyShare(lcore) >= LOADED_SHARE);
      const idle = seen.lcores.filter((lcore) => lcore.idleNs > 0 && busyShare(lcore) <= IDLE_SHARE);
      if (loaded.length === 0 || idle.length === 0) return [];
      const list = (some: readonly LcoreObservation[]) =>
        some.map((lcore) => `${nameOfLcore(lcore)} ${formatPercent(busyShare(lcore))}`).join(', ');
      return [
        {
          subject: 'lcores',
          title: `${loaded.length} of ${seen.lcores.length} do the work`,
          evidence: [`busy: ${list(loaded)}; idle: ${list(idle)}`],
          next: [
            traceStep(
              seen,
              'dpdk:rx_poll { @[tid, args.port, args.queue] = sum(args.nb_rx); }',
              'which thread takes what',
            ),
          ],
        },
      ];
    },
  },
  {
    name: 'poll-gaps',
    severity: 'warning',
    meaning:
      'A polling thread was away for longer than descriptors last at high rates. When the kernel took its processor away, it ' +
      'shares it: with other processes, interrupts or a hypervisor (isolcpus, nohz_full, irqaffinity, pinned vCPUs). When it did ' +
      'not, the thread itself did something long: a table that was rebuilt, a lock, a page fault, a log line.',
    look: (seen) =>
      seen.lcores.flatMap((lcore): Sighting[] => {
        const { pollGaps, longestGapNs, involuntarySwitches } = lcore;
        if (pollGaps === undefined || longestGapNs === undefined || longestGapNs < 2 ** LONG_GAP_POWER)
          return [];
        const long = pollGaps.slice(LONG_GAP_POWER).reduce((sum, count) => sum + count, 0);
        const switched =
          involuntarySwitches === undefined
            ? []
            : [
                involuntarySwitches === 0
                  ? 'the kernel did not take its processor away in this time'
                  : `the kernel took its processor away ${formatCount(involuntarySwitches)} times in ${formatTime(1e9 * seen.seconds)}`,
              ];
        return [
          {
            subject: nameOfLcore(lcore),
            title: `does not poll for up to ${formatTime(longestGapNs)}`,
            evidence: [
              `${formatCount(long)} gaps between two polls of 131 µs and more in ${formatTime(1e9 * lcore.measuredSeconds)} of watching`,
              ...switched,
            ],
            next: [
              traceStep(
                seen,
                'dpdk:rx_poll { if (@last > 0) { @gap = hist(nsecs - @last); } @last = nsecs; }',
                'gaps between polls',
              ),
              ...(seen.source === 'application'
                ? [
                    {
                      command: `hone trace --yes --duration 5 -e 'tracepoint:sched:sched_switch /args.prev_pid == ${lcore.tid}/ { @[args.next_comm] = count(); }'`,
                      tells: 'who runs in its place',
                    },
                  ]
                : []),
            ],
          },
        ];
      }),
  },
  {
    name: 'slow-stage',
    severity: 'note',
    meaning: 'Most of the busy time is spent in one stage: whatever is gained there is gained for the whole.',
    look: (seen) =>
      seen.stages.flatMap((stage): Sighting[] => {
        const lcore = seen.lcores.find(({ tid }) => tid === stage.tid);
        if (lcore === undefined || stage.measuredSeconds === 0) return [];
        const busy = busyShare(lcore);
        const share = stage.ns / (1e9 * stage.measuredSeconds);
        if (busy < LOADED_SHARE || share < busy * STAGE_SHARE) return [];
        return [
          {
            subject: nameOfLcore(lcore),
            title: `spends ${formatPercent(Math.min(1, share))} of its time in stage ${stage.name}`,
            evidence: [
              `${formatTime(stage.ns)} in ${formatCount(stage.calls)} calls` +
                (stage.packets === 0 ? '' : `, ${formatTime(stage.ns / stage.packets)} a packet`),
            ],
            next: [liveStep(seen, `perf top -t ${lcore.tid}`, 'which functions the time goes to')],
          },
        ];
      }),
  },
];

function stageSteps(seen: Observation) {
  if (seen.stages.length === 0) return [];
  return [
    traceStep(
      seen,
      'app:dataplane:stage_begin { @t = nsecs; } app:dataplane:stage_end { @[str(args.stage)] = sum(nsecs - @t); }',
      'which stage the time goes to',
    ),
  ];
}
