/** Updates split over writers, banks and moments in any way give what one map gives that got all of them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeyedMapLayout, strideBytes, traceContext } from '../../bpf/index.ts';
import type { MapKind, MapPlan } from '../plan.ts';
import { MergedMap } from './merged-map.ts';
import { TraceMaps } from './trace-maps.ts';

const SLOTS = 32;

interface Update {
  readonly writer: number;
  readonly key: number;
  readonly by: bigint;
}

type Value = bigint[];

/** What an update makes of a value: the model, in the layout of MapKind. */
function update(kind: MapKind, old: Value | undefined, by: bigint, timeNs: bigint): Value {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  const signed = (value: bigint) => BigInt.asIntN(64, value);
  switch (kind.kind) {
    case 'count':
      return [wrap((old?.[0] ?? 0n) + 1n)];
    case 'sum':
    case 'avg':
    case 'stats':
      return [wrap((old?.[0] ?? 0n) + by), (old?.[1] ?? 0n) + 1n];
    case 'min':
    case 'max': {
      const compare = kind.isSigned ? signed : wrap;
      const isBetter =
        old === undefined ||
        (kind.kind === 'min' ? compare(by) < compare(old[0]!) : compare(by) > compare(old[0]!));
      return [wrap(isBetter ? by : old[0]!), (old?.[1] ?? 0n) + 1n];
    }
    case 'hist':
    case 'lhist':
      return Array.from(
        { length: kind.buckets },
        (_, i) => (old?.[i] ?? 0n) + (Number(wrap(by) % BigInt(kind.buckets)) === i ? 1n : 0n),
      );
    case 'value':
      return [timeNs, wrap(by)];
  }
}

const kinds: readonly MapKind[] = [
  { kind: 'count', isSigned: false },
  { kind: 'sum', isSigned: true },
  { kind: 'avg', isSigned: true },
  { kind: 'stats', isSigned: false },
  { kind: 'min', isSigned: true },
  { kind: 'min', isSigned: false },
  { kind: 'max', isSigned: true },
  { kind: 'max', isSigned: false },
  { kind: 'hist', bits: 0, buckets: 5 },
  { kind: 'lhist', min: 0n, max: 10n, step: 5n, buckets: 4 },
  { kind: 'value', type: { kind: 'integer', isSigned: true } },
];

const places = ['flat', 'indexed', 'keyed'] as const;

/** A map that begins where `offset` says. */
function planOf(kind: MapKind, place: (typeof places)[number], offset: number, isState: boolean): MapPlan {
  const valueBytes = update(kind, undefined, 0n, 0n).length * 8;
  const layout: KeyedMapLayout = { offset, slots: SLOTS, keyBytes: 8, valueBytes };
  return {
    name: '@',
    kind,
    keys: place === 'flat' ? [] : [{ kind: 'integer', isSigned: false }],
    keyBytes: place === 'flat' ? 0 : 8,
    valueBytes,
    maxEntries: 30,
    place:
      place === 'flat'
        ? { kind: 'flat', offset }
        : place === 'indexed'
          ? { kind: 'indexed', offset, entries: SLOTS }
          : { kind: 'keyed', index: 0, layout },
    isState,
  };
}

/** Where the key's value lies in a memory that begins at `base` of the context; made when it is not there. */
function valueAt(plan: MapPlan, view: DataView, base: number, key: number): number {
  const { place } = plan;
  if (place.kind === 'flat') return place.offset - base;
  if (place.kind === 'indexed') return place.offset - base + key * plan.valueBytes;
  if (place.kind !== 'keyed') throw new Error('not here');
  const stride = strideBytes(place.layout);
  for (let slot = (key * 7) % (SLOTS - 2); ; slot = (slot + 1) % (SLOTS - 2)) {
    const at = place.layout.offset - base + slot * stride;
    if (view.getUint32(at, true) === 2 && view.getBigUint64(at + 8, true) === BigInt(key)) return at + 16;
    if (view.getUint32(at, true) === 0) {
      view.setUint32(at, 2, true);
      view.setUint32(at + 4, key * 77, true);
      view.setBigUint64(at + 8, BigInt(key), true);
      return at + 16;
    }
  }
}

function apply(plan: MapPlan, memory: Uint8Array, base: number, { key, by }: Update, timeNs: bigint): void {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  const at = valueAt(plan, view, base, key);
  const length = plan.valueBytes / 8;
  const old = Array.from({ length }, (_, i) => view.getBigUint64(at + 8 * i, true));
  const marker = plan.kind.kind === 'min' || plan.kind.kind === 'max' ? old[1] : 1n;
  update(plan.kind, marker === 0n ? undefined : old, by, timeNs).forEach((word, i) => {
    view.setBigUint64(at + 8 * i, word, true);
  });
}

/** Key (of flat maps 0) to value. */
function read({ plan, entries }: ReturnType<MergedMap['copyContents']>): Map<number, Value> {
  return new Map(
    entries.map(({ key, value }) => [
      plan.keys.length === 0 ? 0 : Number(new DataView(key.buffer, key.byteOffset).getBigUint64(0, true)),
      [...new BigUint64Array(value.slice().buffer)],
    ]),
  );
}

function model(plan: MapPlan, updates: readonly Update[], firstNs: number): Map<number, Value> {
  const values = new Map<number, Value>();
  if (plan.kind.kind === 'count' && plan.keys.length === 0) values.set(0, [0n]);
  for (const [turn, { key, by }] of updates.entries()) {
    const name = plan.keys.length === 0 ? 0 : key;
    values.set(name, update(plan.kind, values.get(name), by, BigInt(firstNs + turn)));
  }
  return values;
}

const updates = fc.array(
  fc.record({
    writer: fc.nat(3),
    key: fc.nat(29),
    by: fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  }),
  { maxLength: 80 },
);

for (const place of places) {
  describe(`a ${place} map`, () => {
    for (const kind of kinds) {
      const name = `${kind.kind}${'isSigned' in kind && kind.isSigned ? ', signed' : ''}`;

      test(`${name}: banks taken over at any moments`, () => {
        const plan = planOf(kind, place, traceContext.maps, false);
        const stateOffset = traceContext.maps + 8192;
        fc.assert(
          fc.property(updates, fc.uniqueArray(fc.nat(80)), (list, moments) => {
            const maps = new TraceMaps({ maps: [plan], stateOffset });
            const writers = [0, 1, 2, 3].map(() => new Uint8Array(stateOffset));
            for (const [turn, one] of list.entries()) {
              apply(plan, writers[one.writer]!, 0, one, BigInt(turn + 1));
              if (moments.includes(turn)) maps.takeBank(writers[turn % 4]!);
            }
            for (const writer of writers) maps.takeBank(writer);
            expect(read(maps.copyContents('@')!)).toEqual(model(plan, list, 1));
            expect(writers.every((writer) => writer.every((byte) => byte === 0))).toBe(true);
          }),
        );
      });

      test(`${name}: a state that all began with`, () => {
        const base = 12_288;
        const plan = planOf(kind, place, base + 64, true);
        fc.assert(
          fc.property(updates, fc.nat(80), (list, begin) => {
            const maps = new TraceMaps({ maps: [plan], stateOffset: base });
            const host = new Uint8Array(8192);
            for (const [turn, one] of list.slice(0, begin).entries()) {
              apply(plan, host, base, one, BigInt(turn + 1));
            }
            maps.setInitialState(host);
            const writers = [0, 1, 2, 3].map(() => host.slice());
            list.slice(begin).forEach((one, turn) => {
              apply(plan, writers[one.writer]!, base, one, BigInt(begin + turn + 1));
            });
            maps.readStates(writers);
            expect(read(maps.copyContents('@')!)).toEqual(model(plan, list, 1));
          }),
        );
      });
    }
  });
}

test('clear and zero', () => {
  const plan = planOf({ kind: 'sum', isSigned: true }, 'keyed', traceContext.maps, false);
  const maps = new TraceMaps({ maps: [plan], stateOffset: traceContext.maps + 8192 });
  const context = new Uint8Array(traceContext.maps + 8192);
  apply(plan, context, 0, { writer: 0, key: 4, by: 9n }, 1n);
  maps.takeBank(context);
  maps.zero('@', []);
  expect(read(maps.copyContents('@')!)).toEqual(new Map([[4, [0n, 0n]]]));
  apply(plan, context, 0, { writer: 0, key: 4, by: 3n }, 1n);
  maps.takeBank(context);
  expect(read(maps.copyContents('@')!)).toEqual(new Map([[4, [3n, 1n]]]));
  maps.clear('@', []);
  expect(maps.copyContents('@')!.entries).toEqual([]);
});

test('clear and zero of a map in the state reach its writers and the beginning', () => {
  const base = 4096;
  const plan = planOf({ kind: 'sum', isSigned: true }, 'keyed', base, true);
  const maps = new TraceMaps({ maps: [plan], stateOffset: base });
  const host = new Uint8Array(8192);
  apply(plan, host, base, { writer: 0, key: 4, by: 9n }, 1n);
  maps.setInitialState(host);
  const writer = host.slice();
  apply(plan, writer, base, { writer: 0, key: 5, by: 1n }, 2n);
  maps.readStates([writer]);
  maps.zero('@', [writer, host]);
  apply(plan, writer, base, { writer: 0, key: 5, by: 7n }, 3n);
  maps.readStates([writer]);
  expect(read(maps.copyContents('@')!)).toEqual(
    new Map([
      [4, [0n, 0n]],
      [5, [7n, 1n]],
    ]),
  );
  maps.clear('@', [writer, host]);
  maps.readStates([writer]);
  expect(maps.copyContents('@')!.entries).toEqual([]);
});

test('what a program of the host changes comes to what the writers have', () => {
  const base = 4096;
  const plan = planOf({ kind: 'sum', isSigned: true }, 'keyed', base, true);
  const maps = new TraceMaps({ maps: [plan], stateOffset: base });
  maps.setInitialState(new Uint8Array(8192));
  const writer = new Uint8Array(8192);
  apply(plan, writer, base, { writer: 0, key: 5, by: 10n }, 2n);
  const given = writer.slice();
  const after = given.slice();
  apply(plan, after, base, { writer: 0, key: 5, by: -4n }, 3n);
  maps.takeHostState(after, given);
  maps.readStates([writer]);
  expect(read(maps.copyContents('@')!)).toEqual(new Map([[5, [6n, 2n]]]));
});

test('entries of the kernel, a value for each CPU', () => {
  const plan = planOf({ kind: 'max', isSigned: true }, 'keyed', 0, false);
  const map = new MergedMap(plan);
  const bytes = (...values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);
  map.takeEntry(bytes(1n), bytes(-5n, 1n));
  map.takeEntry(bytes(1n), bytes(0n, 0n));
  map.takeEntry(bytes(1n), bytes(-7n, 2n));
  expect(read(map.copyContents())).toEqual(new Map([[1, [BigInt.asUintN(64, -5n), 3n]]]));
});
