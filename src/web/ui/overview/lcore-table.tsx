/** Lcores and the queues that they poll: how busy they are, and how full their bursts. */
import type { JSX } from 'preact';
import type { ApplicationView, LcoreView } from '../../protocol/index.ts';
import { Scroll } from '../scroll.tsx';
import { formatPercent, formatShort } from '../units.ts';
import { orDash } from './history.ts';

export function lcoreName({ lcore, name }: LcoreView): string {
  return lcore === null ? name : `lcore ${lcore}`;
}

export function LcoreTable({ application }: { readonly application: ApplicationView }): JSX.Element {
  return (
    <Scroll name="Lcores">
      <table>
        <caption>Lcores</caption>
        <thead>
          <tr>
            <th scope="col">Lcore</th>
            <th scope="col">Busy</th>
            <th scope="col" class="n">
              Empty polls
            </th>
            <th scope="col" class="n">
              Packets/s
            </th>
            <th scope="col" class="n">
              ns a packet
            </th>
          </tr>
        </thead>
        <tbody>
          {application.lcores.map((lcore) => (
            <tr key={lcore.tid}>
              <th scope="row" title={`thread ${lcore.tid}, ${lcore.name}`}>
                {lcoreName(lcore)}
              </th>
              <td>{lcore.busyShare === null ? '–' : <Meter share={lcore.busyShare} />}</td>
              <td class="n">{orDash(lcore.emptyShare, formatPercent)}</td>
              <td class="n">{orDash(lcore.pps, formatShort)}</td>
              <td class="n">{orDash(lcore.nsPerPacket, formatShort)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Meter({ share }: { readonly share: number }): JSX.Element {
  const level = share >= 0.95 ? 'bad' : share >= 0.8 ? 'warning' : 'good';
  return (
    <span class={`meter ${level}`}>
      <span class="track" aria-hidden="true">
        <span class="fill" style={{ width: `${100 * share}%` }} />
      </span>
      {formatPercent(share)}
    </span>
  );
}

export function QueueTable({ application }: { readonly application: ApplicationView }): JSX.Element {
  return (
    <Scroll name="Queues">
      <table>
        <caption>Receive queues</caption>
        <thead>
          <tr>
            <th scope="col">Port</th>
            <th scope="col" class="n">
              Queue
            </th>
            <th scope="col">Polled by</th>
            <th scope="col" class="n">
              Packets/s
            </th>
            <th scope="col" class="n">
              Empty polls
            </th>
            <th scope="col" class="n">
              Burst
            </th>
            <th scope="col">Bursts by size</th>
          </tr>
        </thead>
        <tbody>
          {application.queues.map((queue) => (
            <tr key={`${queue.portId} ${queue.queueId}`}>
              <th scope="row">
                {application.ports.find(({ portId }) => portId === queue.portId)?.name ?? queue.portId}
              </th>
              <td class="n">{queue.queueId ?? 'all'}</td>
              <td>{queue.pollers.join(', ')}</td>
              <td class="n">{orDash(queue.pps, formatShort)}</td>
              <td class="n">{orDash(queue.emptyShare, formatPercent)}</td>
              <td class="n">{orDash(queue.burst, (value) => value.toFixed(1))}</td>
              <td>
                <MiniBars values={queue.bursts.slice(1)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function MiniBars({ values }: { readonly values: readonly number[] }): JSX.Element {
  const most = Math.max(...values, 1);
  return (
    <span class="mini-bars" aria-hidden="true">
      {values.map((value, n) => (
        <span key={n} style={{ height: `${Math.max(value > 0 ? 8 : 0, (100 * value) / most)}%` }} />
      ))}
    </span>
  );
}
