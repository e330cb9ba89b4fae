/**
 * Gives a way that ends in what others end in as well an end of its own, where it is much shorter there: behind
 * `x = 0`, what works with `x` needs no register for it. For tidy programs without loops.
 */
import { type EbpfInsn, opcodes as o } from '../../../bpf/index.ts';
import { isImmediate } from '../integer.ts';
import { type Item, isAlways, isEnd, isExit, jumpTo, type Label, plain } from './items.ts';
import { immediateOf, operate } from './known-numbers.ts';

/** Instructions that an end of its own may take, and has to save. */
const MOST_INSNS = 8;
const LEAST_SAVED = 2;

const REGISTERS = 11;

/**
 * Ways meet at labels: at the latest at one in front of the exit, if there is one.
 * @param live at each label the registers that are still to be read, as bits
 */
export function separateEnds(items: readonly Item[], live: ReadonlyMap<Label, number>): readonly Item[] {
  const result = [...items];
  for (let i = items.length - 1; i > 0; i--) {
    const [before, first] = [items[i - 1]!, items[i]!];
    if (first.kind === 'jump' || (first.kind === 'insn' && before.kind !== 'jump')) continue;
    const end = shortestEnd(items, i, live);
    if (end === undefined) continue;
    // It goes to where the ways meet again; what went on to it jumps there.
    const label: Label = first.kind === 'label' ? first : { kind: 'label' };
    const place = result.indexOf(first);
    result.splice(place, first.kind === 'label' ? 1 : 0, ...(isEnd(before) ? [] : [jumpTo(label)]));
    result.splice(result.indexOf(end.meets), 0, jumpTo(end.meets), label, ...end.insns.map(plain));
  }
  return result;
}

interface End {
  readonly insns: readonly EbpfInsn[];
  /** Where it meets other ways. */
  readonly meets: Label;
}

/** The way from item `at` on to where it meets others for the second time or later, shortened; undefined when that saves too little. */
function shortestEnd(items: readonly Item[], at: number, live: ReadonlyMap<Label, number>): End | undefined {
  const ends = endsFrom(items, at).flatMap(({ insns, meets }) => {
    const own = new Shortening(insns, live.get(meets)!).run();
    return own === undefined || own.length > MOST_INSNS
      ? []
      : [{ insns: own, meets, saved: insns.length - own.length }];
  });
  const most = Math.max(...ends.map(({ saved }) => saved));
  return most < LEAST_SAVED ? undefined : ends.find(({ saved }) => saved === most);
}

function endsFrom(items: readonly Item[], at: number): readonly End[] {
  const insns: EbpfInsn[] = [];
  const ends: End[] = [];
  for (const item of items.slice(at)) {
    if (item.kind === 'insn') {
      if (item.upper !== undefined || isExit(item)) break;
      insns.push(item.insn);
    } else if (item.kind === 'label') {
      if (insns.length > 0) ends.push({ insns: [...insns], meets: item });
    } else {
      if (isAlways(item)) ends.push({ insns, meets: item.to });
      break;
    }
  }
  return ends.slice(1);
}

/** What a register stands for whose content is not in it: a constant, or another register and a number of bytes more. */
type Content =
  | { readonly kind: 'constant'; readonly value: bigint }
  | { readonly kind: 'register'; readonly register: number; readonly plus: number };

/** The same instructions with what is known at each: constants and copies are made only where they have to be in a register. */
class Shortening {
  readonly #insns: readonly EbpfInsn[];
  readonly #live: number;
  readonly #result: EbpfInsn[] = [];
  readonly #contents = new Map<number, Content>();

  /** @param live the registers that are to be read afterwards, as bits */
  constructor(insns: readonly EbpfInsn[], live: number) {
    this.#insns = insns;
    this.#live = live;
  }

  /** Undefined when there is something that is not followed here. */
  run(): readonly EbpfInsn[] | undefined {
    if (!this.#insns.every((insn) => this.#add(insn))) return undefined;
    for (let register = 0; register < REGISTERS; register++) {
      if ((this.#live >> register) & 1) this.#make(register);
    }
    return this.#result;
  }

  #add(insn: EbpfInsn): boolean {
    const { code, dst, src, off } = insn;
    switch (o.classOf(code)) {
      case o.BPF_ALU64:
        return this.#compute(insn);
      case o.BPF_LDX: {
        const address = this.#address(src, off);
        this.#forget(dst);
        this.#result.push({ ...insn, src: address.base, off: address.off });
        return true;
      }
      case o.BPF_STX: {
        if (o.modeOf(code) !== o.BPF_MEM) return false;
        const address = this.#address(dst, off);
        this.#result.push({ ...insn, dst: address.base, src: this.#held(src), off: address.off });
        return true;
      }
      case o.BPF_ST: {
        const address = this.#address(dst, off);
        this.#result.push({ ...insn, dst: address.base, off: address.off });
        return true;
      }
      default:
        return false;
    }
  }

  #compute(insn: EbpfInsn): boolean {
    const { code, dst, src } = insn;
    const operation = o.operationOf(code);
    if (operation === o.BPF_END || operation === o.BPF_NEG || insn.off !== 0) return false;
    const isRegister = (code & o.BPF_X) !== 0;
    const operand = isRegister
      ? this.#contentOf(src)
      : ({ kind: 'constant', value: immediateOf(insn) } as const);
    const result = operation === o.BPF_MOV ? operand : combined(code, this.#contentOf(dst), operand);
    if (result !== undefined) {
      this.#set(dst, result);
      return true;
    }
    const source = isRegister ? this.#held(src) : src;
    this.#make(dst);
    this.#forget(dst);
    this.#result.push({ ...insn, src: source });
    return true;
  }

  #contentOf(register: number): Content {
    return this.#contents.get(register) ?? { kind: 'register', register, plus: 0 };
  }

  #set(register: number, content: Content): void {
    const isItself = content.kind === 'register' && content.register === register;
    if (isItself && content.plus === 0) return;
    this.#forget(register);
    if (isItself) this.#result.push(add(register, content.plus));
    else this.#contents.set(register, content);
  }

  /** A register that holds what `register` stands for. */
  #held(register: number): number {
    const content = this.#contentOf(register);
    if (content.kind === 'register' && content.plus === 0) return content.register;
    this.#make(register);
    return register;
  }

  #address(register: number, off: number): { readonly base: number; readonly off: number } {
    const content = this.#contentOf(register);
    if (content.kind === 'register' && isOffset(off + content.plus)) {
      return { base: content.register, off: off + content.plus };
    }
    this.#make(register);
    return { base: register, off };
  }

  /** Puts what a register stands for into it. */
  #make(register: number): void {
    const content = this.#contents.get(register);
    if (content === undefined) return;
    this.#forget(register);
    if (content.kind === 'constant') {
      const imm = Number(BigInt.asIntN(32, content.value));
      this.#result.push({ code: o.BPF_ALU64 | o.BPF_MOV, dst: register, src: 0, off: 0, imm });
      return;
    }
    const code = o.BPF_ALU64 | o.BPF_MOV | o.BPF_X;
    this.#result.push({ code, dst: register, src: content.register, off: 0, imm: 0 });
    if (content.plus !== 0) this.#result.push(add(register, content.plus));
  }

  /** A register gets another content: those that stand for what was in it get that first. */
  #forget(register: number): void {
    this.#contents.delete(register);
    for (const [other, content] of this.#contents) {
      if (content.kind === 'register' && content.register === register) this.#make(other);
    }
  }
}

/** The content after an operation; undefined when it has to be in the register. */
function combined(code: number, before: Content, operand: Content): Content | undefined {
  if (operand.kind !== 'constant') return undefined;
  const { value } = operand;
  if (before.kind === 'constant') {
    const result = operate(code, before.value, value);
    return result === undefined || !isImmediate(BigInt.asIntN(64, result))
      ? undefined
      : { kind: 'constant', value: result };
  }
  const operation = o.operationOf(code);
  if (value === 0n && isNeutral(operation)) return before;
  const plus = before.plus + Number(BigInt.asIntN(64, value));
  return operation === o.BPF_ADD && isOffset(plus) ? { ...before, plus } : undefined;
}

const add = (register: number, imm: number): EbpfInsn => ({
  ...{ code: o.BPF_ALU64 | o.BPF_ADD, dst: register, src: 0, off: 0, imm },
});

function isOffset(bytes: number): boolean {
  return bytes >= -0x8000 && bytes <= 0x7fff;
}

function isNeutral(operation: number): boolean {
  return [o.BPF_ADD, o.BPF_SUB, o.BPF_OR, o.BPF_XOR, o.BPF_LSH, o.BPF_RSH].includes(operation);
}
