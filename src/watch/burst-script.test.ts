import { expect, test } from 'vitest';
import { compileBurstScript, compileTimeScript, mapOf } from './burst-script.ts';
import { cyclesPerNs } from './tsc-rate.ts';

const ports = (count: number, queues: number) =>
  Array.from({ length: count }, (_, portId) => ({ portId, rxQueues: queues, txQueues: queues }));

for (const [count, queues, probes, hasQueues, uncounted] of [
  [2, 1, 4, true, []],
  [2, 16, 64, true, []],
  [2, 17, 4, false, []],
  [32, 4, 64, false, []],
  [33, 4, 64, false, [32]],
] as const) {
  test(`${count} ports of ${queues} queues`, () => {
    const { script, hooks, uncounted: left } = compileBurstScript(ports(count, queues))!;
    expect(script.probes).toHaveLength(probes);
    expect(hooks.every(({ queueId }) => (queueId !== undefined) === hasQueues)).toBe(true);
    expect(left).toEqual(uncounted);
    // An index and an increment: no calls, no tables.
    for (const { sizes } of hooks)
      expect(mapOf(script, sizes).place).toMatchObject({ kind: 'indexed', entries: 256 });
    for (const { program, needsTime } of script.probes)
      expect([needsTime, program.length <= 24]).toEqual([false, true]);
  });
}

test('without queues there is nothing to count', () => {
  expect(compileBurstScript([{ portId: 0, rxQueues: 0, txQueues: 0 }])).toBeUndefined();
});

test('the script of times has its three sums in the banks', () => {
  const script = compileTimeScript();
  for (const name of ['@busy', '@idle', '@packets']) expect(mapOf(script, name).isState).toBe(false);
});

const VM = 'flags\t\t: fpu tsc constant_tsc hypervisor\ncpu MHz\t\t: 2096.028\n';
for (const [what, khz, cpuinfo, want] of [
  ['a virtual machine', '', VM, 2.096028],
  ['a real one', '', VM.replace('hypervisor', ''), undefined],
  ['a kernel that says it', '3000000\n', '', 3],
  ['neither', '', '', undefined],
] as const) {
  test(`rate of the counter: ${what}`, () => expect(cyclesPerNs(khz, cpuinfo)).toBe(want));
}
