/** Ports: what passes each, and what is lost on it, by cause. */
import type { JSX } from 'preact';
import type { ApplicationView, PortView } from '../../protocol/index.ts';
import { Scroll } from '../scroll.tsx';
import { formatShort } from '../units.ts';
import { perSecond } from './history.ts';

export function PortTable({ application }: { readonly application: ApplicationView }): JSX.Element {
  return (
    <Scroll name="Ports">
      <table>
        <caption>Ports</caption>
        <thead>
          <tr>
            <th scope="col">Port</th>
            <th scope="col">Driver</th>
            <th scope="col">Link</th>
            <th scope="col" class="n">
              Received
            </th>
            <th scope="col" class="n">
              Sent
            </th>
            <th scope="col" class="n">
              Adapter drops
            </th>
            <th scope="col" class="n">
              No mbuf
            </th>
            <th scope="col" class="n">
              Not sent
            </th>
            <th scope="col" class="n">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {application.ports.map((port) => (
            <PortRow key={port.portId} port={port} application={application} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function PortRow({
  port,
  application,
}: {
  readonly port: PortView;
  readonly application: ApplicationView;
}): JSX.Element {
  const { portId, name, driver, isUp, speedMbps, rates, txOffered, notSent } = port;
  const rate = (count: number | undefined) =>
    count === undefined ? '–' : formatShort(perSecond(count, application));
  const isMuchRefused = (notSent ?? 0) > 0.01 * (txOffered ?? 0);
  const lost = (count: number | undefined, isBad = (count ?? 0) > 0) => (
    <td class={`n ${isBad ? 'lost' : ''}`}>{rate(count)}</td>
  );
  return (
    <tr>
      <th scope="row">
        {portId} {name}
      </th>
      <td>{driver}</td>
      <td>
        {isUp ? 'up' : 'down'}
        {speedMbps === null ? '' : ` ${formatShort(speedMbps * 1e6, 'bit/s')}`}
      </td>
      <td class="n">
        {rate(rates?.rxPackets)} <small>pps</small> {traffic(rates?.rxPackets, rates?.rxBytes, application)}
      </td>
      <td class="n">
        {rate(rates?.txPackets)} <small>pps</small> {traffic(rates?.txPackets, rates?.txBytes, application)}
      </td>
      {lost(rates?.missed)}
      {lost(rates?.noMbuf)}
      {lost(notSent ?? undefined, isMuchRefused)}
      {lost(rates === null ? undefined : rates.rxErrors + rates.txErrors)}
    </tr>
  );
}

/** Some drivers count packets and no bytes. */
function traffic(packets = 0, bytes = 0, application: ApplicationView): JSX.Element {
  const isKnown = bytes > 0 || packets === 0;
  return <small>{isKnown ? formatShort(perSecond(8 * bytes, application), 'bit/s') : '? bit/s'}</small>;
}
