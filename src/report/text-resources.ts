/** Each resource by Gregg's USE method: how much of it is used, what waits for it, what fails. */
import {
  busyShare,
  formatCount,
  formatPercent,
  formatTime,
  type LevelObservation,
  nameOfLcore,
  type Observation,
} from '../findings/index.ts';
import { formatColumns } from './text-table.ts';

const HEADER = ['resource', 'utilisation', 'saturation', 'errors'] as const;

export function formatResources(observation: Observation): string[] {
  const rows = [
    ...lcoreRows(observation),
    ...queueRows(observation),
    ...portRows(observation),
    ...observation.mempools.map((pool) => levelRow('mempool', pool, pool.size - pool.least)),
    ...observation.rings.map((ring) => levelRow('ring', ring, ring.most)),
  ];
  return rows.length === 0 ? [] : formatColumns(HEADER, rows, 'words');
}

function lcoreRows({ lcores }: Observation): string[][] {
  return lcores.map((lcore) => {
    const { longestGapNs, involuntarySwitches, busyNs, packets } = lcore;
    const price = packets === 0 ? '' : `, ${formatTime(busyNs / packets)} a packet`;
    return [
      nameOfLcore(lcore),
      `${formatPercent(busyShare(lcore))} busy${price}`,
      longestGapNs === undefined ? '-' : `longest without a poll ${formatTime(longestGapNs)}`,
      involuntarySwitches === undefined ? '-' : `${formatCount(involuntarySwitches)} times off its processor`,
    ];
  });
}

function queueRows({ queues }: Observation): string[][] {
  return queues.map(({ portId, queueId, direction, bySize, packets, askedBurst, countsEmptyPolls }) => {
    const calls = bySize.reduce((sum, count) => sum + count, 0);
    const empty = bySize[0] ?? 0;
    const average = calls === empty ? '-' : (packets / (calls - empty)).toFixed(1);
    const full =
      askedBurst === undefined ? undefined : bySize.slice(askedBurst).reduce((sum, count) => sum + count, 0);
    return [
      `port ${portId} ${direction === 'in' ? 'rx' : 'tx'} queue ${queueId ?? 'all'}`,
      `bursts of ${average}`,
      direction === 'out' || calls === 0
        ? '-'
        : [
            countsEmptyPolls ? `${formatPercent(empty / calls)} of polls empty` : 'empty polls not known',
            ...(full === undefined ? [] : [`${formatPercent(full / calls)} full`]),
          ].join(', '),
      '-',
    ];
  });
}

function portRows({ ports }: Observation): string[][] {
  return ports.map((port) => {
    const { portId, seconds, name, speedMbps, rxBytes, txBytes, missed, refused, offered } = port;
    const share = (bytes: number | undefined) =>
      bytes === undefined || !speedMbps || seconds === 0
        ? '-'
        : formatPercent((8 * bytes) / seconds / (1e6 * speedMbps));
    const errors = [
      ['rx errors', port.rxErrors],
      ['no mbuf', port.noMbuf],
      ['tx errors', port.txErrors],
    ] as const;
    const known = errors.filter(([, count]) => count !== undefined);
    return [
      `port ${portId} ${name}`,
      `${share(rxBytes)} in, ${share(txBytes)} out of ${speedMbps === undefined ? 'unknown speed' : `${formatCount(speedMbps)} Mbit/s`}`,
      [
        missed === undefined ? undefined : `missed ${formatCount(missed)}`,
        refused === undefined || !offered ? undefined : `refused ${formatPercent(refused / offered)}`,
      ]
        .filter((part) => part !== undefined)
        .join(', ') || '-',
      known.length === 0 ? '-' : known.map(([what, count]) => `${what} ${formatCount(count!)}`).join(', '),
    ];
  });
}

function levelRow(kind: string, { name, size, least, most }: LevelObservation, used: number): string[] {
  return [
    `${kind} ${name}`,
    size === 0 ? '-' : `${formatPercent(used / size)} used at most`,
    kind === 'ring'
      ? `${formatCount(most)} of ${formatCount(size)}`
      : `${formatCount(least)} of ${formatCount(size)} free at least`,
    '-',
  ];
}
