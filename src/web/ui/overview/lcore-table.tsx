/** Lcores and the queues that they poll: how busy they are, and how full their bursts. */
import type { JSX } from 'preact';
import type { ApplicationView, LcoreView, QueueView } from '../../protocol/index.ts';
import { Scroll } from '../scroll.tsx';
import { formatPercent, formatShort } from '../units.ts';
import { perSecond } from './history.ts';

export function busyShare({ busyNs, idleNs }: LcoreView): number {
  return busyNs + idleNs === 0 ? 0 : busyNs / (busyNs + idleNs);
}

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
              Polls/s
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
              <td>
                <Meter share={busyShare(lcore)} />
              </td>
              <td class="n">{lcore.polls === 0 ? '–' : formatPercent(lcore.emptyPolls / lcore.polls)}</td>
              <td class="n">{formatShort(perSecond(lcore.polls, application))}</td>
              <td class="n">{formatShort(perSecond(lcore.packets, application))}</td>
              <td class="n">{lcore.packets === 0 ? '–' : formatShort(lcore.busyNs / lcore.packets)}</td>
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
            <tr key={`${queue.portId} ${queue.queueId} ${queue.tid}`}>
              <th scope="row">
                {application.ports.find(({ portId }) => portId === queue.portId)?.name ?? queue.portId}
              </th>
              <td class="n">{queue.queueId}</td>
              <td>{queue.lcore === null ? `thread ${queue.tid}` : `lcore ${queue.lcore}`}</td>
              <td class="n">{formatShort(perSecond(queue.packets, application))}</td>
              <td class="n">{queue.polls === 0 ? '–' : formatPercent(queue.emptyPolls / queue.polls)}</td>
              <td class="n">{formatBurst(queue)}</td>
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

function formatBurst({ polls, emptyPolls, packets }: QueueView): string {
  const full = polls - emptyPolls;
  return full === 0 ? '–' : (packets / full).toFixed(1);
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
