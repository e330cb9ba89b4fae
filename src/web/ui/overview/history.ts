/** The snapshots of the last minutes, and series made of them. */
import { useEffect, useState } from 'preact/hooks';
import type { ApplicationView, OverviewSnapshot } from '../../protocol/index.ts';
import type { HostConnection } from '../host-connection.ts';

/** Five minutes. */
const KEPT = 300;

export interface Moment {
  readonly timeMs: number;
  readonly application: ApplicationView;
}

/** The newest is the last. Asks for snapshots for as long as the page is there. */
export function useHistory(host: HostConnection, looksIntoPackets: boolean): readonly OverviewSnapshot[] {
  const [history, setHistory] = useState<readonly OverviewSnapshot[]>([]);
  useEffect(
    () => host.on('overview', ({ snapshot }) => setHistory((before) => [...before, snapshot].slice(-KEPT))),
    [host],
  );
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open') host.send({ type: 'watch-overview', looksIntoPackets });
      }),
    [host, looksIntoPackets],
  );
  useEffect(() => () => host.send({ type: 'leave-overview' }), [host]);
  return history;
}

export function momentsOf(history: readonly OverviewSnapshot[], pid: number): readonly Moment[] {
  return history.flatMap(({ timeMs, applications }) => {
    const application = applications.find((one) => one.pid === pid);
    return application === undefined ? [] : [{ timeMs, application }];
  });
}

/** Null when none is known. */
export function sumOf<T>(list: readonly T[], of: (entry: T) => number | null): number | null {
  const known = list.map(of).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** What is not known is a dash. */
export function orDash(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}
