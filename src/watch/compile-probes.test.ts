import { expect, test } from 'vitest';
import { mapOf } from './burst-script.ts';
import { compileProbes } from './compile-probes.ts';

test('tables have room for the keys that are asked for, and take no more memory', () => {
  const compile = (mostKeys?: number) =>
    compileProbes('dpdk:rx_poll { @[args.port, args.queue] = count(); }', { mostKeys });
  const [small, large] = [compile(128), compile()];
  expect(mapOf(small, '@').maxEntries).toBe(128);
  expect(mapOf(large, '@').maxEntries).toBe(65_536);
  // Twice as many slots, each with two keys, a value and its own state; and what lies before the maps.
  expect(small.contextBytes).toBeLessThan(16_384);
  expect(large.contextBytes).toBeGreaterThan(1 << 20);
});
