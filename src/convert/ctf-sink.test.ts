/** Traces that a conversion writes, read by babeltrace2. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { convertedFile } from '../../test/fakes/converted-file.ts';
import type { MadePacket } from '../../test/fakes/made-cursor.ts';
import { MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import { EnumerationValue, type FieldValue } from '../ctf/index.ts';

const haveBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;

function babeltrace(path: string): string[] {
  const { stdout, stderr, status } = spawnSync(
    'babeltrace2',
    ['--clock-seconds', '--fields=loglevel', path],
    {
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trimEnd().split('\n');
}

async function linesOf(...streams: readonly (readonly MadePacket[])[]): Promise<string[]> {
  const made = new MadeSources();
  const session = made.session('run', false);
  const { path, error, remove } = await convertedFile(
    'ctf',
    streams.map((packets, index) => made.trace(session, packets, { name: `s${index}` })),
  );
  try {
    expect(error).toBeUndefined();
    return babeltrace(path);
  } finally {
    remove();
  }
}

function valuesOf(values: readonly FieldValue[]): Promise<string[]> {
  const events = values.map((value, index) => ({ timeNs: T0 + BigInt(index), name: 'e', fields: { value } }));
  return linesOf([{ events }]).then((lines) => lines.map((line) => line.replace(/^.*\{ value = | \}$/g, '')));
}

describe.skipIf(!haveBabeltrace)('babeltrace2 reads', () => {
  test('every kind of value, also where an event changes its mind', async () => {
    expect(await valuesOf([1, 4_294_967_295, (1n << 64n) - 1n, 7, -5, 0.25, 3, 'text', 9, true])).toEqual([
      '1',
      '4294967295',
      '18446744073709551615',
      '7',
      '"-5"',
      '"0.25"',
      '"3"',
      '"text"',
      '"9"',
      '"true"',
    ]);
    expect(await valuesOf([1, -1, -(1n << 63n), 5])).toEqual(['1', '-1', '-9223372036854775808', '5']);
    expect(await valuesOf([1.5, 2])).toEqual(['1.5', '2']);
    expect(await valuesOf([[1, { a: 2 }], Uint8Array.of(171)])).toEqual(['"[ 1, { a = 2 } ]"', '"ab"']);
  });

  test('enumerations, with the labels that were there', async () => {
    const values = [
      new EnumerationValue(2, ['up']),
      new EnumerationValue(3, ['down']),
      new EnumerationValue(9, []),
    ];
    expect(await valuesOf(values)).toEqual([
      '( "up" : container = 2 )',
      '( "down" : container = 3 )',
      '( <unknown> : container = 9 )',
    ]);
  });

  test('streams of all places merged, and packets of captures', async () => {
    const made = new MadeSources();
    const session = made.session('run', true);
    const two = { lcore_id: 2, tid: 101, thread_name: 'two' };
    const { path, remove } = await convertedFile('ctf', [
      made.trace(session, [
        {
          events: [
            { timeNs: T0, name: 'a' },
            { timeNs: T0 + 30n, name: 'b' },
          ],
        },
      ]),
      made.trace(session, [{ context: two, events: [{ timeNs: T0 + 20n, name: 'c' }] }], { name: 'two' }),
      made.capture(session, [{ timeNs: T0 + 10n, direction: 'out', packetId: 9n }]),
    ]);
    const lines = babeltrace(path);
    remove();
    expect(lines.map((line) => line.slice(1, 21))).toEqual([
      '1700000000.000000000',
      '1700000000.000000010',
      '1700000000.000000020',
      '1700000000.000000030',
    ]);
    expect(lines[1]).toContain('TRACE_INFO (6) packet: ');
    expect(lines[1]).toContain(
      'direction = "out", queue = 0, len = 64, captured_len = 64, packet_id = 9, summary = "',
    );
    expect(lines[2]).toContain('lcore_id = 2, tid = 101, thread_name = "two"');
  });

  test('what was lost, and an order of time in each stream that its file did not have', async () => {
    const made = new MadeSources();
    const session = made.session('run', false);
    const events = [T0 + 9n, T0 + 5n].map((timeNs) => ({ timeNs, name: 'e' }));
    const { path, notes, remove } = await convertedFile('ctf', [
      made.trace(session, [{ events }, { events: [], eventsDiscarded: 4n }]),
    ]);
    const { stdout, stderr } = spawnSync('babeltrace2', ['--clock-seconds', path], { encoding: 'utf8' });
    remove();
    expect(notes).toEqual(['1 events were out of order: they have the time of the event before']);
    expect(stdout.split('\n').map((line) => line.slice(1, 21))).toEqual([
      '1700000000.000000009',
      '1700000000.000000009',
      '',
    ]);
    expect(stderr).toMatch(/discarded 4 events/i);
  });

  test('anything that is thrown at it', async () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
      fc.boolean(),
    );
    const event = fc.record({
      name: fc.constantFrom('a', 'b c', '"'),
      fields: fc.dictionary(fc.constantFrom('a', 'b', 'int', '_x', '9'), value, { maxKeys: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 20 }), async (list) => {
        const events = list.map((one, index) => ({ timeNs: T0 + BigInt(index), ...one }));
        expect((await linesOf([{ events }])).filter((line) => line.startsWith('['))).toHaveLength(
          list.length,
        );
      }),
      { numRuns: 15 },
    );
  });
});
