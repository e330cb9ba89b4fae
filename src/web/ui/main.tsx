/** The page's first code: connects, and draws whatever the address says. */
import { render } from 'preact';
import { App } from './app.tsx';
import { HostConnection } from './host-connection.ts';
import { takeToken } from './url-state.ts';

const host = new HostConnection(takeToken());
render(<App host={host} />, document.getElementById('app')!);
