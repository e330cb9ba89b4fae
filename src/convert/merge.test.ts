import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import { Merge } from './merge.ts';

async function mergedNames(merge: Merge): Promise<string[]> {
  const names: string[] = [];
  do {
    for (let item = merge.next(); item !== undefined; item = merge.next()) names.push(item.name);
  } while (await merge.fill());
  return names;
}

test('sources are merged as a stable sort of all their items would have them', async () => {
  const stream = fc.array(fc.nat(20), { maxLength: 30 }).map((steps) => {
    let time = 0;
    return steps.map((step) => (time += step));
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stream, { maxLength: 6 }), async (streams) => {
      const made = new MadeSources();
      const session = made.session('s', false);
      const events = streams.map((times, index) =>
        times.map((time, place) => ({ timeNs: T0 + BigInt(time), name: `${index}:${place}` })),
      );
      const merge = new Merge(events.map((list) => made.trace(session, [{ events: list }])));
      const wanted = events.flat().sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
      expect(await mergedNames(merge)).toEqual(wanted.map(({ name }) => name));
    }),
  );
});

test('a capture and a trace are one order, with the offsets of their inputs', async () => {
  const made = new MadeSources();
  const session = made.session('s', true);
  const trace = made.trace(session, [{ events: [5n, 30n].map((at) => ({ timeNs: at, name: `e${at}` })) }], {
    offsetNs: T0,
  });
  const capture = made.capture(
    session,
    [
      { timeNs: 5n, direction: 'in' },
      { timeNs: 20n, direction: 'in' },
    ],
    T0,
  );
  expect(await mergedNames(new Merge([trace, capture]))).toEqual(['e5', 'packet', 'packet', 'e30']);
  expect(trace.notes).toEqual([]);
});

test('a clock that does not count from 1970 is told, and how to mend it', () => {
  const made = new MadeSources();
  const trace = made.trace(made.session('run', false), [{ events: [{ timeNs: 5n, name: 'e' }] }]);
  trace.next();
  expect(trace.notes).toEqual(["run: its clock does not count from 1970; --offset 'run=NS' moves it"]);
});
