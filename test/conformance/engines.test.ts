/**
 * One verdict from every engine: the classic interpreter, the WebAssembly JIT, librte_bpf's JIT and
 * interpreter, and the agent's own interpreter; on packets in one and in many segments, and with VLAN tags taken
 * off. And one judgement of a program from both checkers.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VerifierError } from '../../src/base/index.ts';
import {
  type CbpfProgram,
  checkMbufProgram,
  compileForMbuf,
  type EbpfInsn,
  type EbpfProgram,
  prepareMbufProgram,
  runCbpf,
} from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { hasDpdk } from './agent-harness.ts';
import { ALL_ACCEPT, buildHarness, type Harness, type MbufPacket } from './engine-harness.ts';
import { composedPackets, corpusPackets, hasCorpora, makeRandom, mutated, truncated } from './packets.ts';
import { damaged, randomProgram } from './random-programs.ts';
import { expressions } from './table.ts';

const RX_VLAN_STRIPPED = 1n << 6n;
const RX_QINQ_STRIPPED = 1n << 15n;
const TX_QINQ = 1n << 49n;
const TX_VLAN = 1n << 57n;

/** Flags of each direction for none, one and two tags that are not in the frame. */
const flags = {
  in: [0n, RX_VLAN_STRIPPED, RX_VLAN_STRIPPED | RX_QINQ_STRIPPED],
  out: [0n, TX_VLAN, TX_QINQ],
} as const;

/** Bits that say nothing about tags of the direction: all engines must leave them alone. */
const noise = {
  in: TX_VLAN | TX_QINQ | (1n << 1n) | (1n << 20n),
  out: RX_VLAN_STRIPPED | RX_QINQ_STRIPPED | (1n << 56n),
};

interface TaggedPacket extends MbufPacket {
  /** The frame as it is written to a file. */
  readonly whole: Uint8Array;
}

function withTags(
  frame: Uint8Array,
  count: number,
  direction: 'in' | 'out',
  random: (bound: number) => number,
): TaggedPacket {
  const vlanTci = [5, 100, 200, 0x2005, random(65536)][random(5)]!;
  const vlanTciOuter = [5, 100, 0x6064, random(65536)][random(4)]!;
  const tags = [
    ...(count === 2 ? [0x88, 0xa8, vlanTciOuter >> 8, vlanTciOuter & 0xff] : []),
    ...(count > 0 ? [0x81, 0x00, vlanTci >> 8, vlanTci & 0xff] : []),
  ];
  const whole =
    frame.length < 12 ? frame : Uint8Array.from([...frame.subarray(0, 12), ...tags, ...frame.subarray(12)]);
  const olFlags = flags[direction][count]! | (random(2) === 0 ? noise[direction] : 0n);
  return { frame, whole, olFlags, vlanTci, vlanTciOuter, segmentBytes: [0, 0, 1, 3, 13, 14, 40][random(7)]! };
}

const contextOf = ({ frame, olFlags, vlanTci, vlanTciOuter }: MbufPacket) => ({
  frame,
  pktLen: frame.length,
  olFlagsLow: Number(BigInt.asIntN(32, olFlags)),
  olFlagsHigh: Number(olFlags >> 32n),
  vlanTci,
  vlanTciOuter,
  port: 0,
  nbSegs: 1,
  packetType: 0,
  rss: 0,
  fdirHi: 0,
});

/** Filters with so many ways through them that librte_bpf, left alone, would check them for hours. */
const branched: readonly string[] = [
  Array.from({ length: 20 }, (_, i) => `(host 10.0.0.${i} and port ${i + 80})`).join(' or '),
  Array.from({ length: 12 }, (_, i) => `(host 10.0.0.${i} or port ${i + 80})`).join(' and '),
  Array.from({ length: 12 }, (_, i) => `(vlan ${i} and ip)`).join(' or '),
];

/** Classic programs: hone's, and libpcap-like ones that use what hone's do not. */
function classicPrograms(): readonly { readonly name: string; readonly program: CbpfProgram }[] {
  const compiled = [...expressions(), ...branched].flatMap((name) => {
    try {
      return [{ name, program: compileFilter(name) }];
    } catch {
      return [];
    }
  });
  return [...compiled, ...handWritten];
}

const cbpf = (code: number, k = 0, jt = 0, jf = 0) => ({ code, jt, jf, k });

/** Scratch memory, txa, registers that are read before they are written, `ret a`, far jumps, useless loads. */
const handWritten: readonly { readonly name: string; readonly program: CbpfProgram }[] = [
  { name: 'ret a of an unwritten A', program: [cbpf(0x16)] },
  { name: 'txa of an unwritten X, ret a', program: [cbpf(0x87), cbpf(0x16)] },
  { name: 'an unwritten cell', program: [cbpf(0x60, 3), cbpf(0x16)] },
  {
    name: 'cells',
    program: [
      cbpf(0x30, 0),
      cbpf(0x02, 0),
      cbpf(0x30, 1),
      cbpf(0x02, 15),
      cbpf(0x61, 0),
      cbpf(0x60, 15),
      cbpf(0x0c),
      cbpf(0x16),
    ],
  },
  {
    name: 'stx',
    program: [cbpf(0xb1, 14), cbpf(0x03, 7), cbpf(0x60, 7), cbpf(0x07), cbpf(0x50, 0), cbpf(0x16)],
  },
  { name: 'msh keeps A', program: [cbpf(0x30, 13), cbpf(0xb1, 14), cbpf(0x1c), cbpf(0x16)] },
  { name: 'a load that nobody reads', program: [cbpf(0x20, 40), cbpf(0x00, 1), cbpf(0x16)] },
  { name: 'len in X', program: [cbpf(0x81), cbpf(0x50, 0xffffffff), cbpf(0x06, 1)] },
  { name: 'a load beyond all packets', program: [cbpf(0x20, 0xfffffffe), cbpf(0x06, 1)] },
  { name: 'an index that wraps', program: [cbpf(0x01, 0xfffffff0), cbpf(0x40, 0x11), cbpf(0x16)] },
  {
    name: 'a far jump',
    program: [
      cbpf(0x05, 300),
      ...Array(300).fill(cbpf(0x06, 0)),
      cbpf(0x28, 12),
      cbpf(0x15, 0x800, 0, 1),
      cbpf(0x06, 5),
      cbpf(0x06, 0),
    ],
  },
  { name: 'shifts by X', program: [cbpf(0x30, 13), cbpf(0x07), cbpf(0x00, 0x81), cbpf(0x6c), cbpf(0x16)] },
  { name: 'a shift by 40', program: [cbpf(0x30, 0), cbpf(0x74, 40), cbpf(0x16)] },
  { name: 'mod by X', program: [cbpf(0x30, 13), cbpf(0x07), cbpf(0x00, 0x81), cbpf(0x9c), cbpf(0x16)] },
  { name: 'neg', program: [cbpf(0x30, 13), cbpf(0x84), cbpf(0x16)] },
];

describe('engines', () => {
  let harness: Harness;
  beforeAll(() => {
    if (hasDpdk) harness = buildHarness();
  }, 60_000);
  afterAll(() => harness?.close());

  for (const direction of ['in', 'out'] as const) {
    test(`every filter, every engine, packets going ${direction}`, { timeout: 120_000 }, (ctx) => {
      if (!hasDpdk) ctx.skip('needs gcc and DPDK: apt-get install gcc libdpdk-dev');
      if (!hasCorpora) ctx.skip('no corpora: set HONE_CORPORA to their folder');
      const random = makeRandom(direction === 'in' ? 1 : 2);
      const composed = composedPackets();
      const others = corpusPackets().filter((_, i) => i % 6 === (direction === 'in' ? 0 : 3));
      const frames = [
        ...composed,
        ...others,
        ...mutated(composed, random),
        ...truncated([...composed, ...others], random),
      ];
      const packets = [
        ...composed.flatMap(({ bytes }) =>
          [0, 1, 2].map((count) => withTags(bytes, count, direction, random)),
        ),
        ...frames.map(({ bytes }) => withTags(bytes, random(3), direction, random)),
      ];
      const classic = classicPrograms();
      const extended = classic.map(({ program }) => compileForMbuf(program, { direction }));
      const results = harness.run(extended, packets);
      const differences: string[] = [];
      classic.forEach(({ name, program }, i) => {
        const run = prepareMbufProgram(extended[i]!);
        const result = results[i]!;
        if (typeof result === 'string') {
          differences.push(`${name}: ${result}`);
          return;
        }
        if (result.isDirect !== extended[i]!.some(isPacketLoad))
          differences.push(`${name}: not as direct as expected`);
        packets.forEach((packet, j) => {
          const want = runCbpf(program, packet.whole, packet.whole.length);
          const got = run(contextOf(packet));
          if (got !== want || result.accepting[j] !== (want === 0 ? 0 : ALL_ACCEPT)) {
            differences.push(
              `${name}: ${Buffer.from(packet.whole).toString('hex')}: ${want} ${got} ${result.accepting[j]}`,
            );
          }
        });
      });
      expect(differences.slice(0, 5)).toEqual([]);
      expect(results.length).toBeGreaterThan(700);
    });
  }

  test('both checkers say the same of random programs, and accepted ones give one verdict', {
    timeout: 120_000,
  }, (ctx) => {
    if (!hasDpdk) ctx.skip('needs gcc and DPDK: apt-get install gcc libdpdk-dev');
    const random = makeRandom(3);
    const good = expressions()
      .slice(0, 60)
      .flatMap((text) => {
        try {
          return [compileForMbuf(compileFilter(text), { direction: 'in' })];
        } catch {
          return [];
        }
      });
    const programs: EbpfProgram[] = [
      ...Array.from({ length: 3000 }, () => randomProgram(random, 12)),
      ...Array.from({ length: 1500 }, () => damaged(good[random(good.length)]!, random)),
      ...Array.from({ length: 1500 }, () => damaged(randomProgram(random, 6), random)),
      [],
      Array(4097).fill({ code: 0x95, dst: 0, src: 0, off: 0, imm: 0 }),
    ];
    const packets = composedPackets().map(({ bytes }) => withTags(bytes, random(3), 'in', random));
    const results = harness.run(programs, packets);
    const differences: string[] = [];
    let accepted = 0;
    programs.forEach((program, i) => {
      const want = judge(program);
      const result = results[i]!;
      if (typeof result === 'string') {
        // librte_bpf knows more of some values, such as a divisor that is always 0.
        if (result !== want && !result.startsWith('librte_bpf refuses'))
          differences.push(`${JSON.stringify(program)}: ${want} | ${result}`);
        return;
      }
      if (want !== 'ok') {
        differences.push(`${JSON.stringify(program)}: ${want} | accepted`);
        return;
      }
      accepted++;
      // The agent's engines reject there; compiled filters never get so far.
      if (program.some(mayDivideByZero)) return;
      const run = prepareMbufProgram(program);
      packets.forEach((packet, j) => {
        const verdict = run({ ...contextOf(packet), nbSegs: segmentsOf(packet) });
        if (result.accepting[j] !== (verdict === 0 ? 0 : ALL_ACCEPT)) {
          differences.push(
            `${JSON.stringify(program)}: ${Buffer.from(packet.frame).toString('hex')}: ${verdict} ${result.accepting[j]}`,
          );
        }
      });
    });
    expect(differences.slice(0, 3)).toEqual([]);
    expect(accepted).toBeGreaterThan(500);
  });
});

/** A division or a remainder by a register. */
const mayDivideByZero = ({ code }: EbpfInsn): boolean => [0x3c, 0x3f, 0x9c, 0x9f].includes(code);

const isPacketLoad = ({ code }: EbpfInsn): boolean => (code & 7) === 0;

function judge(program: EbpfProgram): string {
  try {
    checkMbufProgram(program);
    return 'ok';
  } catch (error) {
    if (error instanceof VerifierError) return error.message;
    throw error;
  }
}

function segmentsOf({ frame, segmentBytes }: MbufPacket): number {
  return segmentBytes === 0 || segmentBytes * 63 < frame.length
    ? 1
    : Math.max(1, Math.ceil(frame.length / segmentBytes));
}

test('the table of expressions is as long as promised', () => {
  expect(readFileSync(join(import.meta.dirname, 'expressions.txt'), 'utf8')).toContain('tcp port 80\n');
  expect(expressions().length).toBeGreaterThan(900);
});
