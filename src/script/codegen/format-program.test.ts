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
      '   0: r0 = *(u16 *)(r1 + 48)             ; args.nb_rx',
      '   1: r2 = 0x0',
      '   2: if r0 < 0x100 goto +2',
      '   3: r0 >>= 0x8',
      '   4: r2 += 0x8',
      '   5: if r0 < 0x10 goto +2',
      '   6: r0 >>= 0x4',
      '   7: r2 += 0x4',
      '   8: if r0 < 0x4 goto +2',
      '   9: r0 >>= 0x2',
      '  10: r2 += 0x2',
      '  11: if r0 < 0x2 goto +2',
      '  12: r0 >>= 0x1',
      '  13: r2 += 0x1',
      '  14: r2 += r0',
      '  15: r2 &= 0x7f',
      '  16: r2 <<= 0x3',
      '  17: r0 = r1',
      '  18: r0 += r2',
      '  19: r2 = *(u64 *)(r0 + 2056)           ; @',
      '  20: r2 += 0x1',
      '  21: *(u64 *)(r0 + 2056) = r2           ; @',
      '  22: r0 = 0x0',
      '  23: exit',
    ].join('\n')}\n`,
  );
});

test('calls name their map, stores the scratch space, loads the packet', () => {
  const text = format('dpdk:rx_packet { @[ip.src, args.len] = count(); printf("%d", args.len); }');
  for (const comment of [
    'mapSlot @',
    'args.len',
    'scratch + 0',
    'packet + 12',
    'bytes of the packet',
    'emit 16 bytes',
  ]) {
    expect(text).toContain(`; ${comment}\n`);
  }
});

/** The most instructions that typical scripts may take. */
const sizes: readonly (readonly [script: string, most: number])[] = [
  ['dpdk:rx_burst { @ = hist(args.nb_rx); }', 24],
  ['dpdk:rx_burst { @ = count(); }', 5],
  ['dpdk:rx_burst { @[args.port & 7] = sum(args.nb_rx); }', 15],
  ['dpdk:rx_burst /args.queue == 0/ { @ = avg(args.nb_rx); }', 12],
  ['dpdk:rx_burst { @ = lhist(args.nb_rx, 0, 32, 4); }', 22],
  ['dpdk:rx_poll { @ = stats(args.nb_rx); }', 10],
  ['dpdk:rx_packet { @[ip.proto] = count(); }', 59],
  ['dpdk:rx_packet /ip.proto == 6 && tcp.dstport == 443/ { @[ip.src] = count(); }', 186],
  ['dpdk:rx_packet { @[args.hash] = count(); }', 17],
  ['dpdk:rx_burst { @last[args.port, args.queue] = nsecs; }', 22],
];

for (const [script, most] of sizes) {
  test(`${script} in at most ${most} instructions`, () => {
    expect(compile(script).probes[0]!.program.length).toBeLessThanOrEqual(most);
  });
}
