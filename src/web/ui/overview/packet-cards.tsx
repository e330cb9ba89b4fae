/** Sizes and talkers: what costs a program on every packet, and is there when somebody asks for it. */
import type { JSX } from 'preact';
import type { PacketsView } from '../../protocol/index.ts';
import { Bars } from '../bars.tsx';
import { HeatMap } from '../heat-map.tsx';
import { SparkLine } from '../spark-line.tsx';
import { formatCount, formatShort } from '../units.ts';
import type { Moment } from './history.ts';

const SIZE_LABELS: readonly string[] = [
  ...Array.from({ length: 12 }, (_, n) => `${128 * n}–${128 * n + 127}`),
  '≥ 1536',
];
const SPARK_MOMENTS = 60;

export function PacketCards({ moments }: { readonly moments: readonly Moment[] }): JSX.Element | null {
  const now = moments.at(-1)?.application;
  if (now === undefined || now.packets === null) return null;
  const { sizes, talkers, talkerCount, withoutRoom } = now.packets;
  const recent = moments.slice(-SPARK_MOMENTS);
  const bytesOf = (source: string, destination: string) =>
    recent.map(({ application }) => {
      const found = application.packets?.talkers.find(
        (talker) => talker.source === source && talker.destination === destination,
      );
      return found === undefined ? 0 : perSecond(found.bytes, application.packets!);
    });
  return (
    <div class="grid">
      <section class="card" aria-label="Packet sizes">
        <Bars
          title="Packets a second by size in bytes"
          labels={SIZE_LABELS}
          values={sizes.map((count) => perSecond(count, now.packets!))}
          format={(value) => formatShort(value, '/s')}
        />
        <HeatMap
          title="Over time"
          labels={SIZE_LABELS}
          columns={moments.map(({ application }) => application.packets?.sizes ?? [])}
        />
      </section>
      <section class="card wide" aria-label="Top talkers">
        <table>
          <caption>
            Top talkers <small>of {formatCount(talkerCount)} in the last second</small>
          </caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" class="n">
                Rate
              </th>
              <th scope="col">Last minute</th>
            </tr>
          </thead>
          <tbody>
            {talkers.map(({ source, destination, bytes }) => (
              <tr key={`${source} ${destination}`}>
                <td class="mono">{source}</td>
                <td class="mono">{destination}</td>
                <td class="n">{formatShort(perSecond(8 * bytes, now.packets!), 'bit/s')}</td>
                <td>
                  <SparkLine values={bytesOf(source, destination)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {talkers.length === 0 ? <p class="note">No IP packets in the last second.</p> : null}
        {withoutRoom > 0 ? (
          <p class="note">{formatCount(withoutRoom)} packets of flows beyond the table's room</p>
        ) : null}
      </section>
    </div>
  );
}

function perSecond(count: number, { intervalMs }: PacketsView): number {
  return (1000 * count) / Math.max(1, intervalMs);
}
