/** How queues are polled: how full bursts are, who polls them, and how the load spreads. */
import type { Observation, PortObservation, QueueObservation } from '../observation.ts';
import type { Rule, Sighting } from '../rule.ts';
import { formatCount, formatPercent, formatTime, nameOfPort, traceStep } from '../words.ts';

/** Fewer polls than this say nothing. */
const LEAST_POLLS = 100;
const FULL_SHARE = 0.9;
const EMPTY_SHARE = 0.01;
/** Before a queue is called hot: so many counted packets, at such a rate of the port. */
const LEAST_PACKETS = 200;
const LEAST_PPS = 5000;

export const polling: readonly Rule[] = [
  {
    name: 'burst-at-maximum',
    severity: 'warning',
    meaning:
      'Nearly every poll gives as many packets as were asked for, so that more of them wait in the queue: the thread is behind. ' +
      'Packets wait the longer the more there are, and are dropped when the descriptors are used up.',
    look: (seen) =>
      inQueues(seen).flatMap((queue): Sighting[] => {
        const { askedBurst, bySize, countsEmptyPolls } = queue;
        const calls = callsOf(queue);
        if (askedBurst === undefined || askedBurst < 2) return [];
        const full = bySize.slice(askedBurst).reduce((sum, count) => sum + count, 0);
        if (calls < LEAST_POLLS || full < calls * FULL_SHARE) return [];
        const polls = countsEmptyPolls ? 'polls' : 'polls that gave any';
        return [
          {
            subject: nameOfQueue(queue, seen),
            title: `gives full bursts in ${formatPercent(full / calls)} of its ${polls}`,
            evidence: [
              `${formatCount(full)} of ${formatCount(calls)} ${polls} gave all ${askedBurst} packets asked for`,
            ],
            next: [traceStep(seen, `${pollOf(queue)} { @ = hist(args.nb_rx); }`, 'how full bursts are')],
          },
        ];
      }),
  },
  {
    name: 'no-empty-polls',
    severity: 'warning',
    meaning:
      'An empty poll is how a polling thread waits. One that makes none has no time left: the load may not grow, and each stall ' +
      'has to be paid back by dropped packets.',
    look: (seen) =>
      inQueues(seen).flatMap((queue): Sighting[] => {
        const calls = callsOf(queue);
        const empty = queue.bySize[0] ?? 0;
        // A replay polls only when there are packets; a recording may have bursts only.
        if (!queue.countsEmptyPolls || calls < LEAST_POLLS || empty > calls * EMPTY_SHARE) return [];
        return [
          {
            subject: nameOfQueue(queue, seen),
            title: `${empty === 0 ? 'none' : formatPercent(empty / calls)} of its polls are empty`,
            evidence: [`${formatCount(empty)} of ${formatCount(calls)} polls brought nothing`],
            next: [
              traceStep(
                seen,
                'dpdk:rx_poll { @[args.port, args.queue] = lhist(args.nb_rx, 0, 33, 1); }',
                'all queues',
              ),
            ],
          },
        ];
      }),
  },
  {
    name: 'hot-queue',
    severity: 'warning',
    meaning:
      "One receive queue gets most of a port's packets, so that one lcore works and the others wait. Either one flow is so " +
      'large, which RSS cannot spread, or the hash sees too little: a key or a set of header fields that does not tell these ' +
      'flows apart (tunnels, fragments, protocols without ports), or a table of queues that leaves some out.',
    look: (seen) => seen.ports.flatMap((port) => hotQueueOf(port, seen)),
  },
  {
    name: 'queue-not-polled',
    severity: 'bad',
    meaning: 'What the adapter puts into a queue that nobody polls is lost when its descriptors are used up.',
    look: (seen) => {
      // A replay polls only when there are packets; a recording may have been asked for some queues only.
      if (seen.source !== 'application' || inQueues(seen).length === 0) return [];
      return seen.ports.flatMap((port): Sighting[] => {
        const mine = inQueues(seen).filter(({ portId }) => portId === port.portId);
        if (mine.some(({ queueId }) => queueId === undefined)) return [];
        const polled = new Set(mine.filter((queue) => callsOf(queue) > 0).map(({ queueId }) => queueId));
        const others = Array.from({ length: port.rxQueues ?? 0 }, (_, id) => id).filter(
          (id) => !polled.has(id),
        );
        if (others.length === 0) return [];
        return [
          {
            subject: nameOfPort(port),
            title:
              others.length === 1
                ? `queue ${others[0]} is not polled`
                : `queues ${others.join(', ')} are not polled`,
            evidence: [`of its ${port.rxQueues} receive queues ${polled.size} were polled`],
            next: [
              traceStep(
                seen,
                `dpdk:rx_poll:${port.portId} { @[args.queue, tid] = count(); }`,
                'who polls what',
              ),
            ],
          },
        ];
      });
    },
  },
  {
    name: 'nobody-polls',
    severity: 'bad',
    meaning:
      'The application receives from no port: it has not started to forward, is stuck, or takes its packets in another way than ' +
      'rte_eth_rx_burst (event devices, private interfaces of drivers), which hone does not see.',
    look: (seen) => {
      // What a thread does with its time is watched in other whiles than bursts are.
      const isPolled = seen.lcores.length > 0 || inQueues(seen).some((queue) => callsOf(queue) > 0);
      if (seen.source !== 'application' || seen.ports.length === 0 || seen.countedSeconds === 0 || isPolled)
        return [];
      return [
        {
          subject: seen.label,
          title: 'no thread polls a port',
          evidence: [
            `no call of rte_eth_rx_burst was seen in ${formatTime(1e9 * seen.countedSeconds)} of counting`,
          ],
          next: [
            {
              command: `top -H -p ${seen.pid}`,
              tells: 'which of its threads run',
            },
          ],
        },
      ];
    },
  },
  {
    name: 'small-bursts',
    severity: 'note',
    meaning:
      'Each call of the driver costs the same however few packets it gives; with small bursts under load that price is paid for ' +
      'nearly every packet. Polling less often, or more queues on one lcore, makes bursts larger.',
    look: (seen) =>
      inQueues(seen).flatMap((queue): Sighting[] => {
        const calls = callsOf(queue);
        const empty = queue.bySize[0] ?? 0;
        const average = queue.packets / Math.max(1, calls - empty);
        if (!queue.countsEmptyPolls) return [];
        if (calls - empty < LEAST_POLLS || empty > calls * 0.1 || average > SMALL_BURST) return [];
        return [
          {
            subject: nameOfQueue(queue, seen),
            title: `bursts have ${average.toFixed(1)} packets under load`,
            evidence: [
              `${formatCount(queue.packets)} packets in ${formatCount(calls - empty)} bursts, ${formatPercent(empty / calls)} of the polls empty`,
            ],
            next: [
              traceStep(seen, `${pollOf(queue)} { @ = lhist(args.nb_rx, 0, 33, 1); }`, 'how full bursts are'),
            ],
          },
        ];
      }),
  },
];

/** Packets a burst: an eighth of the usual 32. */
const SMALL_BURST = 4;

function inQueues({ queues }: Observation): QueueObservation[] {
  return queues.filter(({ direction }) => direction === 'in');
}

function callsOf({ bySize }: QueueObservation): number {
  return bySize.reduce((sum, count) => sum + count, 0);
}

function pollOf({ portId, queueId }: QueueObservation): string {
  return `dpdk:rx_poll:${portId}${queueId === undefined ? '' : `:${queueId}`}`;
}

function nameOfQueue({ portId, queueId }: QueueObservation, { ports }: Observation): string {
  const port = nameOfPort(ports.find((one) => one.portId === portId) ?? { portId, name: '' });
  return queueId === undefined ? port : `${port} queue ${queueId}`;
}

function hotQueueOf(port: PortObservation, seen: Observation): Sighting[] {
  const mine = inQueues(seen).filter(
    ({ portId, queueId }) => portId === port.portId && queueId !== undefined,
  );
  const queues = Math.max(port.rxQueues ?? 0, mine.length);
  const sum = mine.reduce((all, { packets }) => all + packets, 0);
  const hottest = mine.toSorted((a, b) => b.packets - a.packets)[0];
  if (queues < 2 || hottest === undefined || sum < LEAST_PACKETS) return [];
  if (sum < LEAST_PPS * hottest.countedSeconds) return [];
  const share = hottest.packets / sum;
  // Twice its part; of two queues that would be all.
  if (share < Math.min(0.8, 2 / queues)) return [];
  const { traffic } = seen;
  const [largest] = traffic?.flows ?? [];
  const flowShare = traffic === undefined || largest === undefined ? 0 : largest.packets / traffic.packets;
  // Flows are those of all ports together, so that the queue is compared to all queues.
  const shareOfAll = hottest.packets / inQueues(seen).reduce((all, { packets }) => all + packets, 0);
  return [
    {
      subject: nameOfPort(port),
      title: `queue ${hottest.queueId} gets ${formatPercent(share)} of the packets, one of ${queues} queues`,
      evidence: [
        `packets by queue: ${mine.map(({ queueId, packets }) => `${queueId}: ${formatCount(packets)}`).join(', ')}`,
        ...(largest === undefined
          ? []
          : [
              flowShare >= shareOfAll / 2
                ? `one flow is large enough to make it: ${largest.name} has ${formatPercent(flowShare)} of all packets`
                : `no flow is so large (the largest has ${formatPercent(flowShare)}): it is the hash that does not spread them`,
            ]),
      ],
      next: [
        traceStep(
          seen,
          `dpdk:rx_packet:${port.portId} { @[args.queue, args.hash] = count(); }`,
          'which hashes there are, and where they go',
        ),
      ],
    },
  ];
}
