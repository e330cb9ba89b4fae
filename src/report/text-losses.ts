/** Losses on the way of a packet, from the wire through the application to the wire. */
import { formatCount, formatPercent, formatTime, type Observation } from '../findings/index.ts';
import { formatColumns } from './text-table.ts';

export function formatLosses(observation: Observation): string[] {
  const { ports, drops = [], stages, seconds } = observation;
  const arrived = ports.reduce((sum, { rxPackets, missed }) => sum + (rxPackets ?? 0) + (missed ?? 0), 0);
  const rows = [
    ...ports.flatMap(
      ({ portId, missed, noMbuf, rxErrors }) =>
        [
          ['adapter', `port ${portId}: no free descriptor`, missed],
          ['adapter', `port ${portId}: errors`, rxErrors],
          ['driver', `port ${portId}: no mbuf`, noMbuf],
        ] as const,
    ),
    ...drops.map(({ portId, reason, packets }) => {
      const from = portId === undefined ? '' : `, from port ${portId}`;
      return ['application', `${reason}${from}`, packets] as const;
    }),
    ...ports.flatMap(({ portId, txErrors }) => [['driver', `port ${portId}: not sent`, txErrors]] as const),
  ];
  const lost = rows.filter(([, , count]) => (count ?? 0) > 0);
  const unknown = rows.filter(([, , count]) => count === undefined).length;
  return [
    ...(lost.length === 0
      ? [rows.length > unknown ? 'nothing was lost where losses are counted' : 'not known']
      : formatColumns(
          ['stage', 'packets', 'a second', 'of what arrived', 'cause'],
          lost.map(([stage, cause, count]) => [
            stage,
            formatCount(count!),
            seconds === 0 ? '-' : formatCount(count! / seconds),
            arrived === 0 ? '-' : formatPercent(count! / arrived),
            cause,
          ]),
        )),
    ...(unknown === 0
      ? []
      : [
          unknown === 1
            ? '1 place does not count what it loses'
            : `${unknown} places do not count what they lose`,
        ]),
    ...(stages.length === 0
      ? []
      : [
          '',
          'stages of the application:',
          ...formatColumns(
            ['stage', 'thread', 'calls', 'a call', 'a packet', 'of the time'],
            stages.map(({ name, tid, calls, ns, packets, measuredSeconds }) => [
              name,
              `${tid}`,
              formatCount(calls),
              calls === 0 ? '-' : formatTime(ns / calls),
              packets === 0 ? '-' : formatTime(ns / packets),
              measuredSeconds === 0 ? '-' : formatPercent(ns / (1e9 * measuredSeconds)),
            ]),
          ),
        ]),
  ];
}
