/**
 * Classic BPF to extended BPF for librte_bpf's mbuf context, in the profile `dpdk` of check.ts.
 *
 * The program sees the frame with its stripped VLAN tags in place (tags.ts), so it has up to three bodies, for frames
 * with none, one or two tags put in, and a prologue that chooses by ol_flags. In a body the tags' protocol numbers are
 * constants: what they decide is left out. A filter that cannot match tagged frames has the body for none and looks at
 * ol_flags behind it, before it accepts.
 */
import { FormatError } from '../../base/index.ts';
import { type Label, ProgramBuilder } from '../asm/builder.ts';
import * as cbpf from '../cbpf/isa.ts';
import { validateCbpf } from '../cbpf/validate.ts';
import * as ebpf from '../isa/insn.ts';
import { type TranslatedBody, translateBody, type Verdict } from './body.ts';
import { mbufFields, olFlagBits } from './fields.ts';
import { TAG_OFFSET } from './tags.ts';

export interface MbufOptions {
  /** Which way the packets go: received tags were stripped, tags of packets to send will be inserted. */
  readonly direction: 'in' | 'out';
}

const CONTEXT = 6;

/** The flags of a direction, moved down by `shift` so that they fit a constant. */
const flagsOf = {
  in: {
    shift: 0,
    one: olFlagBits.RTE_MBUF_F_RX_VLAN_STRIPPED,
    two: olFlagBits.RTE_MBUF_F_RX_QINQ_STRIPPED,
  },
  out: {
    shift: olFlagBits.RTE_MBUF_F_TX_QINQ,
    one: olFlagBits.RTE_MBUF_F_TX_VLAN,
    two: olFlagBits.RTE_MBUF_F_TX_QINQ,
  },
} as const;

/**
 * The program for one direction; its result is the classic program's verdict. Throws FormatError for a program that
 * `validateCbpf` refuses.
 */
export function compileForMbuf(program: cbpf.CbpfProgram, { direction }: MbufOptions): ebpf.EbpfProgram {
  validateCbpf(program);
  const translator = new Translator(direction);
  const result = translator.translate(program);
  if (result.length > MAX_INSNS) {
    throw new FormatError(
      `filter program: got ${result.length} extended instructions, expected at most ${MAX_INSNS}`,
      0,
    );
  }
  return result;
}

/** The longest program that the agent takes. */
const MAX_INSNS = 4096;

class Translator {
  private readonly direction: 'in' | 'out';
  private readonly to = new ProgramBuilder();
  private readonly verdicts = new Map<Verdict, Label>();

  constructor(direction: 'in' | 'out') {
    this.direction = direction;
  }

  translate(program: cbpf.CbpfProgram): ebpf.EbpfProgram {
    const { to } = this;
    const none = translateBody(program, 0);
    const one = translateBody(program, 1);
    const two = translateBody(program, 2);
    to.move(CONTEXT, 1);
    if ([none, one, two].every(rejectsAll)) {
      to.wConstant(ebpf.BPF_MOV, 0, 0);
      to.exit();
      return to.finish().insns;
    }
    if (isSame(none, one) && isSame(none, two)) this.append(none);
    else if (rejectsAll(one) && rejectsAll(two)) this.emitTagsLast(none);
    else this.emitBodies(none, one, two);
    this.emitVerdicts();
    return to.finish().insns;
  }

  /** The body for no tags is next to the prologue: most frames have none. It comes again for frames too short for tags. */
  private emitBodies(none: TranslatedBody, one: TranslatedBody, two: TranslatedBody): void {
    const { to } = this;
    const tagged = to.label();
    const short = to.label();
    const oneBit = this.loadTagFlags();
    to.jumpIf(ebpf.BPF_JNE, 1, 0, tagged);
    this.append(none);
    to.bind(tagged);
    to.load(cbpf.BPF_W, 0, CONTEXT, mbufFields.pktLen.offset);
    to.jumpIf(ebpf.BPF_JLT, 0, TAG_OFFSET, short);
    if (!isSame(one, two)) {
      const isTwo = to.label();
      to.jumpIf(ebpf.BPF_JNE, 1, oneBit, isTwo);
      this.append(one);
      to.bind(isTwo);
    }
    this.append(two);
    to.bind(short);
    this.append(none);
  }

  /** A filter that rejects whatever is tagged need not know of tags before it would accept: most packets go no further. */
  private emitTagsLast(none: TranslatedBody): void {
    const { to } = this;
    const accepted = new Map<Verdict, Label>();
    this.append(none, (verdict) => (verdict === 0 ? this.labelOf(0) : labelIn(accepted, verdict, to)));
    for (const [verdict, label] of accepted) {
      to.bind(label);
      this.loadTagFlags();
      to.jumpIf(cbpf.BPF_JEQ, 1, 0, this.labelOf(verdict));
      to.load(cbpf.BPF_W, 1, CONTEXT, mbufFields.pktLen.offset);
      to.jumpIf(cbpf.BPF_JGE, 1, TAG_OFFSET, this.labelOf(0));
      to.jump(this.labelOf(verdict));
    }
  }

  /** Into r1: zero without tags; what it gives is there for one tag. */
  private loadTagFlags(): number {
    const { to } = this;
    const flags = flagsOf[this.direction];
    const oneBit = 1 << (flags.one - flags.shift);
    const twoBit = 1 << (flags.two - flags.shift);
    to.load(ebpf.BPF_DW, 1, CONTEXT, mbufFields.olFlags.offset);
    if (flags.shift > 0) to.constant(cbpf.BPF_RSH, 1, flags.shift);
    to.constant(cbpf.BPF_AND, 1, oneBit | twoBit);
    return oneBit;
  }

  private append(
    { part, verdicts }: TranslatedBody,
    labelOf = (verdict: Verdict) => this.labelOf(verdict),
  ): void {
    this.to.append(part, (label) => labelOf(verdicts.get(label)!));
  }

  private labelOf(verdict: Verdict): Label {
    return labelIn(this.verdicts, verdict, this.to);
  }

  /** Where each verdict is put into r0, and the only exit. Rejection is last: it jumps no further. */
  private emitVerdicts(): void {
    const { to } = this;
    const exit = this.verdicts.get('a') ?? to.label();
    const next = to.dropFinalJump();
    const constants = [...this.verdicts].filter(([verdict]) => verdict !== 'a');
    constants.sort(([verdict], [other]) => Number(verdict === 0) - Number(other === 0));
    if (next !== undefined && next !== constants[0]?.[1]) to.jump(next);
    constants.forEach(([verdict, label], index) => {
      to.bind(label);
      to.wConstant(ebpf.BPF_MOV, 0, verdict as number);
      if (index < constants.length - 1) to.jump(exit);
    });
    to.bind(exit);
    to.exit();
  }
}

function labelIn(labels: Map<Verdict, Label>, verdict: Verdict, to: ProgramBuilder): Label {
  const label = labels.get(verdict) ?? to.label();
  labels.set(verdict, label);
  return label;
}

/** Whether no way through a body accepts, so that nothing needs to be looked at. */
function rejectsAll({ verdicts }: TranslatedBody): boolean {
  return [...verdicts.values()].every((verdict) => verdict === 0);
}

function isSame(one: TranslatedBody, other: TranslatedBody): boolean {
  const text = ({ part, verdicts }: TranslatedBody): string =>
    JSON.stringify([part.insns, part.openJumps.map(({ at, label }) => [at, verdicts.get(label)])]);
  return text(one) === text(other);
}
