/** Losses on the way of a packet, from the wire through the application to the wire. */
import { formatCount, formatPercent, formatTime, type Observation } from '../findings/index.ts';
import { formatColumns } from './text-table.ts';

export function formatLosses(observation: Observation): string[] {
  const { ports, drops = [], stages } = observation;
  const arrivedPps = ports.reduce(
    (sum, { rxPackets = 0, missed = 0, seconds }) => sum + (rxPackets + missed) / seconds,
    0,
  );
  const rows = [
    ...ports.flatMap(
      ({ portId, seconds, missed, noMbuf, rxErrors }) =>
        [
          ['adapter', `port ${portId}: no free descriptor`, missed, seconds],
          ['adapter', `port ${portId}: errors`, rxErrors, seconds],
          ['driver', `port ${portId}: no mbuf`, noMbuf, seconds],
        ] as const,
    ),
    ...drops.map(({ portId, reason, packets, countedSeconds }) => {
      const from = portId === undefined ? '' : `, from port ${portId}`;
      return ['application', `${reason}${from}`, packets, countedSeconds] as const;
    }),
    ...ports.flatMap(
      ({ portId, seconds, txErrors }) => [['driver', `port ${portId}: not sent`, txErrors, seconds]] as const,
    ),
  ];
  const lost = rows.filter(([, , count]) => (count ?? 0) > 0);
  const unknown = rows.filter(([, , count]) => count === undefined).length;
  return [
    ...(lost.length === 0
      ? [rows.length > unknown ? 'nothing was lost where losses are counted' : 'not known']
      : formatColumns(
          ['stage', 'packets', 'in', 'a second', 'of what arrived', 'cause'],
          lost.map(([stage, cause, count, seconds]) => [
            stage,
            formatCount(count!),
            formatTime(1e9 * seconds),
            seconds === 0 ? '-' : formatCount(count! / seconds),
            arrivedPps === 0 || seconds === 0 ? '-' : formatPercent(count! / seconds / arrivedPps),
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
