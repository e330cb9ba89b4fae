/**
 * Who may talk to the server: a browser on this machine whose page came from this server, and who was given the token.
 * The token stands in the fragment of the address that is printed, which browsers send to nobody; the page gives it when it
 * opens its WebSocket. A cookie would go to every other server on this machine as well, whatever its port.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The protocol that both sides speak; the token comes beside it, as another name in the list. */
export const WEBSOCKET_PROTOCOL = 'hone';
const TOKEN_PREFIX = 'token.';

/** 256 random bits, as text that fits into an address. */
export function makeToken(): string {
  return randomBytes(32).toString('hex');
}

/** What is wrong with a request, and the status that says so. */
export interface Refusal {
  readonly status: 401 | 403 | 404 | 405 | 503;
  readonly reason: string;
}

/**
 * For every request. The name by which we were called keeps out other sites' names that resolve to this machine (DNS
 * rebinding); an origin, where there is one, has to be ours.
 */
export function refuseRequest(headers: IncomingHttpHeaders, port: number): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host = '', origin } = headers;
  if (!hosts.includes(host)) {
    return { status: 403, reason: `Host is "${host}": expected ${hosts.join(' or ')}` };
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, reason: `Origin is "${origin}": expected http://${host}` };
  }
  return undefined;
}

/** For WebSockets, which browsers open to any origin: ours must be named, and the token given. */
export function refuseUpgrade(
  headers: IncomingHttpHeaders,
  port: number,
  token: string,
): Refusal | undefined {
  const refusal = refuseRequest(headers, port);
  if (refusal !== undefined) return refusal;
  if (headers.origin === undefined) return { status: 403, reason: 'no Origin' };
  const names = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const given = names.find((name) => name.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length) ?? '';
  return isSame(given, token) ? undefined : { status: 401, reason: 'wrong token' };
}

/** Takes as long whatever the difference. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
