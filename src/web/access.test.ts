import { describe, expect, test } from 'vitest';
import { makeToken, refuseRequest, refuseUpgrade } from './access.ts';

const PORT = 4711;
const TOKEN = 'a'.repeat(64);
const own = {
  host: `127.0.0.1:${PORT}`,
  origin: `http://127.0.0.1:${PORT}`,
  'sec-websocket-protocol': `hone, token.${TOKEN}`,
};

describe('who may talk to the server', () => {
  test.each([
    ['the page itself', {}, undefined],
    [
      'by the other name of this machine',
      { host: `localhost:${PORT}`, origin: `http://localhost:${PORT}` },
      undefined,
    ],
    ['the token first', { 'sec-websocket-protocol': `token.${TOKEN},hone` }, undefined],
    ['a wrong token', { 'sec-websocket-protocol': `hone, token.${'b'.repeat(64)}` }, 401],
    ['the beginning of the token', { 'sec-websocket-protocol': `hone, token.${'a'.repeat(63)}` }, 401],
    ['no token', { 'sec-websocket-protocol': 'hone' }, 401],
    ['an empty token', { 'sec-websocket-protocol': 'hone, token.' }, 401],
    ['no protocols', { 'sec-websocket-protocol': undefined }, 401],
    ['no origin', { origin: undefined }, 403],
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['a page of another server on this machine', { origin: 'http://127.0.0.1:80' }, 403],
    ['our name in another scheme', { origin: `https://127.0.0.1:${PORT}` }, 403],
    ['one name for the host, the other as origin', { origin: `http://localhost:${PORT}` }, 403],
    [
      'a name that only resolves to this machine',
      { host: `evil.example:${PORT}`, origin: `http://evil.example:${PORT}` },
      403,
    ],
    ['no port', { host: '127.0.0.1' }, 403],
    ['no host', { host: undefined }, 403],
  ] as const)('%s', (_who, headers, status) => {
    expect(refuseUpgrade({ ...own, ...headers }, PORT, TOKEN)?.status).toBe(status);
  });

  test('a browser that opens the address has no origin and no token yet', () => {
    expect(refuseRequest({ host: own.host }, PORT)).toBeUndefined();
  });

  test('tokens are long, and never the same', () => {
    const tokens = new Set(Array.from({ length: 100 }, makeToken));
    expect(tokens.size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
  });
});
