import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { convertedFile } from '../../test/fakes/converted-file.ts';
import { MadeSources, T0 } from '../../test/fakes/made-sources.ts';

/** What the format's description asks of each kind of event. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  M: ['pid', 'tid', 'name', 'args'],
  B: ['pid', 'tid', 'ts', 'name'],
  E: ['pid', 'tid', 'ts'],
  X: ['pid', 'tid', 'ts', 'dur', 'name'],
  i: ['pid', 'tid', 'ts', 'name', 's'],
  C: ['pid', 'tid', 'ts', 'name', 'args'],
  s: ['pid', 'tid', 'ts', 'name', 'cat', 'id'],
  t: ['pid', 'tid', 'ts', 'name', 'cat', 'id'],
  f: ['pid', 'tid', 'ts', 'name', 'cat', 'id', 'bp'],
};
const ALLOWED: Readonly<Record<string, readonly string[]>> = { B: ['args'], X: ['args'], i: ['args'] };

interface ChromeEvent {
  readonly ph: string;
  readonly [member: string]: unknown;
}

function checkedEvents(text: string): ChromeEvent[] {
  const whole = JSON.parse(text);
  expect(Object.keys(whole)).toEqual(['traceEvents', 'displayTimeUnit', 'otherData']);
  const open = new Map<string, number>();
  const flows = new Map<unknown, string>();
  for (const event of whole.traceEvents as ChromeEvent[]) {
    const { ph, ...members } = event;
    const names = Object.keys(members);
    expect(REQUIRED[ph], ph).toBeDefined();
    for (const name of REQUIRED[ph]!) expect(names).toContain(name);
    for (const name of names) expect([...REQUIRED[ph]!, ...(ALLOWED[ph] ?? [])]).toContain(name);
    for (const name of ['pid', 'tid']) expect(Number.isInteger(event[name])).toBe(true);
    const track = `${event.pid} ${event.tid}`;
    if (ph === 'B') open.set(track, (open.get(track) ?? 0) + 1);
    if (ph === 'E') {
      expect(open.get(track)).toBeGreaterThan(0);
      open.set(track, open.get(track)! - 1);
    }
    if (ph === 'C')
      for (const value of Object.values(event.args as object)) expect(value).toBeTypeOf('number');
    // A flow begins once, and does not go on behind its end.
    if (ph === 's') expect(flows.has(event.id)).toBe(false);
    if (ph === 't' || ph === 'f') expect(flows.get(event.id)).toMatch(/[st]/);
    if (['s', 't', 'f'].includes(ph)) flows.set(event.id, ph);
  }
  return whole.traceEvents;
}

test('is what the format asks for: kinds, members, nesting, flows', async () => {
  const made = new MadeSources();
  const session = made.session('run', false);
  const worker = { lcore_id: 1, tid: 100, thread_name: 'w' };
  const { path, remove } = await convertedFile('chrome', [
    made.trace(session, [
      {
        context: worker,
        events: [
          { timeNs: T0 + 1n, name: 'dpdk:rx_burst', fields: { nb_rx: 1 } },
          { timeNs: T0 + 1n, name: 'dpdk:rx_packet', fields: { mbuf: 5n } },
          { timeNs: T0 + 2n, name: 'dataplane:stage_begin', fields: { stage: 'a "b"' } },
          { timeNs: T0 + 3n, name: 'dataplane:stage_end', fields: { stage: 'a "b"' } },
          { timeNs: T0 + 1_004n, name: 'dpdk:tx_packet', fields: { mbuf: 5n } },
          { timeNs: T0 + 1_005n, name: 'dpdk:ring_level', fields: { name: 'r', count: 2 } },
        ],
      },
    ]),
  ]);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('"secondsSince1970":"1700000000.000000001"');
  const events = checkedEvents(text);
  remove();
  expect(events.map(({ ph }) => ph).join('')).toBe('MMMBXsMMBEXfCE');
  expect(events.filter(({ ts }) => ts !== undefined).map(({ ts }) => ts)).toEqual([
    0, 0, 0, 0.001, 0.002, 1.003, 1.003, 1.004, 1.003,
  ]);
});

test('nothing at all is an empty trace', async () => {
  const { path, remove } = await convertedFile('chrome', []);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ traceEvents: [], displayTimeUnit: 'ns' });
  remove();
});
