import { expect, test } from 'vitest';
import { formatProgram } from './format-program.ts';
import { compile } from './run-script.fixture.ts';

const format = (text: string): string => {
  const script = compile(text);
  return script.probes.map((probe) => formatProgram(script, probe)).join('\n');
};

test('a program says which arguments and maps it works on', () => {
  expect(format('dpdk:rx_burst { @ = hist(args.nb_rx); }')).toBe(
    `${[
      '   0: r6 = r1',
      '   1: r1 = *(u16 *)(r6 + 48)             ; args.nb_rx',
      '   2: r2 = 0x0',
      '   3: if r1 < 0x100 goto +2',
      '   4: r1 >>= 0x8',
      '   5: r2 += 0x8',
      '   6: if r1 < 0x10 goto +2',
      '   7: r1 >>= 0x4',
      '   8: r2 += 0x4',
      '   9: if r1 < 0x4 goto +2',
      '  10: r1 >>= 0x2',
      '  11: r2 += 0x2',
      '  12: if r1 < 0x2 goto +2',
      '  13: r1 >>= 0x1',
      '  14: r2 += 0x1',
      '  15: r2 += r1',
      '  16: r2 &= 0x7f',
      '  17: r2 <<= 0x3',
      '  18: r0 = r6',
      '  19: r0 += r2',
      '  20: r2 = *(u64 *)(r0 + 2056)           ; @',
      '  21: r2 += 0x1',
      '  22: *(u64 *)(r0 + 2056) = r2           ; @',
      '  23: r0 = 0x0',
      '  24: exit',
    ].join('\n')}\n`,
  );
});

test('calls name their map, stores the scratch space, loads the packet', () => {
  const text = format('dpdk:rx_packet { @[ip.src, args.len] = count(); printf("%d", args.len); }');
  for (const comment of ['mapSlot @', 'args.len', 'scratch + 0', 'packet + 12', 'bytes of the packet', 'emit 16 bytes']) {
    expect(text).toContain(`; ${comment}\n`);
  }
});

/** The most instructions that typical scripts may take. */
const sizes: readonly (readonly [script: string, most: number])[] = [
  ['dpdk:rx_burst { @ = hist(args.nb_rx); }', 25],
  ['dpdk:rx_burst { @ = count(); }', 6],
  ['dpdk:rx_burst { @[args.port & 7] = sum(args.nb_rx); }', 15],
  ['dpdk:rx_burst /args.queue == 0/ { @ = avg(args.nb_rx); }', 12],
  ['dpdk:rx_burst { @ = lhist(args.nb_rx, 0, 32, 4); }', 19],
  ['dpdk:rx_poll { @ = stats(args.nb_rx); }', 10],
  ['dpdk:rx_packet { @[ip.proto] = count(); }', 46],
  ['dpdk:rx_packet /ip.proto == 6 && tcp.dstport == 443/ { @[ip.src] = count(); }', 150],
  ['dpdk:rx_packet { @[args.hash] = count(); }', 17],
  ['dpdk:rx_burst { @last[args.port, args.queue] = nsecs; }', 22],
];

for (const [script, most] of sizes) {
  test(`${script} in at most ${most} instructions`, () => {
    expect(compile(script).probes[0]!.program.length).toBeLessThanOrEqual(most);
  });
}
