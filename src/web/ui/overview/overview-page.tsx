/** The Overview: what runs, what passes, what is lost, and what is wrong. */
import type { JSX } from 'preact';
import type { HostConnection } from '../host-connection.ts';
import { setParameters, useUrlState } from '../url-state.ts';
import { ApplicationSection } from './application-section.tsx';
import { momentsOf, useHistory } from './history.ts';
import { ProblemList } from './problem-list.tsx';

export function OverviewPage({ host }: { readonly host: HostConnection }): JSX.Element {
  const { parameters } = useUrlState();
  const looksIntoPackets = parameters.get('packets') === '1';
  const wanted = parameters.get('app') ?? '';
  const history = useHistory(host, looksIntoPackets);
  const all = history.at(-1)?.applications ?? [];
  const shown = all.some(({ pid }) => String(pid) === wanted)
    ? all.filter(({ pid }) => String(pid) === wanted)
    : all;
  return (
    <>
      <div class="bar-row">
        <h1>Overview</h1>
        <label>
          Application{' '}
          <select
            value={wanted}
            onChange={(event) => setParameters({ app: event.currentTarget.value || undefined })}
          >
            <option value="">all</option>
            {all.map(({ pid, name }) => (
              <option key={pid} value={String(pid)}>
                {name} {pid}
              </option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={looksIntoPackets}
            onChange={(event) => setParameters({ packets: event.currentTarget.checked ? '1' : undefined })}
          />{' '}
          Look into packets: sizes and talkers, at the price of a program on every packet
        </label>
      </div>
      {history.length === 0 ? (
        <p role="status">Looking for applications …</p>
      ) : (
        <ProblemList applications={shown} />
      )}
      {history.length > 0 && all.length === 0 ? (
        <section class="card">
          <p>
            No DPDK application is running. Start one with <code>hone run -- APP ARGS...</code>, or a
            recording with <code>hone replay FILE</code>; it appears here by itself.
          </p>
        </section>
      ) : null}
      {shown.map(({ pid }) => (
        <ApplicationSection key={pid} moments={momentsOf(history, pid)} />
      ))}
    </>
  );
}
