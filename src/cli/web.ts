/** `hone web`: a page for a browser on this machine. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import { honeVersion } from './version.ts';

export function registerWeb(program: Command): void {
  program
    .command('web')
    .summary('a page for a browser: overview, capture, trace, timeline')
    .description(
      'Serves a page on this machine that shows what its DPDK applications do: an overview, captures, traces, a timeline. ' +
        'It prints the address, which holds a secret: open it in a browser on this machine, or through "ssh -L" with ' +
        'the same port on both sides.',
    )
    .option('--port <port>', 'where it listens on 127.0.0.1 (default: any free port)', parsePort, 0)
    .action(({ port }: { readonly port: number }) => web(port));
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`--port ${text}: expected a number from 1 to 65535`);
}

async function web(port: number): Promise<void> {
  const { startWeb } = await import('../web/index.ts');
  const server = await startWeb({
    port,
    pageFolder: fileURLToPath(new URL('../web/', import.meta.url)),
    honeVersion: honeVersion(),
  });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write(`${server.url}\n`);
  process.stderr.write('open this address in a browser on this machine; Ctrl-C ends it\n');
  await stopped;
  await server.close();
}
