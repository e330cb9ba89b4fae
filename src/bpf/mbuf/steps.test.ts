import { expect, test } from 'vitest';
import { countSteps } from './steps.ts';

const insn = (code: number, off = 0) => ({ code, dst: 0, src: 0, off, imm: 0 });

test('each way through a program counts', () => {
  expect(countSteps([insn(0x95)])).toBe(1);
  expect(countSteps([insn(0xb7), insn(0x15, 1), insn(0x05, 0), insn(0x95)])).toBe(5);
});

test('ways that meet and part again and again are very many', () => {
  const forks = Array.from({ length: 40 }, () => [insn(0x15, 1), insn(0xb7)]).flat();
  expect(countSteps([...forks, insn(0x95)])).toBeGreaterThan(2 ** 40);
});
