/** JSON, CSV and lines of text, each read by a parser of its own. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convertedFile } from '../../test/fakes/converted-file.ts';
import type { MadeEvent } from '../../test/fakes/made-cursor.ts';
import { MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import { EnumerationValue } from '../ctf/index.ts';
import type { Format } from './open-sink.ts';

const EVENTS: readonly MadeEvent[] = [
  {
    timeNs: T0,
    name: 'app:x:drop',
    fields: {
      port: 1,
      reason: 'no "route",\nreally',
      id: (1n << 64n) - 1n,
      state: new EnumerationValue(2, ['up']),
    },
    context: { vpid: 7, port: 99 },
  },
  { timeNs: T0 + 1_000n, name: 'dpdk:tx_burst', fields: { nb_tx: 4, list: [1, 2], load: Number.NaN } },
];

async function converted(format: Format, columns: readonly string[] = []) {
  const made = new MadeSources();
  const session = made.session('run', true);
  const { path, notes, remove } = await convertedFile(
    format,
    [
      made.trace(session, [{ events: EVENTS }]),
      made.capture(session, [{ timeNs: T0 + 500n, direction: 'in', packetId: 3n, data: ipv4() }]),
    ],
    columns,
  );
  const text = readFileSync(path, 'utf8');
  remove();
  return { text, notes };
}

/** An IPv4 packet of UDP. */
function ipv4(): Uint8Array {
  return Buffer.from(
    '02000000000202000000000108004500001c00010000401166cd0a0000010a000002' + '03e800350008e5a9',
    'hex',
  );
}

test('json: an object a line, with all digits of all numbers', async () => {
  const { text } = await converted('json');
  const [drop, packet, burst, ...rest] = text.split('\n');
  expect(rest).toEqual(['']);
  expect(drop).toContain('"id":18446744073709551615');
  expect(JSON.parse(drop!)).toMatchObject({
    time: '1700000000.000000000',
    input: 'run',
    process: 'app',
    pid: 7,
    place: 'lcore 1',
    tid: 100,
    lcore: 1,
    cpu: 1,
    event: 'app:x:drop',
    fields: { port: 1, vpid: 7, reason: 'no "route",\nreally', state: 'up' },
  });
  expect(JSON.parse(packet!)).toMatchObject({
    time: '1700000000.000000500',
    place: 'port 0',
    event: 'packet',
    fields: {
      direction: 'in',
      len: 42,
      packet_id: 3,
      summary: 'IP 10.0.0.1.1000 > 10.0.0.2.53: UDP, length 0',
    },
  });
  expect(JSON.parse(burst!).fields).toEqual({ nb_tx: 4, list: [1, 2], load: 'NaN' });
});

test('json: chosen members only, items without any are left out', async () => {
  const { text, notes } = await converted('json', ['reason', 'ip.src', 'nothing']);
  expect(text).toBe('{"reason":"no \\"route\\",\\nreally"}\n{"ip.src":"10.0.0.1"}\n');
  expect(notes).toEqual(['-e nothing: nothing has it']);
});

test('text: a line an item', async () => {
  const { text } = await converted('text');
  expect(text).toBe(
    [
      '22:13:20.000000000 lcore 1 app:x:drop vpid=7 port=1 reason="no \\"route\\",\\nreally" id=18446744073709551615 state=up (2)',
      '22:13:20.000000500 port 0  packet     In  IP 10.0.0.1.1000 > 10.0.0.2.53: UDP, length 0',
      '22:13:20.000001000 lcore 1 dpdk:tx_burst nb_tx=4 list=[ 1, 2 ] load=NaN',
      '',
    ].join('\n'),
  );
});

/** RFC 4180, section 2, by its letter. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (at >= text.length) throw new Error('a quote that does not end');
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else {
      while (at < text.length && !',\r\n"'.includes(text[at]!)) cell += text[at++];
    }
    row.push(cell);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else throw new Error(`"${text.slice(at, at + 10)}" behind a cell`);
  }
  return rows;
}

test('csv: chosen columns', async () => {
  const { text } = await converted('csv', ['time', 'event', 'reason', 'udp.dstport', 'list']);
  expect(parseCsv(text)).toEqual([
    ['time', 'event', 'reason', 'udp.dstport', 'list'],
    ['1700000000.000000000', 'app:x:drop', 'no "route",\nreally', '', ''],
    ['1700000000.000000500', 'packet', '', '53', ''],
    ['1700000000.000001000', 'dpdk:tx_burst', '', '', '[1,2]'],
  ]);
});

test('csv: everything, whatever texts there are, is read back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), async (texts) => {
      const made = new MadeSources();
      const events = texts.map((text) => ({ timeNs: T0, name: text, fields: { text } }));
      const { path, remove } = await convertedFile('csv', [
        made.trace(made.session('s', false), [{ events }]),
      ]);
      const [head, ...rows] = parseCsv(readFileSync(path, 'utf8'));
      remove();
      expect(head).toEqual(
        ['time', 'input', 'process', 'pid', 'place', 'tid', 'lcore', 'cpu', 'event'].concat('fields'),
      );
      const wellFormed = (text: string) => Buffer.from(text).toString();
      const wanted = texts.map(wellFormed);
      expect(rows.map((row) => row[8])).toEqual(wanted);
      expect(rows.map((row) => wellFormed(JSON.parse(row[9]!).text))).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
});
