/** One of the applications that answer. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { type HostConnection, useLatest } from './host-connection.ts';

export function ApplicationSelect({
  host,
  pid,
  onChoose,
}: {
  readonly host: HostConnection;
  /** 0 for none. */
  readonly pid: number;
  readonly onChoose: (pid: number) => void;
}): JSX.Element {
  const ports = useLatest(host, 'ports')?.ports;
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open') host.send({ type: 'list-ports' });
      }),
    [host],
  );
  const applications = [...new Map(ports?.map((port) => [port.pid, port.application]))];
  const [only] = applications;
  useEffect(() => {
    if (only !== undefined && !applications.some(([known]) => known === pid)) onChoose(only[0]);
  });
  return (
    <label>
      Application{' '}
      <select value={String(pid)} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {applications.length === 0 ? <option value="0">none answers</option> : null}
        {applications.map(([known, label]) => (
          <option key={known} value={String(known)}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
