/** A program that the kernel's verifier refuses: its one line that says why, and all that it wrote. */
import { HoneError } from '../../base/index.ts';

export class ProgramRefusedError extends HoneError {
  /** The verifier's log, whole. */
  readonly log: string;

  constructor(program: string, log: string) {
    super('PROGRAM_REFUSED', `the kernel refuses the program of ${program}: ${lastReason(log)}`);
    this.log = log;
  }
}

/** The last line that is a reason: not the statistics at the end, no instruction, no state of registers. */
function lastReason(log: string): string {
  const lines = log.split('\n').map((line) => line.trim());
  const isReason = (line: string) =>
    line !== '' &&
    !/^(processed \d+ insns|verification time|stack depth|insns processed|max_states|peak_states|mark_read)/.test(
      line,
    ) &&
    !/^\d+: |^(from \d+ to|; |R\d+[_=(]|fp-|last_idx|regs=|parent |mark_precise)/.test(line);
  return lines.findLast(isReason) ?? lines.findLast((line) => line !== '') ?? 'it says nothing';
}
