import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble, type EbpfProgram, formatEbpf, opcodes as o } from '../../../bpf/index.ts';
import { type Item, type Label, layOut, plain } from './items.ts';
import { decidedProgram, meetingProgram, numbersAfter } from './random-program.fixture.ts';
import { shorten } from './shorten.ts';

/** The program with a label wherever a jump leads. */
function itemsOf(program: EbpfProgram): readonly Item[] {
  const isJump = (code: number) =>
    (o.classOf(code) === o.BPF_JMP || o.classOf(code) === o.BPF_JMP32) &&
    o.operationOf(code) !== o.BPF_EXIT &&
    o.operationOf(code) !== o.BPF_CALL;
  const labels = new Map<number, Label>();
  program.forEach(({ code, off }, pc) => {
    if (isJump(code)) labels.set(pc + 1 + off, { kind: 'label' });
  });
  return program.flatMap((insn, pc): Item[] => {
    const { off, ...rest } = insn;
    const item: Item = isJump(insn.code)
      ? { kind: 'jump', ...rest, to: labels.get(pc + 1 + off)! }
      : plain(insn);
    const label = labels.get(pc);
    return label === undefined ? [item] : [label, item];
  });
}

const shortened = (program: EbpfProgram): EbpfProgram => layOut(shorten(itemsOf(program)));

const lines = (text: string): string =>
  formatEbpf(shortened(assemble(text)))
    .split('\n')
    .map((line) => line.replace(/^ *\d+: /, ''))
    .join('\n')
    .trim();

test.each([
  ['where the outcome of tests is known', decidedProgram, 1500],
  ['where ways meet', meetingProgram, 500],
])('random programs do the same when they are shortened, %s', (_, programs, expected) => {
  let shorter = 0;
  fc.assert(
    fc.property(programs, (program) => {
      const other = shortened(program);
      if (other.length < program.length) shorter++;
      for (const seed of [0, 1, 2]) expect(numbersAfter(other, seed)).toEqual(numbersAfter(program, seed));
    }),
    { numRuns: 2000 },
  );
  // Many have something to gain, or this shows nothing.
  expect(shorter).toBeGreaterThan(expected);
});

describe('a way that sets what is tested later skips the test', () => {
  test('on both ways', () => {
    expect(
      lines(`
        r2 = *(u64 *)(r1 + 2048)
        r3 = 0
        if r2 == 5 goto +1
        r3 = 1
        if r3 == 0 goto +2
        *(u64 *)(r1 + 2048) = 7
        goto +1
        *(u64 *)(r1 + 2048) = 8
        r0 = 0
        exit`),
    ).toBe(
      [
        'r2 = *(u64 *)(r1 + 2048)',
        'if r2 == 0x5 goto +2',
        '*(u64 *)(r1 + 2048) = 7',
        'goto +1',
        '*(u64 *)(r1 + 2048) = 8',
        'r0 = 0x0',
        'exit',
      ].join('\n'),
    );
  });

  test('when it is one of several numbers that all fare the same', () => {
    expect(
      lines(`
        r2 = *(u64 *)(r1 + 2048)
        r3 = 14
        if r2 != 5 goto +1
        r3 = 18
        if r3 == 0 goto +1
        *(u64 *)(r1 + 2048) = r3
        r0 = 0
        exit`),
    ).not.toContain('if r3');
  });

  test('not when a call, an exchange or a load may have changed it', () => {
    const changed = (by: string) =>
      lines(`
        r6 = r1
        r3 = 0
        r0 = 0
        ${by}
        if r3 == 0 goto +1
        *(u64 *)(r6 + 2048) = 7
        r0 = 0
        exit`);
    expect(changed('call 5')).toContain('if r3 == 0x0');
    expect(changed('r3 = xchg_64(r6 + 2048, r3)')).toContain('if r3 == 0x0');
    expect(changed('r3 = *(u64 *)(r6 + 2048)')).toContain('if r3 == 0x0');
    expect(changed('r4 = *(u64 *)(r6 + 2048)')).not.toContain('if r3');
  });

  test('and knows the number behind a comparison with it', () => {
    const behind = (comparison: string) =>
      lines(`
        r2 = *(u64 *)(r1 + 2048)
        if r2 ${comparison} 5 goto +2
        if r2 == 5 goto +1
        *(u64 *)(r1 + 2048) = 7
        r0 = 0
        exit`);
    expect(behind('!=')).not.toContain('if r2 == 0x5');
    expect(behind('==')).toContain('if r2 == 0x5');
    expect(behind('>')).toContain('if r2 == 0x5');
  });
});

test('what two jumps know of a place is only what both do', () => {
  const program = assemble(`
    r6 = r1
    r2 = *(u64 *)(r6 + 2048)
    r3 = 0
    if r2 == 1 goto +3
    r3 = 1
    if r2 == 2 goto +1
    r3 = 1
    *(u64 *)(r6 + 2056) = r2
    if r3 == 1 goto +1
    *(u64 *)(r6 + 2064) = 7
    r0 = 0
    exit`);
  for (const seed of [0, 1, 2]) {
    expect(numbersAfter(shortened(program), seed)).toEqual(numbersAfter(program, seed));
  }
});

test('what is done with lower halves is not done with whole registers', () => {
  const program = assemble(`
    r3 = 1
    r3 <<= 32
    if w3 == 0 goto +1
    *(u64 *)(r1 + 2048) = 7
    if r3 == 0 goto +1
    *(u64 *)(r1 + 2056) = 7
    r4 = -1
    w4 += 0
    if r4 == -1 goto +1
    *(u64 *)(r1 + 2064) = 7
    r0 = 0
    exit`);
  expect(numbersAfter(shortened(program), 0)).toEqual(numbersAfter(program, 0));
});

describe('an end of its own', () => {
  const program = (between: string) => `
    r2 = *(u8 *)(r1 + 16)
    if r2 > 9 goto +1
    goto +1
    r2 = 0
    r3 = r1
    ${between}
    r3 += r2
    r0 = *(u64 *)(r3 + 2048)
    r0 += 1
    *(u64 *)(r3 + 2048) = r0
    r0 = 0
    exit`;

  test('where what is known there saves something', () => {
    expect(lines(program('r2 <<= 3'))).toBe(
      [
        'r2 = *(u8 *)(r1 + 16)',
        'if r2 > 0x9 goto +8',
        'r3 = r1',
        'r2 <<= 0x3',
        'r3 += r2',
        'r0 = *(u64 *)(r3 + 2048)',
        'r0 += 0x1',
        '*(u64 *)(r3 + 2048) = r0',
        'r0 = 0x0',
        'goto +4',
        'r0 = *(u64 *)(r1 + 2048)',
        'r0 += 0x1',
        '*(u64 *)(r1 + 2048) = r0',
        'r0 = 0x0',
        'exit',
      ].join('\n'),
    );
  });

  const ownEnd = (between: string): readonly string[] => {
    const text = lines(program(between));
    return text.slice(text.lastIndexOf('goto')).split('\n').slice(1, -2);
  };

  test('with constants in addresses', () => {
    expect(ownEnd('r2 += 9\nr2 <<= 3\n*(u64 *)(r1 + 2056) = r3')).toEqual([
      '*(u64 *)(r1 + 2056) = r1',
      'r0 = *(u64 *)(r1 + 2120)',
      'r0 += 0x1',
      '*(u64 *)(r1 + 2120) = r0',
    ]);
  });

  test('where what is stored is made', () => {
    expect(ownEnd('r2 <<= 3\nr3 += 8\n*(u64 *)(r1 + 2056) = r3')).toEqual([
      'r3 = r1',
      'r3 += 0x8',
      '*(u64 *)(r1 + 2056) = r3',
      'r0 = *(u64 *)(r3 + 2048)',
      'r0 += 0x1',
      '*(u64 *)(r3 + 2048) = r0',
    ]);
  });

  test('not for what calls, and not for what would be long', () => {
    const stores = Array.from({ length: 8 }, (_, i) => `*(u64 *)(r1 + ${3000 + 8 * i}) = ${i}`);
    for (const between of ['call 5', stores.join('\n')]) {
      expect(lines(program(between)).match(/r0 \+= 0x1/g)).toHaveLength(1);
    }
  });
});

test('a program with a loop is only tidied', () => {
  const loop = `
    r3 = 0
    r3 += 1
    if r3 < 5 goto -2
    r0 = 0
    exit`;
  expect(shortened(assemble(loop))).toEqual(assemble(loop));
});

test('what nobody reads goes, what acts on memory stays', () => {
  expect(
    lines(`
      r2 = *(u64 *)(r1 + 2048)
      r3 = 5
      r3 += r2
      r4 = 6
      *(u64 *)(r1 + 2056) = r4
      r0 = 0
      exit`),
  ).toBe(['r4 = 0x6', '*(u64 *)(r1 + 2056) = r4', 'r0 = 0x0', 'exit'].join('\n'));
});
