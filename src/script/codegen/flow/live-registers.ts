/** Which registers are still to be read, and what is left out because nobody reads it. For programs without loops. */
import { type EbpfInsn, opcodes as o, type RegisterUse, registerUse } from '../../../bpf/index.ts';
import { type Item, isAlways, isExit, type Label } from './items.ts';

const RESULT = 1 << 0;
const VOLATILE = 0b111111;
const ARGUMENTS = 0b111110;

/** Bits of registers. */
type Uses = Pick<RegisterUse, 'reads' | 'writes'>;

/** What a call reads is not told by the instruction: it is all that it may. */
export function usesOf(insn: Pick<EbpfInsn, 'code' | 'dst' | 'src'>): Uses {
  if (insn.code === (o.BPF_JMP | o.BPF_CALL)) return { reads: ARGUMENTS, writes: VOLATILE };
  if (insn.code === (o.BPF_JMP | o.BPF_EXIT)) return { reads: RESULT, writes: 0 };
  if (insn.code === (o.BPF_JMP | o.BPF_JA)) return { reads: 0, writes: 0 };
  const { reads, writes } = registerUse(insn);
  const isFetching = o.classOf(insn.code) === o.BPF_STX && o.modeOf(insn.code) !== o.BPF_MEM;
  // An atomic operation may compare with r0, and fetch to it or to its source.
  return isFetching ? { reads: reads | RESULT, writes: RESULT | (1 << insn.src) } : { reads, writes };
}

/** The program without writes to registers that nobody reads, and at each label what is still to be read there. */
export function dropDeadWrites(items: readonly Item[]): {
  readonly items: readonly Item[];
  readonly live: ReadonlyMap<Label, number>;
} {
  const kept: Item[] = [];
  const live = new Map<Label, number>();
  let after = 0;
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i]!;
    if (item.kind === 'label') {
      live.set(item, after);
    } else if (item.kind === 'jump') {
      after = (isAlways(item) ? 0 : after) | live.get(item.to)! | usesOf(item).reads;
    } else {
      const { reads, writes } = usesOf(item.insn);
      if (isExit(item)) after = 0;
      else if (hasNoOtherEffect(item.insn) && (writes & after) === 0) continue;
      after = (after & ~writes) | reads;
    }
    kept.push(item);
  }
  return { items: kept.reverse(), live };
}

function hasNoOtherEffect({ code }: EbpfInsn): boolean {
  return [o.BPF_ALU, o.BPF_ALU64, o.BPF_LDX, o.BPF_LD].some((kind) => kind === o.classOf(code));
}
