/** Packets that ports lose: before the application sees them, and after it has given them away. */
import type { Observation, PortObservation } from '../observation.ts';
import type { Rule, Sighting } from '../rule.ts';
import {
  busyShare,
  formatCount,
  formatPercent,
  formatTime,
  liveStep,
  nameOfLcore,
  nameOfPort,
  packetsStep,
  traceStep,
} from '../words.ts';

/** An lcore that waits less has no room for a burst of traffic. */
export const BUSY_SHARE = 0.95;
/** Drivers refuse a packet now and then; what is above is worth a look. */
const REFUSED_SHARE = 0.01;

export const portLosses: readonly Rule[] = [
  {
    name: 'adapter-drops',
    severity: 'bad',
    meaning:
      'The adapter had a packet and found no free receive descriptor for it: the queue is not polled often enough. With a busy ' +
      'lcore, it needs less work a packet, or more queues and lcores; with one that has time, something keeps it away from ' +
      'polling now and then: longer descriptor rings bridge that, its cause is better found.',
    look: (seen) =>
      portsWith(
        seen,
        ({ missed }) => missed,
        (port, missed) => ({
          subject: nameOfPort(port),
          title: `the adapter drops ${formatPercent(missed / (missed + (port.rxPackets ?? 0)))} of what arrives`,
          evidence: [
            `${formatCount(missed)} packets in ${formatTime(1e9 * port.seconds)} found no free receive descriptor (imissed), ` +
              `${formatCount(port.rxPackets ?? 0)} were received`,
            ...pollersOf(port, seen),
          ],
          next: [
            traceStep(
              seen,
              `dpdk:rx_poll:${port.portId} { if (@last > 0) { @gap = hist(nsecs - @last); } @last = nsecs; }`,
              'how long the port waits from one poll to the next',
            ),
          ],
        }),
      ),
  },
  {
    name: 'no-mbuf',
    severity: 'bad',
    meaning:
      'A receive queue asked its mempool for a buffer and got none: the pool is too small for all descriptors, caches and packets ' +
      'in flight, or somebody does not give mbufs back.',
    look: (seen) =>
      portsWith(
        seen,
        ({ noMbuf }) => noMbuf,
        (port, noMbuf) => ({
          subject: nameOfPort(port),
          title: 'no mbuf is free for what arrives',
          evidence: [
            `${formatCount(noMbuf)} allocations failed in ${formatTime(1e9 * port.seconds)} (rx_nombuf)`,
            ...seen.mempools.map(
              ({ name, least, size }) =>
                `mempool ${name} had ${formatCount(least)} of ${formatCount(size)} free at least`,
            ),
          ],
          next: [
            traceStep(
              seen,
              'dpdk:mempool_level { @[str(args.name)] = min(args.available); }',
              'which mempool runs dry',
            ),
          ],
        }),
      ),
  },
  {
    name: 'rx-errors',
    severity: 'warning',
    meaning:
      'The adapter received packets that are broken: a cable or transceiver, a wrong length or checksum, or a mode that both ends ' +
      'do not share. They never reach the application.',
    look: (seen) =>
      portsWith(
        seen,
        ({ rxErrors }) => rxErrors,
        (port, errors) => ({
          subject: nameOfPort(port),
          title: `${formatCount(errors / port.seconds)} packets/s arrive with errors`,
          evidence: [`${formatCount(errors)} in ${formatTime(1e9 * port.seconds)} (ierrors)`],
          next: [],
        }),
      ),
  },
  {
    name: 'tx-errors',
    severity: 'bad',
    meaning:
      'The driver took packets and could not send them: they are lost. Often they are longer than the port allows, ask for an ' +
      'offload that it does not have, or its other end is down.',
    look: (seen) =>
      portsWith(
        seen,
        ({ txErrors }) => txErrors,
        (port, errors) => ({
          subject: nameOfPort(port),
          title: `${formatCount(errors / port.seconds)} packets/s are not sent`,
          evidence: [`${formatCount(errors)} in ${formatTime(1e9 * port.seconds)} (oerrors)`],
          next: [
            traceStep(
              seen,
              `dpdk:tx_packet:${port.portId} { @[args.len, args.ol_flags] = count(); }`,
              'their lengths and the offloads that they ask for',
            ),
          ],
        }),
      ),
  },
  {
    name: 'tx-refused',
    severity: 'warning',
    meaning:
      'rte_eth_tx_burst took fewer packets than it was offered: the transmit queue is full. The application drops the rest or ' +
      'offers it again, which costs it time. The way out is slower than the way in, or what is sent comes in bursts that are ' +
      'longer than the ring.',
    look: (seen) =>
      seen.ports.flatMap((port): Sighting[] => {
        const { refused, offered } = port;
        if (refused === undefined || offered === undefined || refused <= offered * REFUSED_SHARE) return [];
        return [
          {
            subject: nameOfPort(port),
            title: `refuses ${formatPercent(refused / offered)} of what it is offered for sending`,
            evidence: [
              `at least ${formatCount(refused)} of ${formatCount(offered)} packets, in the whiles in which bursts were counted`,
            ],
            next: [
              traceStep(
                seen,
                `dpdk:tx_burst:${port.portId} { @ = hist(args.nb_tx); }`,
                'how large the bursts are',
              ),
            ],
          },
        ];
      }),
  },
  {
    name: 'link-down',
    severity: 'warning',
    meaning: 'No packet passes a port without a link, and what is sent to it is lost or waits.',
    look: (seen) =>
      seen.ports
        .filter(({ isUp }) => isUp === false)
        .map((port) => ({
          subject: nameOfPort(port),
          title: 'the link is down',
          evidence: [],
          next: [liveStep(seen, 'hone ports', 'state and speed of all ports')],
        })),
  },
  {
    name: 'link-full',
    severity: 'warning',
    meaning:
      'The wire has no room for more, whatever the application does: preamble and gap (20 bytes) and check sequence (4 bytes) ' +
      'of each packet are counted.',
    look: (seen) =>
      seen.ports.flatMap((port) => [...fullOf(port, seen, 'receives'), ...fullOf(port, seen, 'sends')]),
  },
];

/** Of ports for which the counter is known and above 0. */
function portsWith(
  { ports }: Observation,
  counter: (port: PortObservation) => number | undefined,
  sighting: (port: PortObservation, count: number) => Sighting,
): Sighting[] {
  return ports.flatMap((port) => {
    const count = counter(port) ?? 0;
    return count > 0 ? [sighting(port, count)] : [];
  });
}

function pollersOf({ portId }: PortObservation, { source, queues, lcores }: Observation): string[] {
  const tids = new Set(
    queues
      .filter((queue) => queue.portId === portId && queue.direction === 'in')
      .flatMap((queue) => queue.tids),
  );
  if (tids.size === 0) return queues.length === 0 || source === 'recording' ? [] : ['nobody polls it'];
  return lcores
    .filter(({ tid }) => tids.has(tid))
    .map((lcore) => {
      const share = busyShare(lcore);
      const room = share >= BUSY_SHARE ? 'no time is left' : 'it has time, but comes too late';
      return `${nameOfLcore(lcore)} polls it and is ${formatPercent(share)} busy: ${room}`;
    });
}

const LINK_SHARE = 0.9;
/** Virtual devices state speeds that they do not keep to. */
const POSSIBLE_SHARE = 1.02;
const BYTES_ON_WIRE = 24;

function fullOf(port: PortObservation, seen: Observation, verb: 'receives' | 'sends'): Sighting[] {
  const [packets, bytes] =
    verb === 'receives' ? [port.rxPackets, port.rxBytes] : [port.txPackets, port.txBytes];
  if (packets === undefined || bytes === undefined || port.speedMbps === undefined) return [];
  const share = (8 * (bytes + packets * BYTES_ON_WIRE)) / port.seconds / (1e6 * port.speedMbps);
  if (share < LINK_SHARE || share > POSSIBLE_SHARE) return [];
  return [
    {
      subject: nameOfPort(port),
      title: `${verb} at ${formatPercent(Math.min(1, share))} of the link's speed`,
      evidence: [
        `${formatCount(packets / port.seconds)} packets/s of ${formatCount(bytes / Math.max(1, packets))} bytes at ` +
          `${formatCount(port.speedMbps)} Mbit/s`,
      ],
      next: [packetsStep(seen, port.portId, '', 'what it is made of')],
    },
  ];
}
