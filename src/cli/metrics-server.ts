/**
 * /metrics on the loopback address for Prometheus. It gives what was read last, however often it is asked, so that who asks
 * cannot make the application pay. Requests under another name than this machine's own are refused: a page in a browser could
 * have been made to ask by such a name.
 */
import { createServer, type Server } from 'node:http';
import { SysError, UsageError } from '../base/index.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * @param port 0 for any that is free
 * @returns the server, which listens; its port
 * @throws UsageError when the port is taken, SysError
 */
export async function serveMetrics(
  port: number,
  metrics: () => string,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? '' : text);
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!HOSTS.includes(host)) answer(421, 'text/plain', 'ask for localhost\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'text/plain', 'only GET\n');
    else if (request.url?.split('?')[0] !== '/metrics')
      answer(404, 'text/plain', 'metrics are at /metrics\n');
    else answer(200, TYPE, metrics());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : port };
}

function explain(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') return new UsageError(`--prometheus ${port}: the port is in use`);
  if (error.code === 'EACCES') return new UsageError(`--prometheus ${port}: this port is root's`);
  return new SysError('listen', error.errno ?? 0, error.message);
}
