/** What the application says that it drops, and what traffic does to it. */
import type { NextStep } from '../finding.ts';
import type { Observation } from '../observation.ts';
import type { Rule, Sighting } from '../rule.ts';
import { formatCount, formatPercent, nameOfPort, packetsStep, traceStep } from '../words.ts';

/** Of all bytes: more than half of it cannot be spread over two lcores. */
const FLOW_SHARE = 0.5;
const LEAST_PACKETS = 100;
const MOST_STEPS = 3;

export const application: readonly Rule[] = [
  {
    name: 'application-drops',
    severity: 'bad',
    meaning:
      'The application received these packets and decided to drop them. Whether that is its task (denied, rate) or a fault ' +
      '(no_route, tx_full, no_memory) is told by the reason; who sends such packets is told by the packets.',
    look: (seen) => {
      const { drops = [] } = seen;
      if (drops.every(({ packets }) => packets === 0)) return [];
      const pps = drops.reduce((sum, drop) => sum + drop.packets / drop.countedSeconds, 0);
      const packets = drops.reduce((sum, drop) => sum + drop.packets, 0);
      const reasons = [...new Set(drops.map(({ reason }) => reason))];
      return [
        {
          subject: 'application',
          title: `drops ${Number.isFinite(pps) ? `${formatCount(pps)} packets/s` : `${formatCount(packets)} packets`}: ${reasons.join(', ')}`,
          evidence: drops
            .toSorted((a, b) => b.packets - a.packets)
            .map(
              ({ portId, reason, packets, countedSeconds }) =>
                `${reason}: ${formatCount(packets)} packets${portId === undefined ? '' : ` from ${nameOfPortId(portId, seen)}`} in ${countedSeconds.toFixed(1)} s`,
            ),
          next: stepsOf(reasons, seen),
        },
      ];
    },
  },
  {
    name: 'elephant-flow',
    severity: 'note',
    meaning:
      'One flow goes to one queue and one lcore, however many there are: its rate is limited by what one lcore can do.',
    look: ({ traffic, ports, ...seen }): Sighting[] => {
      const [largest, next] = traffic?.flows ?? [];
      if (traffic === undefined || largest === undefined || next === undefined) return [];
      const share = largest.bytes / traffic.bytes;
      if (traffic.packets < LEAST_PACKETS || share < FLOW_SHARE) return [];
      return [
        {
          subject: 'traffic',
          title: `one flow has ${formatPercent(share)} of the bytes`,
          evidence: [
            `${largest.name}: ${formatCount(largest.packets)} of ${formatCount(traffic.packets)} packets`,
          ],
          next: [
            traceStep(
              { traffic, ports, ...seen },
              'dpdk:rx_packet { @[ip.src, ip.dst] = sum(args.len); }',
              'bytes by addresses',
            ),
          ],
        },
      ];
    },
  },
];

/** What shows which packets they are; once for all of which nothing does, how many there are of each. */
function stepsOf(reasons: readonly string[], seen: Observation): readonly (NextStep | undefined)[] {
  const steps = reasons.map((reason) => packetSteps(reason, seen).filter((step) => step !== undefined));
  if (steps.every(({ length }) => length > 0)) return steps.flat().slice(0, MOST_STEPS);
  const script = 'app:dataplane:drop { @[args.port, args.reason] = count(); }';
  const counts = traceStep(seen, script, 'drops by port and reason');
  return [...steps.flat().slice(0, MOST_STEPS - 1), counts];
}

function packetSteps(reason: string, seen: Observation): readonly (NextStep | undefined)[] {
  const portId = seen.drops?.find((drop) => drop.reason === reason)?.portId ?? seen.ports[0]?.portId ?? 0;
  switch (reason) {
    case 'ttl':
      return [
        traceStep(
          seen,
          'dpdk:rx_packet /ip.ttl <= 1/ { @[ip.src, ip.dst] = count(); }',
          'who sends packets whose TTL is over',
        ),
        packetsStep(seen, portId, 'ip[8] <= 1', 'such packets'),
      ];
    case 'tx_full':
    case 'ring_full':
      return [
        traceStep(
          seen,
          'dpdk:tx_burst { @[args.port] = hist(args.nb_tx); }',
          'how large the bursts are that are sent',
        ),
      ];
    case 'unsupported':
      return [traceStep(seen, 'dpdk:rx_packet { @[eth.type] = count(); }', 'which protocols arrive')];
    case 'no_route':
    case 'no_neighbor':
    case 'denied':
      return [traceStep(seen, 'dpdk:rx_packet { @[ip.dst] = count(); }', 'where packets want to go')];
    case 'too_long':
      return [traceStep(seen, 'dpdk:rx_packet { @ = hist(args.len); }', 'how long packets are')];
    default:
      return [];
  }
}

function nameOfPortId(portId: number, { ports }: Observation): string {
  return nameOfPort(ports.find((port) => port.portId === portId) ?? { portId, name: '' });
}
