/** Ports: what passes each, and what is lost on it, by cause. */
import type { JSX } from 'preact';
import type { ApplicationView, PortView } from '../../protocol/index.ts';
import { Scroll } from '../scroll.tsx';
import { formatShort } from '../units.ts';
import { orDash, sumOf } from './history.ts';

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
            <th scope="col" class="n">
              Application drops
            </th>
            <th scope="col" class="n">
              Ring drops
            </th>
          </tr>
        </thead>
        <tbody>
          {application.ports.map((port) => (
            <PortRow key={port.portId} port={port} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function PortRow({ port }: { readonly port: PortView }): JSX.Element {
  const { portId, name, driver, isUp, speedMbps, rxPps, rxBps, txPps, txBps, drops } = port;
  const isMuchRefused = (drops.refused ?? 0) > 0.01 * ((txPps ?? 0) + (drops.refused ?? 0));
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
      <Traffic pps={rxPps} bps={rxBps} />
      <Traffic pps={txPps} bps={txBps} />
      <Lost pps={drops.missed} />
      <Lost pps={drops.noMbuf} />
      <Lost pps={drops.refused} isBad={isMuchRefused} />
      <Lost pps={sumOf([drops.rxErrors, drops.txErrors], (rate) => rate)} />
      <Lost pps={drops.application} />
      <Lost pps={drops.ring} />
    </tr>
  );
}

interface LostProps {
  readonly pps: number | null;
  readonly isBad?: boolean;
}

function Lost({ pps, isBad = (pps ?? 0) > 0 }: LostProps): JSX.Element {
  return <td class={`n ${isBad ? 'lost' : ''}`}>{orDash(pps, formatShort)}</td>;
}

/** Some drivers count packets and no bytes. */
function Traffic({ pps, bps }: Readonly<Record<'pps' | 'bps', number | null>>): JSX.Element {
  const isKnown = bps !== null && (bps > 0 || pps === 0);
  return (
    <td class="n">
      {orDash(pps, formatShort)} <small>pps</small>{' '}
      <small>{isKnown ? formatShort(bps, 'bit/s') : '? bit/s'}</small>
    </td>
  );
}
