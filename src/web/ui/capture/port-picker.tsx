/** The ports that are captured: a box to tick for each that there is. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { PortChoice } from '../../protocol/index.ts';
import { type HostConnection, useLatest } from '../host-connection.ts';
import { setParameters } from '../url-state.ts';

/** `4711:0,4711:1`; what is none is passed over. */
export function parsePorts(text: string): readonly PortChoice[] {
  return text.split(',').flatMap((part) => {
    const [pid, portId] = part.split(':').map(Number);
    return Number.isInteger(pid) && Number.isInteger(portId) && pid! > 0
      ? [{ pid: pid!, portId: portId! }]
      : [];
  });
}

function formatPorts(ports: readonly PortChoice[]): string {
  return ports.map(({ pid, portId }) => `${pid}:${portId}`).join(',');
}

export function PortPicker({
  host,
  chosen,
  isDisabled,
}: {
  readonly host: HostConnection;
  readonly chosen: readonly PortChoice[];
  readonly isDisabled: boolean;
}): JSX.Element {
  const known = useLatest(host, 'ports')?.ports;
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open') host.send({ type: 'list-ports' });
      }),
    [host],
  );
  const isChosen = (pid: number, portId: number) =>
    chosen.some((choice) => choice.pid === pid && choice.portId === portId);
  const toggle = (pid: number, portId: number) => {
    const others = chosen.filter((choice) => choice.pid !== pid || choice.portId !== portId);
    setParameters({
      ports: formatPorts(isChosen(pid, portId) ? others : [...chosen, { pid, portId }]) || undefined,
    });
  };
  return (
    <fieldset class="ports" disabled={isDisabled}>
      <legend class="hidden">Ports</legend>
      {known?.map(({ pid, portId, name, application }) => (
        <label key={`${pid}:${portId}`} title={application}>
          <input type="checkbox" checked={isChosen(pid, portId)} onChange={() => toggle(pid, portId)} />
          {name} <small>{application}</small>
        </label>
      ))}
      <button type="button" onClick={() => host.send({ type: 'list-ports' })}>
        {known === undefined || known.length === 0 ? 'Look for ports' : 'Look again'}
      </button>
    </fieldset>
  );
}
