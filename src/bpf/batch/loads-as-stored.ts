/**
 * Which packet loads of a classic program may leave their value in the packet's byte order, because it is only compared
 * with constants, whose bytes can be swapped at compile time instead. Loads whose values meet in one comparison are
 * one class (union-find over the forward flow): all of a class stay as stored, or none.
 */
import * as cbpf from '../cbpf/isa.ts';
import { successors } from '../cbpf/liveness.ts';

interface ValueClass {
  parent: ValueClass | undefined;
  /** Bytes of the loads of the class; 0 when a value in it must be in host order. */
  lengthBytes: number;
}

/** For loads of a half word or word and for comparisons: the length of the value that is as stored, else 0. */
export function loadsAsStored(program: cbpf.CbpfProgram): Uint8Array {
  const reaching: (ValueClass | undefined)[] = [{ parent: undefined, lengthBytes: 0 }];
  const classOfValue: (ValueClass | undefined)[] = [];
  program.forEach((insn, pc) => {
    const before = reaching[pc];
    if (before === undefined) return;
    const after = transfer(insn, before);
    if (isPacketLoad(insn)) classOfValue[pc] = after;
    else if (isComparison(insn)) classOfValue[pc] = before;
    for (const next of successors(insn, pc)) reaching[next] = unite(reaching[next], after);
  });
  return Uint8Array.from(program, (_, pc) => {
    const value = classOfValue[pc];
    return value === undefined ? 0 : find(value).lengthBytes;
  });
}

/** Notes what the instruction asks of the value in A, and gives the value that it leaves there. */
function transfer(insn: cbpf.CbpfInsn, before: ValueClass): ValueClass {
  const { code, k } = insn;
  switch (cbpf.classOf(code)) {
    case cbpf.BPF_LD: {
      const lengthBytes = cbpf.loadBytes(cbpf.sizeOf(code));
      return { parent: undefined, lengthBytes: isPacketLoad(insn) && lengthBytes > 1 ? lengthBytes : 0 };
    }
    case cbpf.BPF_LDX:
    case cbpf.BPF_STX:
      return before;
    case cbpf.BPF_JMP:
      if (cbpf.operationOf(code) === cbpf.BPF_JA) return before;
      if (!isComparison(insn) || (k > 0xffff && find(before).lengthBytes === 2)) find(before).lengthBytes = 0;
      return before;
    case cbpf.BPF_MISC:
      if ((code & 0xf8) === cbpf.BPF_TXA) return { parent: undefined, lengthBytes: 0 };
      break;
    case cbpf.BPF_RET:
      if ((code & 0x18) !== cbpf.BPF_A) return before;
      break;
  }
  find(before).lengthBytes = 0;
  return cbpf.classOf(code) === cbpf.BPF_ALU ? { parent: undefined, lengthBytes: 0 } : before;
}

function isPacketLoad({ code }: cbpf.CbpfInsn): boolean {
  const mode = cbpf.modeOf(code);
  return cbpf.classOf(code) === cbpf.BPF_LD && (mode === cbpf.BPF_ABS || mode === cbpf.BPF_IND);
}

/** A test for equality or bits against a constant: those do not care about the order of the bytes. */
function isComparison({ code }: cbpf.CbpfInsn): boolean {
  const operation = cbpf.operationOf(code);
  const isJump = cbpf.classOf(code) === cbpf.BPF_JMP && (code & cbpf.BPF_X) === 0;
  return isJump && (operation === cbpf.BPF_JEQ || operation === cbpf.BPF_JSET);
}

function find(value: ValueClass): ValueClass {
  let root = value;
  while (root.parent !== undefined) root = root.parent;
  return root;
}

function unite(one: ValueClass | undefined, other: ValueClass): ValueClass {
  if (one === undefined) return other;
  const left = find(one);
  const right = find(other);
  if (left === right) return left;
  right.parent = left;
  if (left.lengthBytes !== right.lengthBytes) left.lengthBytes = 0;
  return left;
}
