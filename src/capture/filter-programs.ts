/**
 * From what a person asks for to what the agent runs: a program for each direction, checked before anything is attached.
 * It comes from a filter's text, or from an object file that a compiler made of C.
 */
import { readFileSync } from 'node:fs';
import { HoneError, UsageError } from '../base/index.ts';
import {
  BPF_K,
  BPF_RET,
  BpfObject,
  checkMbufProgram,
  compileForMbuf,
  encodeEbpf,
  toAgentForm,
} from '../bpf/index.ts';
import { compileFilter } from '../filter/index.ts';
import type { CapturePort, Direction } from '../target/index.ts';

/**
 * Programs for both directions; undefined where every packet matches, so that nothing needs to run.
 * @throws CompileError with a caret under the fault
 */
export function compilePrograms(filter: string): CapturePort['programs'] {
  return { in: compileProgram(filter, 'in'), out: compileProgram(filter, 'out') };
}

/**
 * The same program for both directions.
 * @param file FILE, or FILE:PROGRAM when the object has several
 * @throws UsageError, or HoneError with the file's name in front: what is wrong with it, or what the agent cannot run
 */
export function loadPrograms(file: string): CapturePort['programs'] {
  const [, path = file, name] = /^(.+):([A-Za-z_]\w*)$/.exec(file) ?? [];
  const bytes = readObject(path);
  try {
    const object = new BpfObject(bytes);
    const program = encodeEbpf(toAgentForm(object.link(name), object));
    return { in: program, out: program };
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    throw new HoneError(error.code, `--bpf ${path}: ${error.message}`, { cause: error });
  }
}

function readObject(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--bpf ${path}: ${(error as Error).message}`);
  }
}

function compileProgram(filter: string, direction: Direction): Uint8Array | undefined {
  const classic = compileFilter(filter, { direction });
  const [first] = classic;
  if (first!.code === (BPF_RET | BPF_K) && first!.k !== 0) return undefined;
  const program = compileForMbuf(classic, { direction });
  checkMbufProgram(program);
  return encodeEbpf(program);
}
