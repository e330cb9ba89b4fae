/**
 * Classic BPF to extended BPF for a packet that lies in one piece in memory, as it is: no tags were taken off. r1 is
 * the context of vm/engine.ts. The program has no packet loads; it looks at the captured length itself.
 */
import { type Label, ProgramBuilder } from '../asm/builder.ts';
import type { CbpfProgram } from '../cbpf/isa.ts';
import { validateCbpf } from '../cbpf/validate.ts';
import { BPF_MOV, type EbpfProgram } from '../isa/insn.ts';
import { translateBody, type Verdict } from '../mbuf/body.ts';
import { lowerPacketLoads } from './lower-packet-loads.ts';

const CONTEXT = 6;

/** Its result is the classic program's verdict. Throws FormatError for a program that `validateCbpf` refuses. */
export function compileForFlat(program: CbpfProgram): EbpfProgram {
  validateCbpf(program);
  const to = new ProgramBuilder();
  const { part, verdicts } = translateBody(program, 0);
  const labels = new Map<Verdict, Label>([...verdicts.values()].map((verdict) => [verdict, to.label()]));
  to.move(CONTEXT, 1);
  to.append(part, (label) => labels.get(verdicts.get(label)!)!);
  for (const [verdict, label] of labels) {
    to.bind(label);
    if (verdict !== 'a') to.wConstant(BPF_MOV, 0, verdict);
    to.exit();
  }
  return lowerPacketLoads(to.finish().insns);
}
