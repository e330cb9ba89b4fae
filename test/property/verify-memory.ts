/**
 * The memory in which programs that the verifier took run, on all engines: each area exactly as long as the verifier was
 * told, with room between them, so that the interpreter stops every access outside. The stack starts with other garbage
 * in each run: a program that reads what it has not written gives itself away by another result.
 */

import type { EbpfProgram } from '../../src/bpf/isa/insn.ts';
import type { MapShape, Profile, Setting } from '../../src/bpf/verify/profile.ts';
import { wasmProfile } from '../../src/bpf/verify/wasm.ts';
import type { Engine, Environment, Helper } from '../../src/bpf/vm/engine.ts';
import { packetContext } from '../../src/bpf/vm/engine.ts';
import { createMemory } from '../../src/wasm/index.ts';
import { type Kind, type Random, TABLE_BYTES, VALUE_BYTES } from './verify-programs.ts';

const STACK = 0x1000;
const STACK_BYTES = 4096;
const TABLE = 0x4008;
const VALUE = 0x5008;
const CONTEXT = 0x6008;
const PACKET = 0x7001;
const MAP = 0x3000;
const BUDGET = 5_000_000;

const map: MapShape = { name: 'map', keyBytes: 4, valueBytes: VALUE_BYTES };
const table = { name: 'table', lengthBytes: TABLE_BYTES, isWritable: true };

/** 1 looks up a value: odd keys have none. 2 writes memory, 3 reads it. */
function helpersOf(view: DataView): ReadonlyMap<number, Helper> {
  return new Map<number, Helper>([
    [
      1,
      {
        name: 'lookup',
        arguments: ['map', 'map-key'],
        result: 'map-value-or-null',
        call: (registers) => {
          registers[0] = (view.getUint8(registers[4]!) & 1) === 0 ? VALUE : 0;
          registers[1] = 0;
        },
      },
    ],
    [
      2,
      {
        name: 'fill',
        arguments: ['memory-out', 'size'],
        result: 'scalar',
        call: (registers) => {
          for (let i = 0; i < registers[4]!; i++) view.setUint8(registers[2]! + i, i);
          registers[0] = 7;
          registers[1] = 0;
        },
      },
    ],
    [
      3,
      {
        name: 'sum',
        arguments: ['memory', 'size'],
        result: 'scalar',
        call: (registers) => {
          let sum = 0;
          for (let i = 0; i < registers[4]!; i++) sum += view.getUint8(registers[2]! + i);
          registers[0] = sum;
          registers[1] = 0;
        },
      },
    ],
  ]);
}

const anyHelpers = helpersOf(new DataView(new ArrayBuffer(0)));

export const settingOf: Setting = {
  helpers: anyHelpers,
  resolve: (kind, imm) => {
    if (kind === 'var_addr' && imm === 1) return { kind: 'memory', memory: table, offset: 0 };
    return kind === 'map_by_fd' && imm === 1 ? { kind: 'map', map } : undefined;
  },
};

export const profileOf: Readonly<Record<Kind, Profile>> = {
  context: { ...wasmProfile(), maxSteps: 20_000 },
  flat: { ...wasmProfile([{ kind: 'packet' }, { kind: 'packet-length' }]), maxSteps: 20_000 },
};

export interface Input {
  readonly packet: Uint8Array;
  /** The bytes that the table, the value and the fields of the context start with. */
  readonly data: Uint8Array;
}

export function randomInput(random: Random): Input {
  const fill = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () =>
      random(3) === 0 ? random(256) : ([0, 1, 63, 255] as const)[random(4)]!,
    );
  return {
    packet: fill([0, 1, 13, 14, 40, 60, 100][random(7)]!),
    data: fill(TABLE_BYTES + VALUE_BYTES + 64),
  };
}

/** r0 and all memory but the stack, after runs on each of the inputs; a trap is thrown. */
export function runAll(
  engine: Engine,
  program: EbpfProgram,
  kind: Kind,
  inputs: readonly Input[],
  garbage: number,
): string {
  const memory = createMemory(1);
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  const packet = { name: 'packet', offset: PACKET, lengthBytes: 0, isWritable: false };
  const environment: Environment = {
    memory,
    stack: { offset: STACK, lengthBytes: STACK_BYTES },
    areas: [
      packet,
      { name: 'table', offset: TABLE, lengthBytes: TABLE_BYTES, isWritable: true },
      { name: 'value', offset: VALUE, lengthBytes: VALUE_BYTES, isWritable: true },
      { name: 'context', offset: CONTEXT, lengthBytes: packetContext.sizeBytes, isWritable: false },
    ],
    helpers: helpersOf(view),
    resolve: (name) => (name === 'var_addr' ? TABLE : MAP),
    budgetInsns: BUDGET,
  };
  const prepared = engine.prepare(program, environment);
  return inputs
    .map((input) => {
      bytes.fill(garbage, STACK, STACK + STACK_BYTES);
      bytes.set(input.data.subarray(0, TABLE_BYTES), TABLE);
      bytes.set(input.data.subarray(TABLE_BYTES, TABLE_BYTES + VALUE_BYTES), VALUE);
      bytes.set(input.data.subarray(TABLE_BYTES + VALUE_BYTES), CONTEXT);
      bytes.fill(0, PACKET, PACKET + 128);
      bytes.set(input.packet, PACKET);
      packet.lengthBytes = input.packet.length;
      view.setBigUint64(CONTEXT + packetContext.bufAddr, BigInt(PACKET - 5), true);
      view.setUint16(CONTEXT + packetContext.dataOff, 5, true);
      view.setUint32(CONTEXT + packetContext.capturedLength, input.packet.length, true);
      prepared.run(kind === 'context' ? CONTEXT : PACKET, kind === 'context' ? 0 : input.packet.length);
      const left = Buffer.from(bytes.subarray(TABLE, CONTEXT)).toString('base64');
      return `${prepared.result} ${left}`;
    })
    .join('\n');
}
