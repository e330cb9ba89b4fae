/** The server with a client that is no browser: what a hostile or a slow one can do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startWeb, type WebServer } from './web-server.ts';

let folder: string;
let server: WebServer;
let clients: WebSocket[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hone-page-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  server = await startWeb({ port: 0, pageFolder: folder, honeVersion: '1.2.3' });
});
afterEach(async () => {
  for (const client of clients) client.terminate();
  clients = [];
  await vi.waitUntil(() => server.pages === 0);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function connect(
  change: { readonly token?: string; readonly origin?: string; readonly path?: string } = {},
): WebSocket {
  const {
    token = server.url.split('=')[1]!,
    origin = `http://127.0.0.1:${server.port}`,
    path = '/socket',
  } = change;
  const client = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, ['hone', `token.${token}`], {
    origin,
  });
  clients.push(client);
  return client;
}

/** How it went: 'open', or the status with which it was refused. */
function outcome(client: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    client.on('open', () => resolve('open'));
    client.on('unexpected-response', (_request, response) => {
      resolve(String(response.statusCode));
      response.destroy();
    });
    client.on('error', () => {});
  });
}

describe('who gets a connection', () => {
  test.each([
    [{}, 'open'],
    [{ token: '0'.repeat(64) }, '401'],
    [{ origin: 'http://evil.example' }, '403'],
    [{ path: '/other' }, '404'],
  ] as const)('%j: %s', async (change, want) => expect(await outcome(connect(change))).toBe(want));

  test('sixteen pages, and no more', async () => {
    for (let n = 0; n < 16; n++) expect(await outcome(connect())).toBe('open');
    expect(await outcome(connect())).toBe('503');
  });
});

describe('what a client says', () => {
  test.each([
    ['no JSON', '{', 1008],
    ['an unknown request', '{"type":"format-disk"}', 1008],
    ['bytes', Buffer.from([1, 2, 3]), 1008],
    ['more than a message may have', 'x'.repeat(300 << 10), 1009],
  ] as const)('%s ends the connection', async (_what, data, want) => {
    const client = connect();
    await outcome(client);
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.send(data);
    expect(await closed).toBe(want);
  });

  test('what cannot be done is refused, and nothing ends', async () => {
    const client = connect();
    const said: unknown[] = [];
    client.on('message', (data) => said.push(JSON.parse(String(data))));
    await outcome(client);
    client.send('{"type":"get-packet","request":1,"row":0}');
    client.send('{"type":"start-capture","ports":[{"pid":2147483647,"portId":0}],"filter":"","snaplen":96}');
    client.send('{"type":"start-capture","ports":[],"filter":"tcp prot 80","snaplen":96}');
    await vi.waitUntil(() => said.length === 4);
    expect(said).toEqual([
      { type: 'hello', version: '1.2.3' },
      { type: 'refused', what: 'get-packet', message: 'there is no capture' },
      { type: 'refused', what: 'start-capture', message: expect.stringContaining('2147483647') },
      { type: 'refused', what: 'start-capture', message: 'no port was chosen' },
    ]);
    expect(client.readyState).toBe(WebSocket.OPEN);
  });
});

test('a client that asks and never reads is not listened to; when it reads, it gets every answer', async () => {
  const client = connect();
  await outcome(client);
  client.pause();
  let asked = 0;
  // What neither side's kernel takes any more stays with the client: the server has stopped reading.
  const isStalled = async () => {
    const before = client.bufferedAmount;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return client.bufferedAmount > 0 && client.bufferedAmount === before;
  };
  do {
    for (let n = 0; n < 20_000; n++) client.send(`{"type":"get-packet","request":${++asked},"row":0}`);
  } while (!(await isStalled()));
  let answered = 0;
  client.on('message', (data) => {
    if (String(data).startsWith('{"type":"refused"')) answered++;
  });
  client.resume();
  await vi.waitUntil(() => answered === asked, { timeout: 100_000, interval: 100 });
});
