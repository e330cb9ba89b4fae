/** From a filter's text to what the agent runs: a program for each direction, checked before anything is attached. */
import { BPF_K, BPF_RET, checkMbufProgram, compileForMbuf, encodeEbpf } from '../bpf/index.ts';
import { compileFilter } from '../filter/index.ts';
import type { CapturePort, Direction } from '../target/index.ts';

/**
 * Programs for both directions; undefined where every packet matches, so that nothing needs to run.
 * @throws CompileError with a caret under the fault
 */
export function compilePrograms(filter: string): CapturePort['programs'] {
  return { in: compileProgram(filter, 'in'), out: compileProgram(filter, 'out') };
}

function compileProgram(filter: string, direction: Direction): Uint8Array | undefined {
  const classic = compileFilter(filter, { direction });
  const [first] = classic;
  if (first!.code === (BPF_RET | BPF_K) && first!.k !== 0) return undefined;
  const program = compileForMbuf(classic, { direction });
  checkMbufProgram(program);
  return encodeEbpf(program);
}
