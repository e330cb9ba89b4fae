/** The server with a client that is no browser: what a hostile or a slow one can do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { openFiles } from '../../test/fakes/open-files.ts';
import { encodePcapFileHeader, writePcapRecordHeader } from '../pcapng/index.ts';
import { decodeEventBatch } from './protocol/index.ts';
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
    client.send('{"type":"open-recording","request":3,"path":"/dev/stdin"}');
    client.send('{"type":"start-trace","pid":0,"process":null,"script":"uprobe:/none:f { }","isSure":true}');
    await vi.waitUntil(() => said.length === 6);
    expect(said).toEqual([
      { type: 'hello', version: '1.2.3' },
      { type: 'refused', what: 'get-packet', message: 'there is no capture' },
      { type: 'refused', what: 'start-capture', message: expect.stringContaining('2147483647') },
      { type: 'refused', what: 'start-capture', message: 'no port was chosen' },
      expect.objectContaining({
        ...{ type: 'timeline', request: 3, isRunning: false },
        fault: expect.stringMatching(/^\/dev\/stdin: got a pipe or a device|^cannot read \/dev\/stdin/),
      }),
      { type: 'refused', what: 'start-trace', message: expect.stringContaining('no file /none') },
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

describe('a recording and a client that reads nothing', () => {
  /** Of more events than the buffers of a connection take. */
  const PACKETS = 1_000_000;
  let file: string;
  beforeAll(() => {
    const record = new Uint8Array(16);
    const view = new DataView(record.buffer);
    const all = new Uint8Array(PACKETS * record.length);
    for (let n = 0; n < PACKETS; n++) {
      writePcapRecordHeader(view, 0, n, 0, 0, 60);
      all.set(record, n * record.length);
    }
    file = join(folder, 'many.pcap');
    writeFileSync(file, Buffer.concat([encodePcapFileHeader(1, 262_144), all]));
  });

  const isOpen = () => openFiles().includes(file);

  const begin = async () => {
    const client = connect();
    const got = { events: 0, isOver: false };
    client.on('message', (data: Buffer, isBinary) => {
      if (isBinary) {
        if (got.events === 0) client.pause();
        got.events += decodeEventBatch(new Uint8Array(data).buffer).count;
      } else if (/"type":"timeline".*"isRunning":false/.test(String(data))) got.isOver = true;
    });
    await outcome(client);
    client.send(JSON.stringify({ type: 'open-recording', request: 1, path: file }));
    await vi.waitUntil(() => got.events > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { client, got };
  };

  test('is waited for, and gets everything', async () => {
    const { client, got } = await begin();
    expect(got.events).toBeLessThan(PACKETS);
    expect(isOpen()).toBe(true);
    client.resume();
    await vi.waitUntil(() => got.isOver, { timeout: 60_000 });
    expect(got.events).toBe(PACKETS);
    expect(isOpen()).toBe(false);
  });

  test('that goes leaves no file open', async () => {
    const { client } = await begin();
    expect(isOpen()).toBe(true);
    client.terminate();
    await vi.waitUntil(() => !isOpen(), { timeout: 60_000 });
  });
});
