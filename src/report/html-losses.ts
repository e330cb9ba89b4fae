/** Where packets were lost on their way from the wire through the application to the wire, and the time that its stages take. */
import { barChart, formatQuantity, html, type Markup } from '../chart/index.ts';
import type { Observation, StageObservation } from '../findings/index.ts';
import { boundedTable, clip, figure, shareOf } from './html-tables.ts';

interface Loss {
  readonly stage: string;
  readonly where: string;
  readonly cause: string;
  readonly packets: number | undefined;
  /** For how long they were counted. */
  readonly seconds: number;
}

const MOST_STAGES = 16;

export function formatLosses(observation: Observation): Markup {
  const losses = lossesOf(observation);
  const known = losses.filter(({ packets }) => packets !== undefined && packets > 0);
  const shown = known.toSorted((a, b) => b.packets! / b.seconds - a.packets! / a.seconds);
  const notKnown = losses.length - losses.filter(({ packets }) => packets !== undefined).length;
  const none = losses.some(({ packets }) => packets !== undefined)
    ? html`<p>No packet was lost where losses are counted.</p>`
    : html`<p>Nothing that counts losses was seen.</p>`;
  const table = boundedTable({
    caption: 'Lost packets, by the stage in which they were lost',
    columns: [
      { title: 'stage' },
      { title: 'where' },
      { title: 'cause' },
      { title: 'packets', isNumber: true },
      { title: 'in', isNumber: true },
    ],
    rows: shown.map(({ stage, where, cause, packets, seconds }) => [
      ...[stage, where, cause],
      packets,
      formatQuantity(seconds * 1e9, 'ns'),
    ]),
  });
  return html`${shown.length === 0 ? none : table}
${notKnown > 0 ? html`<p class="muted">${notKnown} of ${losses.length} places are not counted.</p>` : undefined}
${formatStages(observation.stages)}`;
}

function lossesOf({ ports, drops = [] }: Observation): Loss[] {
  return [
    ...ports.flatMap((port): Loss[] => {
      const { seconds } = port;
      const where = `port ${port.portId} ${port.name}`;
      return [
        {
          stage: 'receive',
          where,
          cause: 'no free descriptor: it is polled too seldom',
          packets: port.missed,
          seconds,
        },
        { stage: 'receive', where, cause: 'no free buffer in the mempool', packets: port.noMbuf, seconds },
        { stage: 'receive', where, cause: 'bad packets', packets: port.rxErrors, seconds },
        { stage: 'transmit', where, cause: 'errors of the driver', packets: port.txErrors, seconds },
      ];
    }),
    ...drops.map(({ portId, reason, packets, countedSeconds }): Loss => {
      const where = portId === undefined ? 'application' : `from port ${portId}`;
      return { stage: 'application', where, cause: reason, packets, seconds: countedSeconds };
    }),
  ];
}

function formatStages(stages: readonly StageObservation[]): Markup | undefined {
  if (stages.length === 0) return undefined;
  const byTime = stages.toSorted((a, b) => b.ns - a.ns);
  const bars = byTime.slice(0, MOST_STAGES).map((stage) => ({
    label: clip(stage.name),
    median: shareOf(stage.ns, stage.calls),
    note: `thread ${stage.tid}`,
  }));
  return figure(
    'Time of a stage, on average',
    barChart({ title: 'Time of a stage, on average', unit: 'ns', bars }),
    {
      caption: 'Stages that the application marks',
      columns: [
        { title: 'stage' },
        ...['thread', 'calls', 'time', 'a call', 'a packet'].map((title) => ({ title, isNumber: true })),
      ],
      rows: byTime.map(({ name, tid, calls, ns, packets }) => {
        const [perCall, perPacket] = [shareOf(ns, calls), shareOf(ns, packets)];
        return [
          name,
          String(tid),
          calls,
          formatQuantity(ns, 'ns'),
          perCall === undefined ? undefined : formatQuantity(perCall, 'ns'),
          perPacket === undefined ? undefined : formatQuantity(perPacket, 'ns'),
        ];
      }),
    },
  );
}
