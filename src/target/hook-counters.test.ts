import { beforeEach, describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { HookTable, SESSION_MEMORY_BYTES } from './hook-counters.ts';
import { encodeStruct, type StructValue } from './struct-codec.ts';

const MEMORY = STRUCTS.hone_session_memory.fields;
const hook: StructValue<'hone_hook'> = { interface: 2, port_id: 3, queue_id: 4, direction: 2 };
let memory: ArrayBuffer;
let view: DataView;

beforeEach(() => {
  memory = new ArrayBuffer(SESSION_MEMORY_BYTES);
  view = new DataView(memory);
  view.setUint32(MEMORY.magic.offset, ABI.HONE_MAGIC, true);
  view.setUint32(MEMORY.abi_version.offset, ABI.HONE_ABI_VERSION, true);
});

function setHooks(count: number, ...hooks: StructValue<'hone_hook'>[]): void {
  for (const [n, one] of hooks.entries()) encodeStruct('hone_hook', view, MEMORY.hooks.offset + 16 * n, one);
  view.setUint32(MEMORY.nb_hooks.offset, count, true);
}

function setCounters(at: DataView, offset: number, first: bigint): void {
  const [seen, matched, captured, dropped, bytes] = [0n, 1n, 2n, 3n, 4n].map((n) => first + n) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  encodeStruct('hone_counters', at, offset, { seen, matched, captured, dropped, bytes });
}

test('counters are summed over the session memory and every ring, hook by hook', () => {
  setHooks(2, { ...hook, direction: 1 }, hook);
  const rings = [new ArrayBuffer(ABI.HONE_RING_INDEX), new ArrayBuffer(ABI.HONE_RING_INDEX)];
  setCounters(view, MEMORY.orphans.offset + 64, 1000n);
  for (const [n, ring] of rings.entries())
    setCounters(new DataView(ring), ABI.HONE_RING_COUNTERS + 64, BigInt(10 * n));
  const sums = new HookTable(memory).sum(rings);
  expect(sums[0]).toMatchObject({ direction: 'in', seen: 0n, bytes: 0n });
  expect(sums[1]).toEqual({
    interfaceId: 2,
    portId: 3,
    queueId: 4,
    direction: 'out',
    seen: 1010n,
    matched: 1013n,
    captured: 1016n,
    dropped: 1019n,
    bytes: 1022n,
  });
});

test('hooks that are added later are seen, and what was read does not change', () => {
  setHooks(1, hook);
  const table = new HookTable(memory);
  expect(table.sum([])).toHaveLength(1);
  setHooks(2, { ...hook, port_id: 99 }, { ...hook, queue_id: 5 });
  expect(table.sum([]).map(({ portId, queueId }) => [portId, queueId])).toEqual([
    [3, 4],
    [3, 5],
  ]);
});

describe('memory that lies is refused', () => {
  test.each<[string, () => void, RegExp]>([
    ['more hooks than there is room', () => setHooks(1025), /got 1025 hooks, expected 0 to 1024/],
    ['a negative number of hooks', () => setHooks(0xffff_ffff), /got -1 hooks/],
    ['an interface beyond all', () => setHooks(1, { ...hook, interface: 65_536 }), /got interface 65536/],
    ['no direction', () => setHooks(1, { ...hook, direction: 0 }), /got direction 0/],
    ['both directions', () => setHooks(1, { ...hook, direction: 3 }), /got direction 3/],
  ])('%s', (_, lie, message) => {
    const table = new HookTable(memory);
    lie();
    expect(() => table.sum([])).toThrow(message);
    expect(() => table.sum([])).toThrow(PeerError);
  });

  test('fewer hooks than before', () => {
    setHooks(2, hook, hook);
    const table = new HookTable(memory);
    table.sum([]);
    setHooks(1);
    expect(() => table.sum([])).toThrow(/got 1 hooks, expected 2/);
  });
});
