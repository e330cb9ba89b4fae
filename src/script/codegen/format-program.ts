/**
 * A program of the form `agent` as text with what it works on, for `hone trace -d`: the eBPF line by line, and behind it
 * the argument, map, packet byte or helper that an instruction names.
 */
import { type EbpfInsn, formatEbpf, opcodes as o, traceContext, traceHelper } from '../../bpf/index.ts';
import type { CompiledProbe, CompiledScript, MapPlan } from '../plan.ts';

/** Where a program finds the context's address. */
const ARGUMENT = 1;

/** Where the comments begin. */
const COMMENT_COLUMN = 40;

const fields: readonly (readonly [offset: number, name: string])[] = [
  [traceContext.timeNs, 'time'],
  [traceContext.tid, 'tid'],
  [traceContext.lcore, 'lcore'],
  [traceContext.pid, 'pid'],
  [traceContext.packetBytes, 'bytes of the packet'],
];

/** One line an instruction, each ended by a newline. */
export function formatProgram(script: CompiledScript, probe: CompiledProbe): string {
  const comments = new Map<number, string>();
  const annotator = new Annotator(script, probe);
  probe.program.forEach((insn, pc) => {
    const comment = annotator.comment(insn);
    if (comment !== undefined) comments.set(pc, comment);
  });
  return formatEbpf(probe.program)
    .split('\n')
    .map((line) => {
      const comment = comments.get(Number(line.split(':', 1)[0]));
      return line === '' || comment === undefined ? line : `${line.padEnd(COMMENT_COLUMN)} ; ${comment}`;
    })
    .join('\n');
}

/** Follows which registers hold an address in the context, and constants, as far as one pass over the program tells. */
class Annotator {
  readonly #script: CompiledScript;
  readonly #probe: CompiledProbe;
  /** What was added to the context's address in a register; the part that is not constant is left out. */
  readonly #addresses = new Map<number, number>([[ARGUMENT, 0]]);
  readonly #constants = new Map<number, number>();

  constructor(script: CompiledScript, probe: CompiledProbe) {
    this.#script = script;
    this.#probe = probe;
  }

  /** What an instruction names; undefined when it names nothing. */
  comment(insn: EbpfInsn): string | undefined {
    const { code, dst, src, off } = insn;
    const kind = o.classOf(code);
    if (kind === o.BPF_LDX || kind === o.BPF_STX || kind === o.BPF_ST) {
      const base = this.#addresses.get(kind === o.BPF_LDX ? src : dst);
      if (kind === o.BPF_LDX) this.#forget(dst);
      return base === undefined ? undefined : this.#nameOf(base + off);
    }
    if (code === (o.BPF_JMP | o.BPF_CALL)) {
      const comment = this.#call(insn.imm);
      for (let register = 0; register <= 5; register++) this.#forget(register);
      return comment;
    }
    if (kind === o.BPF_ALU64 || kind === o.BPF_ALU || kind === o.BPF_LD) this.#follow(insn);
    return undefined;
  }

  #follow({ code, dst, src, imm }: EbpfInsn): void {
    const isConstant = (code & o.BPF_X) === 0;
    const address = this.#addresses.get(dst);
    switch (code & 0xf7) {
      case o.BPF_ALU64 | o.BPF_MOV: {
        const copied = isConstant ? undefined : this.#addresses.get(src);
        this.#forget(dst);
        if (isConstant) this.#constants.set(dst, imm);
        else if (copied !== undefined) this.#addresses.set(dst, copied);
        return;
      }
      case o.BPF_ALU64 | o.BPF_ADD:
        if (address !== undefined) this.#addresses.set(dst, address + (isConstant ? imm : 0));
        this.#constants.delete(dst);
        return;
      default:
        this.#forget(dst);
    }
  }

  #forget(register: number): void {
    this.#addresses.delete(register);
    this.#constants.delete(register);
  }

  #call(helper: number): string {
    const name = Object.entries(traceHelper).find(([, id]) => id === helper)?.[0] ?? `helper ${helper}`;
    if (name === 'emit') {
      return `emit ${this.#constants.get(3) ?? '?'} bytes`;
    }
    const index = this.#constants.get(2);
    const map = this.#script.maps.find(({ place }) => place.kind === 'keyed' && place.index === index);
    return `${name} ${map?.name ?? '?'}`;
  }

  #nameOf(offset: number): string | undefined {
    if (offset >= traceContext.maps) return this.#mapAt(offset);
    if (offset >= traceContext.scratch) return `scratch + ${offset - traceContext.scratch}`;
    if (offset >= traceContext.packet) return `packet + ${offset - traceContext.packet}`;
    if (offset >= traceContext.comm) return 'comm';
    if (offset >= traceContext.args) {
      const index = Math.floor((offset - traceContext.args) / 8);
      const argument = this.#probe.point.arguments.find(
        ({ place }) => place.kind === 'context' && place.index === index,
      );
      return `args.${argument?.name ?? index}`;
    }
    return fields.find(([at]) => at === offset)?.[1];
  }

  #mapAt(offset: number): string | undefined {
    return this.#script.maps.find((map) => contains(map, offset))?.name;
  }
}

/** Whether an offset lies in the first value of a map, which stands for the others too. */
function contains({ place, valueBytes, keyBytes }: MapPlan, offset: number): boolean {
  switch (place.kind) {
    case 'flat':
    case 'indexed':
      return offset >= place.offset && offset < place.offset + valueBytes;
    case 'keyed': {
      const start = place.layout.offset;
      return offset >= start && offset < start + 16 + keyBytes + valueBytes;
    }
    default:
      return false;
  }
}
