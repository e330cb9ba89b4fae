/** Compiles scripts and runs them hit by hit on an engine of ours, for tests. */

import { type Engine, interpreter, TraceMachine, traceContext, wasmJit } from '../../bpf/index.ts';
import { dpdkPoints, type ProbePoint } from '../../tracepoints/index.ts';
import { checkScript } from '../check/index.ts';
import { type CompiledScript, type MapPlan, type ValueType, valueBytes } from '../plan.ts';
import { parseScript } from '../syntax/index.ts';
import type { CheckedScript } from '../typed.ts';
import { compileForAgent } from './compile-script.ts';

export const engines: readonly [Engine, Engine] = [interpreter, wasmJit];

/** A point of an application: arguments of every kind. */
export const appPoint: ProbePoint = {
  name: 'app:test:point',
  kind: 'application',
  arguments: [
    {
      name: 'a',
      type: { kind: 'integer', bytes: 8, isSigned: true },
      place: { kind: 'context', index: 0 },
      meaning: '',
    },
    {
      name: 'b',
      type: { kind: 'integer', bytes: 8, isSigned: true },
      place: { kind: 'context', index: 1 },
      meaning: '',
    },
    {
      name: 'u',
      type: { kind: 'integer', bytes: 8, isSigned: false },
      place: { kind: 'context', index: 2 },
      meaning: '',
    },
    {
      name: 'v',
      type: { kind: 'integer', bytes: 8, isSigned: false },
      place: { kind: 'context', index: 3 },
      meaning: '',
    },
    {
      name: 'c',
      type: { kind: 'integer', bytes: 1, isSigned: false },
      place: { kind: 'context', index: 4 },
      meaning: '',
    },
    {
      name: 'w',
      type: { kind: 'integer', bytes: 4, isSigned: false },
      place: { kind: 'context', index: 5 },
      meaning: '',
    },
    { name: 'name', type: { kind: 'text', bytes: 64 }, place: { kind: 'context', index: 6 }, meaning: '' },
    { name: 'other', type: { kind: 'text', bytes: 64 }, place: { kind: 'context', index: 7 }, meaning: '' },
  ],
  meaning: '',
};

const points: readonly ProbePoint[] = [...dpdkPoints, appPoint];

export function check(text: string): CheckedScript {
  const findPoints = ({ parts }: { readonly parts: readonly string[] }): readonly ProbePoint[] =>
    points.filter(({ name }) => name === parts.join(':'));
  return checkScript(parseScript(text), { form: 'agent', positional: [], findPoints });
}

export function compile(text: string): CompiledScript {
  return compileForAgent(check(text));
}

export interface Hit {
  readonly args?: Readonly<Record<string, bigint | string>>;
  readonly packet?: Uint8Array;
  readonly timeNs?: bigint;
}

export interface ScriptRun {
  readonly script: CompiledScript;
  readonly machine: TraceMachine;
  /** The records that were emitted, copied. */
  readonly events: Uint8Array[];
  /** One hit of all probes in their order. */
  hit(hit?: Hit): void;
  /** What a map holds, by its name: numbers of the value under `JSON.stringify` of the keys. */
  map(name: string): Record<string, readonly bigint[]>;
}

/** @param before is called before each run of a program, with its number and the context as it finds it (borrowed) */
export function start(
  script: CompiledScript,
  engine: (typeof engines)[number],
  before: (program: number, context: Uint8Array) => void = () => undefined,
): ScriptRun {
  const events: Uint8Array[] = [];
  const keyedMaps = script.maps.flatMap(({ place }) => (place.kind === 'keyed' ? [place.layout] : []));
  const machine = new TraceMachine({
    ...{ engine, contextBytes: script.contextBytes, keyedMaps, seed: 7 },
    emit: (record) => {
      events.push(record.slice());
      return true;
    },
  });
  const { view, context } = machine;
  view.setUint32(traceContext.tid, 77, true);
  view.setUint32(traceContext.lcore, 3, true);
  view.setUint32(traceContext.pid, 4242, true);
  context.set(new TextEncoder().encode('worker-3'), traceContext.comm);
  const runs = script.probes.map(({ program, packetBytes, point }) => ({
    ...{ run: machine.prepare(program), packetBytes, point },
  }));
  const hit = ({ args = {}, packet, timeNs = 1n }: Hit = {}): void => {
    view.setBigUint64(traceContext.timeNs, timeNs, true);
    for (const [program, { run, packetBytes, point }] of runs.entries()) {
      let slot = 0;
      for (const { name, place } of point.arguments) {
        const value = args[name];
        if (value === undefined || place.kind !== 'context') continue;
        const at = traceContext.args + 8 * place.index;
        view.setBigUint64(at, BigInt.asUintN(64, typeof value === 'string' ? BigInt(slot) : value), true);
        if (typeof value !== 'string') continue;
        const text = traceContext.packet + traceContext.textSlotBytes * slot++;
        context.fill(0, text, text + traceContext.textSlotBytes);
        context.set(new TextEncoder().encode(value), text);
      }
      if (packet !== undefined) {
        const head = packet.subarray(0, packetBytes);
        context.fill(0xee, traceContext.packet, traceContext.packet + traceContext.maxPacketBytes);
        context.set(head, traceContext.packet);
        view.setUint32(traceContext.packetBytes, head.length, true);
      }
      before(program, context);
      run();
    }
  };
  const map = (name: string): Record<string, readonly bigint[]> => {
    const plan = script.maps.find((each) => each.name === name)!;
    return Object.fromEntries(entriesOf(machine, plan));
  };
  return { script, machine, events, hit, map };
}

function* entriesOf(machine: TraceMachine, plan: MapPlan): Generator<[string, readonly bigint[]]> {
  const { view, context } = machine;
  const numbers = (at: number): bigint[] =>
    Array.from({ length: plan.valueBytes / 8 }, (_, i) => view.getBigUint64(at + 8 * i, true));
  const { place } = plan;
  switch (place.kind) {
    case 'flat':
      yield ['', numbers(place.offset)];
      return;
    case 'indexed':
      for (let key = 0; key < place.entries; key++) {
        const value = numbers(place.offset + key * plan.valueBytes);
        if (value.some((number) => number !== 0n)) yield [String(key), value];
      }
      return;
    case 'keyed': {
      const map = machine.maps[place.index]!;
      for (const slot of map.slots()) {
        const [key, value] = [map.keyAt(slot), map.valueAt(slot)].map(
          (word) => 4 * word - context.byteOffset,
        );
        yield [formatKeys(context, key!, plan.keys), numbers(value!)];
      }
      return;
    }
    default:
      throw new Error(plan.name);
  }
}

function formatKeys(context: Uint8Array, at: number, types: readonly ValueType[]): string {
  let offset = at;
  return types
    .map((type) => {
      const bytes = context.subarray(offset, offset + valueBytes(type));
      offset += valueBytes(type);
      return formatBytes(bytes, type);
    })
    .join(',');
}

/** A value of a key or an event, in a form that is easy to write down. */
function formatBytes(bytes: Uint8Array, type: ValueType): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  switch (type.kind) {
    case 'integer':
      return String(type.isSigned ? view.getBigInt64(0, true) : view.getBigUint64(0, true));
    case 'text':
      return new TextDecoder().decode(bytes).replace(/\0+$/, '');
    case 'ipv4':
      return bytes.subarray(0, 4).join('.');
    case 'tuple':
      return `(${formatKeys(bytes, 0, type.members)})`;
    case 'time':
      return String(view.getBigUint64(0, true));
    default:
      return Buffer.from(bytes).toString('hex');
  }
}
