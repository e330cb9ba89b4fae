/**
 * The functions that programs may call, by the numbers of <linux/bpf.h>, over maps that were placed in the same linear
 * memory. A map is known to them by the address where it begins. What they expect is in their signatures, which the
 * verifier holds programs to; called otherwise they end the program with a TrapError.
 */
import { type Helper, type HelperArgument, type HelperResult, TrapError } from '../vm/engine.ts';
import type { KeyedMap } from './keyed-map.ts';
import type { MapMemory } from './map-memory.ts';
import type { BpfMap } from './place-maps.ts';
import { RingBufferMap } from './ring-buffer-map.ts';

/** What the helpers know of the world outside. */
export interface HelperWorld {
  readonly memory: MapMemory;
  readonly maps: readonly BpfMap[];
  /** Nanoseconds since some moment; for recorded packets the time of the packet. */
  readonly nowNs: () => bigint;
  /** 32 random bits. */
  readonly random32: () => number;
}

interface HelperRow {
  readonly number: number;
  readonly name: string;
  readonly arguments: readonly HelperArgument[];
  readonly result: HelperResult;
  /** Unsigned arguments, of which pointers and sizes are 32 bits; gives r0. */
  readonly call: (machine: HelperMachine, a1: number, a2: number, a3: number, a4: number) => number | bigint;
}

const rows: readonly HelperRow[] = [
  {
    number: 1,
    name: 'map_lookup_elem',
    arguments: ['map', 'map-key'],
    result: 'map-value-or-null',
    call: (machine, map, key) => machine.keyed(map).lookup(key),
  },
  {
    number: 2,
    name: 'map_update_elem',
    arguments: ['map', 'map-key', 'map-value', 'scalar'],
    result: 'scalar',
    call: (machine, map, key, value, flags) => machine.keyed(map).update(key, value, flags),
  },
  {
    number: 3,
    name: 'map_delete_elem',
    arguments: ['map', 'map-key'],
    result: 'scalar',
    call: (machine, map, key) => machine.keyed(map).delete(key),
  },
  {
    number: 5,
    name: 'ktime_get_ns',
    arguments: [],
    result: 'scalar',
    call: (machine) => machine.world.nowNs(),
  },
  {
    number: 7,
    name: 'get_prandom_u32',
    arguments: [],
    result: 'scalar',
    call: (machine) => machine.world.random32() >>> 0,
  },
  {
    number: 8,
    name: 'get_smp_processor_id',
    arguments: [],
    result: 'scalar',
    call: (machine) => machine.world.memory.cpu,
  },
  {
    number: 130,
    name: 'ringbuf_output',
    arguments: ['map', 'memory', 'size', 'scalar'],
    result: 'scalar',
    call: (machine, map, data, size, flags) => machine.ring(map).output(data, size, flags),
  },
  {
    number: 131,
    name: 'ringbuf_reserve',
    arguments: ['map', 'record-size', 'scalar'],
    result: 'record-or-null',
    call: (machine, map, size, flags) => machine.ring(map).reserve(size, flags),
  },
  {
    number: 132,
    name: 'ringbuf_submit',
    arguments: ['record', 'scalar'],
    result: 'nothing',
    call: (machine, record) => {
      machine.ringOf(record).submit(record);
      return 0;
    },
  },
  {
    number: 133,
    name: 'ringbuf_discard',
    arguments: ['record', 'scalar'],
    result: 'nothing',
    call: (machine, record) => {
      machine.ringOf(record).discard(record);
      return 0;
    },
  },
  {
    number: 134,
    name: 'ringbuf_query',
    arguments: ['map', 'scalar'],
    result: 'scalar',
    call: (machine, map, what) => machine.ring(map).query(what),
  },
];

/** The helpers over these maps, by number. */
export function createHelpers(world: HelperWorld): ReadonlyMap<number, Helper> {
  const machine = new HelperMachine(world);
  return new Map(
    rows.map(({ number, name, arguments: expected, result, call }) => [
      number,
      { name, arguments: expected, result, call: (registers) => machine.run(call, registers) },
    ]),
  );
}

class HelperMachine {
  readonly world: HelperWorld;
  readonly #maps: ReadonlyMap<number, BpfMap>;
  readonly #rings: readonly RingBufferMap[];

  constructor(world: HelperWorld) {
    this.world = world;
    this.#maps = new Map(world.maps.map((map) => [map.at, map]));
    this.#rings = world.maps.filter((map) => map instanceof RingBufferMap);
  }

  run(call: HelperRow['call'], registers: Int32Array): void {
    const result = this.#call(call, registers);
    if (typeof result === 'bigint') {
      registers[0] = Number(BigInt.asIntN(32, result));
      registers[1] = Number(BigInt.asIntN(32, result >> 32n));
    } else {
      registers[0] = result;
      registers[1] = result < 0 ? -1 : 0;
    }
  }

  #call(call: HelperRow['call'], registers: Int32Array): number | bigint {
    try {
      return call(
        this,
        argument(registers, 2),
        argument(registers, 4),
        argument(registers, 6),
        argument(registers, 8),
      );
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TrapError('helper', undefined, 'a helper was called with a pointer outside the memory');
    }
  }

  keyed(address: number): KeyedMap {
    const map = this.#maps.get(address);
    if (map === undefined || map instanceof RingBufferMap) {
      throw new TrapError('helper', undefined, 'a map helper was called without a map that has keys');
    }
    return map;
  }

  ring(address: number): RingBufferMap {
    const map = this.#maps.get(address);
    if (map instanceof RingBufferMap) return map;
    throw new TrapError('helper', undefined, 'a ring buffer helper was called without a ring buffer');
  }

  ringOf(record: number): RingBufferMap {
    for (const ring of this.#rings) if (ring.holds(record)) return ring;
    throw new TrapError('helper', undefined, 'a record that was not reserved was given back');
  }
}

/** A register as a number; what does not fit into 53 bits is no pointer, size or flag that anything accepts. */
function argument(registers: Int32Array, word: number): number {
  const high = registers[word + 1]!;
  const low = registers[word]! >>> 0;
  return high === 0 ? low : (high >>> 0) * 2 ** 32 + low;
}
