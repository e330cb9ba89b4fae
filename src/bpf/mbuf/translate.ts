/**
 * Classic BPF to extended BPF for librte_bpf's mbuf context, in the profile `dpdk` of check.ts.
 *
 * The program sees the frame with its stripped VLAN tags in place (tags.ts), so it has up to three bodies, for frames
 * with none, one or two tags put in, and a prologue that chooses by ol_flags. In a body the tags' protocol numbers are
 * constants: what they decide is left out, so a filter that cannot match tagged frames has no code for them.
 */
import { FormatError } from '../../base/index.ts';
import * as cbpf from '../cbpf/isa.ts';
import { validateCbpf } from '../cbpf/validate.ts';
import { Assembler } from '../ebpf/assembler.ts';
import * as ebpf from '../ebpf/isa.ts';
import { translateBody } from './body.ts';
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
  const [none, one, two] = [0, 1, 2].map((tags) => translateBody(program, tags)) as [
    ebpf.EbpfProgram,
    ebpf.EbpfProgram,
    ebpf.EbpfProgram,
  ];
  const to = new Assembler();
  to.move(CONTEXT, 1);
  if (!isSame(none, one) || !isSame(none, two)) emitTagged(to, direction, one, two);
  to.append(none);
  const result = to.finish();
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

/** The prologue and the bodies for one and two tags; what follows is the body for none. */
function emitTagged(
  to: Assembler,
  direction: 'in' | 'out',
  one: ebpf.EbpfProgram,
  two: ebpf.EbpfProgram,
): void {
  const flags = flagsOf[direction];
  const oneBit = 1 << (flags.one - flags.shift);
  const twoBit = 1 << (flags.two - flags.shift);
  const untagged = to.label();
  to.load(ebpf.BPF_DW, 1, CONTEXT, mbufFields.olFlags.offset);
  if (flags.shift > 0) to.constant(cbpf.BPF_RSH, 1, flags.shift);
  to.constant(cbpf.BPF_AND, 1, oneBit | twoBit);
  to.jumpIf(cbpf.BPF_JEQ, 1, 0, untagged);
  to.load(cbpf.BPF_W, 2, CONTEXT, mbufFields.pktLen.offset);
  to.jumpIf(ebpf.BPF_JLT, 2, TAG_OFFSET, untagged);
  if (!isSame(one, two)) {
    const isTwo = to.label();
    to.jumpIf(cbpf.BPF_JSET, 1, twoBit, isTwo);
    to.append(one);
    to.bind(isTwo);
  }
  to.append(two);
  to.bind(untagged);
}

function isSame(one: ebpf.EbpfProgram, other: ebpf.EbpfProgram): boolean {
  return (
    one.length === other.length &&
    one.every(({ code, dst, src, off, imm }, i) => {
      const insn = other[i]!;
      return (
        code === insn.code && dst === insn.dst && src === insn.src && off === insn.off && imm === insn.imm
      );
    })
  );
}
