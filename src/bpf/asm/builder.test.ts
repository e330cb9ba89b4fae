import { describe, expect, test } from 'vitest';
import { ProgramBuilder } from './builder.ts';
import { formatEbpf } from './format.ts';

describe('the builder', () => {
  test('fills in jumps in both orders and keeps open ones', () => {
    const inner = new ProgramBuilder();
    const open = inner.label();
    const near = inner.label();
    inner.jumpIf(0x10, 0, 5, near);
    inner.jump(open);
    inner.bind(near);
    inner.exit();
    const part = inner.finish();
    expect(part.insns.map(({ off }) => off)).toEqual([1, 0, 0]);
    expect(part.openJumps).toEqual([{ at: 1, label: open }]);

    const outer = new ProgramBuilder();
    const end = outer.label();
    outer.move(6, 1);
    outer.append(part, () => end);
    outer.wConstant(0xb0, 0, 0xffffffff);
    outer.bind(end);
    outer.exit();
    expect(formatEbpf(outer.finish().insns)).toBe(
      '   0: r6 = r1\n   1: if r0 == 0x5 goto +1\n   2: goto +2\n   3: exit\n   4: w0 = -1\n   5: exit\n',
    );
  });

  test('a jump over more than 32767 instructions is refused', () => {
    const to = new ProgramBuilder();
    const end = to.label();
    to.jump(end);
    for (let i = 0; i < 32768; i++) to.exit();
    to.bind(end);
    expect(() => to.finish()).toThrow('a jump over 32768 instructions');
  });
});
