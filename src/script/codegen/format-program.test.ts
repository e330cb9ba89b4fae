import { expect, test } from 'vitest';
import { formatProgram } from './format-program.ts';
import { compile } from './run-script.fixture.ts';

const format = (text: string): string => {
  const script = compile(text);
  return script.probes.map((probe) => formatProgram(script, probe)).join('\n');
};

test('a program says which arguments and maps it works on', () => {
  expect(format('dpdk:rx_burst { @ = sum(args.nb_rx); }')).toBe(
    `${[
      '   0: r2 = *(u16 *)(r1 + 48)             ; args.nb_rx',
      '   1: r0 = *(u64 *)(r1 + 2048)           ; @',
      '   2: r0 += r2',
      '   3: *(u64 *)(r1 + 2048) = r0           ; @',
      '   4: r0 = *(u64 *)(r1 + 2056)           ; @',
      '   5: r0 += 0x1',
      '   6: *(u64 *)(r1 + 2056) = r0           ; @',
      '   7: r0 = 0x0',
      '   8: exit',
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
  ['dpdk:rx_burst { @ = hist(args.nb_rx); }', 86],
  ['dpdk:rx_burst { @ = hist(args.nb_rx * 2); }', 28],
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
