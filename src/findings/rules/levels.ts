/** Mempools that run dry and rings that run full. */
import type { Rule, Sighting } from '../rule.ts';
import { formatCount, formatPercent, traceStep } from '../words.ts';

/** What is left for a burst of traffic. */
const LOW_SHARE = 0.1;

export const levels: readonly Rule[] = [
  {
    name: 'mempool-low',
    severity: 'warning',
    meaning:
      'Few buffers are left: receive queues will find none when more packets are in flight. The pool needs one for each descriptor of ' +
      "all queues, for each lcore's cache, and for all packets that wait anywhere; a level that only falls is a leak.",
    look: (seen) =>
      seen.mempools.flatMap(({ name, size, least, average }): Sighting[] => {
        if (size === 0 || least > size * LOW_SHARE) return [];
        return [
          {
            ...(least === 0 && { severity: 'bad' as const }),
            subject: `mempool ${name}`,
            title:
              least === 0 ? 'was empty' : `had ${formatPercent(least / size)} of its elements free at least`,
            evidence: [
              `${formatCount(least)} of ${formatCount(size)} free at least, ${formatCount(average)} on average`,
            ],
            next: [
              traceStep(
                seen,
                'dpdk:mempool_level { @[str(args.name)] = stats(args.available); }',
                'levels of all mempools',
              ),
            ],
          },
        ];
      }),
  },
  {
    name: 'ring-full',
    severity: 'warning',
    meaning:
      'Who takes from the ring is slower than who puts into it: packets wait, and are dropped or refused when it is full.',
    look: (seen) =>
      seen.rings.flatMap(({ name, size, most, average }): Sighting[] => {
        if (size === 0 || most < size * (1 - LOW_SHARE)) return [];
        return [
          {
            ...(most >= size && { severity: 'bad' as const }),
            subject: `ring ${name}`,
            title: most >= size ? 'was full' : `was ${formatPercent(most / size)} full`,
            evidence: [
              `${formatCount(most)} of ${formatCount(size)} used at most, ${formatCount(average)} on average`,
            ],
            next: [
              traceStep(
                seen,
                'dpdk:ring_level { @[str(args.name)] = stats(args.count); }',
                'levels of all rings',
              ),
            ],
          },
        ];
      }),
  },
];
