/** What stands around every page: where one can go, whether the host is there, light or dark. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { CapturePage } from './capture/capture-page.tsx';
import {
  type ConnectionState,
  type HostConnection,
  useConnectionState,
  useLatest,
} from './host-connection.ts';
import { OverviewPage } from './overview/overview-page.tsx';
import { type Theme, useTheme } from './theme.ts';
import { TimelinePage } from './timeline/timeline-page.tsx';
import { TracePage } from './trace/trace-page.tsx';
import { urlOf, useUrlState } from './url-state.ts';

const PAGES: readonly {
  readonly id: string;
  readonly title: string;
  readonly draw: (host: HostConnection) => JSX.Element;
}[] = [
  { id: 'overview', title: 'Overview', draw: (host) => <OverviewPage host={host} /> },
  { id: 'capture', title: 'Capture', draw: (host) => <CapturePage host={host} /> },
  { id: 'trace', title: 'Trace', draw: (host) => <TracePage host={host} /> },
  { id: 'timeline', title: 'Timeline', draw: (host) => <TimelinePage host={host} /> },
];

const STATES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'connecting',
  open: 'connected',
  refused: 'not admitted',
  lost: 'connection lost',
};

export function App({ host }: { readonly host: HostConnection }): JSX.Element {
  const { page } = useUrlState();
  const state = useConnectionState(host);
  const hello = useLatest(host, 'hello');
  const [theme, setTheme] = useTheme();
  const current = PAGES.find(({ id }) => id === page) ?? PAGES[0]!;
  useEffect(() => {
    document.title = `${current.title} – hone`;
  }, [current]);
  return (
    <>
      <button class="skip" type="button" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <span class="brand">hone</span>
        <nav aria-label="Pages">
          {PAGES.map(({ id, title }) => (
            <a key={id} href={urlOf(id)} aria-current={id === current.id ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span class={`connection ${state}`} role="status">
          {STATES[state]}
          {state === 'open' && hello !== undefined ? ` · ${hello.version}` : ''}
        </span>
        <label class="theme">
          <span class="hidden">Colours</span>
          <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="system">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
      </header>
      <main id="main" tabIndex={-1}>
        {state === 'refused' ? <NotAdmitted /> : current.draw(host)}
      </main>
    </>
  );
}

function NotAdmitted(): JSX.Element {
  return (
    <section class="card">
      <h1>This tab has no key</h1>
      <p>
        Open the address that <code>hone web</code> printed: it holds a secret which this tab does not have,
        or which belongs to a server that has ended.
      </p>
    </section>
  );
}
