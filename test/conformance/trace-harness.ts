/** Builds trace-harness.c with the agent's sources and runs trace programs in it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EbpfProgram, encodeEbpf, type KeyedMapLayout } from '../../src/bpf/index.ts';
import { compileHarness } from './agent-harness.ts';

/** Bytes of the context in front of the scratch space. */
export const HEAD_BYTES = 448;

export interface TraceCase {
  readonly contextBytes: number;
  readonly seed: number;
  readonly keyedMaps: readonly KeyedMapLayout[];
  readonly programs: readonly EbpfProgram[];
  /** The program of a hit, and the head of the context that it finds. */
  readonly hits: readonly { readonly program: number; readonly head: Uint8Array }[];
}

/** What a run left: words of the context from its maps on, by index, that are not 0. */
export interface TraceOutcome {
  readonly words: ReadonlyMap<number, bigint>;
  readonly withoutRoom: readonly bigint[];
  readonly events: readonly string[];
}

/** A refusal, or what librte_bpf's native code, its interpreter and the agent's left. */
type TraceResult = string | readonly TraceOutcome[];

const ENGINES = 3;

export interface TraceHarness {
  run(cases: readonly TraceCase[]): readonly TraceResult[];
  close(): void;
}

export function buildTraceHarness(): TraceHarness {
  const folder = mkdtempSync(join(tmpdir(), 'hone-trace-harness-'));
  const binary = join(folder, 'harness');
  compileHarness(binary, 'trace-harness.c', [
    'program_form.c',
    'program_interpret.c',
    'program_loop.c',
    'trace_check.c',
    'trace_program.c',
    'trace_map.c',
    'trace_mask.c',
    'program_targets.c',
    'program_widen.c',
  ]);
  return {
    run: (cases) => run(binary, cases),
    close: () => rmSync(folder, { recursive: true }),
  };
}

function run(binary: string, cases: readonly TraceCase[]): readonly TraceResult[] {
  const input = Buffer.concat([words(cases.length), ...cases.map(encodeCase)]);
  const { status, signal, stdout, stderr } = spawnSync(binary, { input, maxBuffer: 2 ** 30 });
  if (status !== 0)
    throw new Error(`the harness failed (${signal ?? status}): ${stderr.toString().slice(-300)}`);
  const reader = new Reader(stdout);
  return cases.map(({ keyedMaps }): TraceResult => {
    const refusal = reader.bytes(reader.u32()).toString();
    if (refusal !== '') return refusal;
    return Array.from({ length: ENGINES }, () => reader.outcome(keyedMaps.length));
  });
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function encodeCase({ contextBytes, seed, keyedMaps, programs, hits }: TraceCase): Buffer {
  return Buffer.concat([
    words(contextBytes, seed, keyedMaps.length),
    ...keyedMaps.map((map) => words(map.offset, map.slots, map.keyBytes, map.valueBytes)),
    words(programs.length),
    ...programs.flatMap((program) => [words(program.length), encodeEbpf(program)]),
    words(hits.length),
    ...hits.flatMap(({ program, head }) => [words(program), head.subarray(0, HEAD_BYTES)]),
  ]);
}

class Reader {
  readonly #from: Buffer;
  #at = 0;

  constructor(from: Buffer) {
    this.#from = from;
  }

  u32(): number {
    this.#at += 4;
    return this.#from.readUInt32LE(this.#at - 4);
  }

  u64(): bigint {
    this.#at += 8;
    return this.#from.readBigUInt64LE(this.#at - 8);
  }

  bytes(count: number): Buffer {
    this.#at += count;
    return this.#from.subarray(this.#at - count, this.#at);
  }

  outcome(maps: number): TraceOutcome {
    const found = new Map<number, bigint>();
    for (let left = this.u32(); left > 0; left--) {
      const index = this.u32();
      found.set(index, this.u64());
    }
    const withoutRoom = Array.from({ length: maps }, () => this.u64());
    const events: string[] = [];
    const end = this.u32() + this.#at;
    while (this.#at < end) events.push(this.bytes(this.u32()).toString('hex'));
    return { words: found, withoutRoom, events };
  }
}
