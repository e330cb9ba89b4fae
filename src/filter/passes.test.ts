/** The passes over graphs of decisions, each on graphs made by hand, and the code that is made of them. */
import { describe, expect, test } from 'vitest';
import { BPF_DIV } from '../bpf/classic.ts';
import { formatCbpf, runCbpf, validateCbpf } from '../bpf/index.ts';
import { defineCells } from './define-cells.ts';
import { emitProgram } from './emit.ts';
import { type Decision, fresh, inOrder, type Node } from './graph.ts';
import { groupTests } from './group-tests.ts';
import { optimize } from './optimize.ts';
import { threadJumps } from './thread-jumps.ts';
import { Values } from './values.ts';

const values = new Values();
const is = (offset: number, constant: number, yes: Node, no: Node): Decision =>
  fresh.decide(
    { kind: 'eq', left: values.load(1, undefined, offset), right: values.constant(constant) },
    yes,
    no,
  ) as Decision;

/** A graph as nested text, with the number of nodes. */
function show(node: Node): string {
  if (typeof node === 'string') return node;
  if (node.kind === 'assignment') return `:=(${show(node.next)})`;
  const { left, right } = node.test;
  const offset = left.kind === 'load' ? left.offset : '?';
  const constant = right.kind === 'constant' ? right.constant : '?';
  return `${offset}=${constant}(${show(node.yes)},${show(node.no)})`;
}

describe('threading', () => {
  test('a test that is known on the way to it is skipped', () => {
    const again = is(0, 1, 'accept', 'reject');
    expect(show(threadJumps(is(0, 1, again, again), fresh))).toBe('0=1(accept,reject)');
  });

  test('another number of the same value is known as well', () => {
    expect(show(threadJumps(is(0, 1, is(0, 2, 'accept', 'reject'), 'accept'), fresh))).toBe(
      '0=1(reject,accept)',
    );
  });

  test('where two ways meet only what both know holds', () => {
    const end = is(0, 1, 'accept', 'reject');
    const root = is(0, 1, end, is(0, 2, end, 'reject'));
    expect(show(threadJumps(root, fresh))).toBe('0=1(accept,0=2(reject,reject))');
    const met = is(5, 5, end, 'reject');
    expect(show(threadJumps(is(0, 1, met, is(0, 2, met, 'reject')), fresh))).toBe(
      '0=1(5=5(0=1(accept,reject),reject),0=2(5=5(0=1(accept,reject),reject),reject))',
    );
  });

  test('a test that does not matter stays when its bytes may be missing', () => {
    const same = is(9, 1, 'accept', 'accept');
    expect(show(threadJumps(is(0, 1, same, 'reject'), fresh))).toBe('0=1(9=1(accept,accept),reject)');
    expect(show(threadJumps(is(10, 1, same, 'reject'), fresh))).toBe('10=1(accept,reject)');
    expect(threadJumps(is(9, 1, 'reject', 'reject'), fresh)).toBe('reject');
  });

  test('where two ways meet only the bytes of the shorter one are there', () => {
    const same = is(9, 1, 'accept', 'accept');
    const met = is(5, 5, same, 'reject');
    expect(show(threadJumps(is(0, 1, is(10, 1, met, 'reject'), met), fresh))).toBe(
      '0=1(10=1(5=5(9=1(accept,accept),reject),reject),5=5(9=1(accept,accept),reject))',
    );
  });

  test('a load at a place that the packet tells shows only that the place is there', () => {
    const anywhere = values.load(1, values.load(1, undefined, 0), 0);
    const test = { kind: 'eq', left: anywhere, right: values.constant(7) } as const;
    const root = fresh.decide(test, is(1, 1, 'accept', 'accept'), 'reject');
    expect(threadJumps(root, fresh)).toBe(root);
  });

  test('a division that does not matter stays when its divisor may be 0', () => {
    const quotient = values.binary(BPF_DIV, values.load(1, undefined, 0), values.load(1, undefined, 1));
    const test = { kind: 'eq', left: quotient, right: values.constant(7) } as const;
    const root = is(10, 1, fresh.decide(test, 'accept', 'accept'), 'reject');
    expect(threadJumps(root, fresh)).toBe(root);
  });

  test('a graph without anything to do is the same graph', () => {
    const root = is(0, 1, is(1, 1, 'accept', 'reject'), 'reject');
    expect(threadJumps(root, fresh)).toBe(root);
  });
});

describe('grouping', () => {
  test('tests of one value come together in a row of or', () => {
    const row = is(0, 1, 'accept', is(4, 1, 'accept', is(0, 2, 'accept', is(4, 2, 'accept', 'reject'))));
    expect(show(groupTests(row, fresh))).toBe('0=1(accept,0=2(accept,4=1(accept,4=2(accept,reject))))');
  });

  test('and in a row of and', () => {
    const row = is(0, 1, is(4, 1, is(0, 2, 'accept', 'reject'), 'reject'), 'reject');
    expect(show(groupTests(row, fresh))).toBe('0=1(0=2(4=1(accept,reject),reject),reject)');
  });

  test('not across a place where another way comes in', () => {
    const tail = is(4, 1, 'accept', is(0, 2, 'accept', 'reject'));
    const root = is(9, 1, is(0, 1, 'accept', tail), tail);
    expect(groupTests(root, fresh)).toBe(root);
  });

  test('not across a range', () => {
    const range = { kind: 'gt', left: values.load(1, undefined, 4), right: values.constant(1) } as const;
    const row = is(0, 1, 'accept', fresh.decide(range, 'accept', is(0, 2, 'accept', 'reject')));
    expect(groupTests(row, fresh)).toBe(row);
  });

  test('not across another exit', () => {
    const row = is(0, 1, 'accept', is(4, 1, 'reject', is(0, 2, 'accept', 'reject')));
    expect(groupTests(row, fresh)).toBe(row);
  });
});

test('a variable that one way only has written is 0 at the start', () => {
  const cell = values.newCell();
  const end = fresh.decide({ kind: 'eq', left: cell, right: values.constant(1) }, 'accept', 'reject');
  const write = fresh.assign(cell, values.constant(1), end);
  for (const root of [is(0, 1, write, end), is(0, 1, end, write)]) {
    expect(defineCells(root, values, fresh)).toMatchObject({ kind: 'assignment', cell, next: root });
  }
  expect(defineCells(write, values, fresh)).toBe(write);
});

test('equal parts become one', () => {
  const part = (): Node => is(4, 1, 'accept', is(5, 1, 'accept', 'reject'));
  const root = optimize(is(0, 1, part(), is(0, 2, part(), part())));
  const offsets = inOrder(root).map((node) =>
    node.kind === 'decision' && node.test.left.kind === 'load' ? node.test.left.offset : -1,
  );
  expect(offsets).toEqual([0, 4, 5]);
});

describe('code', () => {
  test('a value stays in A as long as nothing else is needed', () => {
    expect(formatCbpf(emitProgram(is(0, 1, 'accept', is(0, 2, 'accept', 'reject')), 7))).toBe(
      [
        '(000) ldb      [0]',
        '(001) jeq      #0x1             jt 3\tjf 2',
        '(002) jeq      #0x2             jt 3\tjf 4',
        '(003) ret      #7',
        '(004) ret      #0',
        '',
      ].join('\n'),
    );
  });

  test('where ways meet a value is loaded again, unless all of them have it', () => {
    const end = is(1, 9, 'accept', 'reject');
    const [one, other] = [is(1, 5, 'reject', end), is(3, 5, 'reject', end)];
    for (const root of [is(0, 1, one, other), is(0, 1, other, one)]) {
      const program = emitProgram(root, 7);
      for (const first of [0, 1]) {
        expect(runCbpf(program, Uint8Array.of(first, 9, 0, 7), 4)).toBe(7);
        expect(runCbpf(program, Uint8Array.of(first, 7, 0, 9), 4)).toBe(0);
      }
    }
  });

  test('a jump reaches 255 instructions and no more', () => {
    for (let length = 250; length < 262; length++) {
      let chain: Node = 'reject';
      for (let i = length; i > 0; i--) chain = is(1, i, 'accept', chain);
      const program = emitProgram(chain, 7);
      expect(Math.max(...program.map(({ jt, jf }) => Math.max(jt, jf)))).toBeLessThanOrEqual(255);
      expect(runCbpf(program, Uint8Array.of(0, 1), 2)).toBe(7);
    }
  });

  test('both ways of a jump may be too far', () => {
    const end = is(2, 9, 'accept', 'reject');
    let chain: Node = end;
    for (let i = 200; i > 0; i--) chain = is(1, i, 'accept', is(3, i, 'accept', chain));
    const program = emitProgram(is(0, 1, is(4, 1, 'accept', end), chain), 7);
    validateCbpf(program);
    const run = (...bytes: readonly number[]): number => runCbpf(program, Uint8Array.from(bytes), 5);
    expect(run(1, 0, 0, 0, 1)).toBe(7);
    expect(run(1, 0, 9, 0, 0)).toBe(7);
    expect(run(1, 0, 0, 0, 0)).toBe(0);
    expect(run(0, 0, 9, 0, 0)).toBe(7);
    expect(run(0, 0, 0, 200, 0)).toBe(7);
    expect(run(0, 0, 0, 0, 0)).toBe(0);
  });

  test('a leaf alone', () => {
    expect(emitProgram('accept', 7)).toEqual([{ code: 0x06, jt: 0, jf: 0, k: 7 }]);
    expect(emitProgram('reject', 7)).toEqual([{ code: 0x06, jt: 0, jf: 0, k: 0 }]);
  });
});
