/**
 * From what a person asks for to what the agent runs: a program for each direction, checked before anything is attached.
 * It comes from a filter's text, or from an object file that a compiler made of C.
 */
import { CompileError } from '../base/index.ts';
import {
  BPF_K,
  BPF_RET,
  type BpfObject,
  checkMbufProgram,
  compileForMbuf,
  encodeEbpf,
  isSlowToCheck,
  MOST_INSNS_WITH_STACK,
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
 * @param name may be left out when the object has one program
 * @throws HoneError for what the agent cannot run
 */
export function objectPrograms(object: BpfObject, name: string | undefined): CapturePort['programs'] {
  const program = encodeEbpf(toAgentForm(object.link(name), object));
  return { in: program, out: program };
}

function compileProgram(filter: string, direction: Direction): Uint8Array | undefined {
  const classic = compileFilter(filter, { direction });
  const [first] = classic;
  if (first!.code === (BPF_RET | BPF_K) && first!.k !== 0) return undefined;
  const program = compileForMbuf(classic, { direction });
  if (isSlowToCheck(program)) {
    const message = `librte_bpf would check this filter for minutes: got ${program.length} instructions that keep offsets only a packet knows, expected at most ${MOST_INSNS_WITH_STACK}; it works on recorded files`;
    throw new CompileError(filter, [{ message, span: { start: 0, end: filter.length } }]);
  }
  checkMbufProgram(program);
  return encodeEbpf(program);
}
