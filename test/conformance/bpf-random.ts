/**
 * Random eBPF programs as text that end and stay in their memory: straight code, branches over code, short loops, functions
 * that call later ones, loads, stores and atomic operations on stack and data, helper calls and packet loads. r6 is the
 * packet's context, r8 the data, r9 counts loops; all other registers hold anything.
 */
import fc from 'fast-check';
import { formatLines } from '../../src/bpf/asm/format.ts';
import type { EbpfInsn } from '../../src/bpf/isa/insn.ts';
import { type InsnRow, insnTable } from '../../src/bpf/isa/table.ts';
import { DATA } from './bpf-case.ts';

/** Bytes at r8, and below r10, that programs use. */
export const DATA_BYTES = 64;

type Item =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** Jumps over `body` when the condition holds. */
  | { readonly kind: 'skip'; readonly condition: string; readonly body: readonly Item[] }
  | { readonly kind: 'loop'; readonly count: number; readonly body: readonly Item[] }
  /** Calls the function that many places after this one, if there is one. */
  | { readonly kind: 'call'; readonly distance: number }
  | { readonly kind: 'exit' };

const rowsOf = (...kinds: readonly InsnRow['kind'][]): readonly InsnRow[] =>
  insnTable.filter(({ kind }) => kinds.includes(kind));

const general = fc.constantFrom(0, 1, 2, 3, 4, 5, 7);

const value64 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 1n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 32n, 1n << 63n, (1n << 64n) - 1n),
);

const imm32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.integer({ min: -2, max: 64 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1),
);

const textOf = (insn: EbpfInsn): string => formatLines([insn], 'kernel')[0]!.text;

/** An instruction of a row whose operands are registers and constants. */
const plain = (row: InsnRow): fc.Arbitrary<string> =>
  fc.tuple(general, general, imm32).map(([dst, src, imm]) => {
    const { code, uses, fixed } = row;
    return textOf({
      code,
      dst,
      src: uses.src === 'operand' ? src : 0,
      off: fixed.off ?? 0,
      imm: uses.imm === 'operand' ? imm : (fixed.imm ?? 0),
    });
  });

/** An instruction that uses memory at r8 or below r10. */
const inMemory = (row: InsnRow): fc.Arbitrary<string> =>
  fc
    .tuple(general, fc.boolean(), fc.nat({ max: DATA_BYTES - row.sizeBits / 8 }), imm32)
    .map(([register, isStack, place, imm]) => {
      const base = isStack ? 10 : 8;
      const isLoad = row.kind === 'load' || row.kind === 'loadsx';
      return textOf({
        code: row.code,
        dst: isLoad ? register : base,
        src: isLoad ? base : row.operand === 'imm' ? 0 : register,
        off: isStack ? place - DATA_BYTES : place,
        imm: row.operand === 'imm' ? imm : (row.fixed.imm ?? 0),
      });
    });

const condition = (row: InsnRow): fc.Arbitrary<string> => plain(row).map((text) => text.replace(/\+0$/, ''));

/** What is not defined after a call or a packet load gets a value. */
const clobbered = [1, 2, 3, 4, 5].map((register) => `r${register} = ${register}`);

const lines = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Item> =>
  arbitrary.map((line) => ({ kind: 'lines', lines: [line] }));

const packetLoad = fc
  .tuple(fc.constantFrom('u8', 'u16', 'u32'), fc.option(general), fc.integer({ min: -1, max: 20 }))
  .map(([type, register, offset]): Item => {
    if (register === null) return { kind: 'lines', lines: [`r0 = *(${type} *)skb[${offset}]`, ...clobbered] };
    const index = `r0 = *(${type} *)skb[r${register} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}]`;
    // Mostly an index that is inside.
    return { kind: 'lines', lines: [`r${register} &= 7`, index, ...clobbered] };
  });

const helperCall = fc
  .constantFrom(1, 2, 5)
  .map((number): Item => ({ kind: 'lines', lines: [`call ${number}`, ...clobbered] }));

const wide = fc
  .tuple(general, value64)
  .map(([register, value]) => `r${register} = 0x${value.toString(16)} ll`);

const from = (rows: readonly InsnRow[], make: (row: InsnRow) => fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.constantFrom(...rows).chain(make);

const { items } = fc.letrec<{ items: Item[]; item: Item }>((tie) => ({
  items: fc.array(tie('item'), { maxLength: 10 }),
  item: fc.oneof(
    { maxDepth: 3 },
    { weight: 12, arbitrary: lines(from(rowsOf('alu', 'movsx', 'end'), plain)) },
    { weight: 5, arbitrary: lines(from(rowsOf('load', 'loadsx', 'store'), inMemory)) },
    { weight: 3, arbitrary: lines(from(rowsOf('atomic'), inMemory)) },
    { weight: 1, arbitrary: lines(wide) },
    { weight: 1, arbitrary: packetLoad },
    { weight: 1, arbitrary: helperCall },
    { weight: 1, arbitrary: fc.nat({ max: 2 }).map((distance): Item => ({ kind: 'call', distance })) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(from(rowsOf('jump'), condition), tie('items'))
        .map(([text, body]): Item => ({ kind: 'skip', condition: text, body })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 4 }), tie('items'))
        .map(([count, body]): Item => ({ kind: 'loop', count, body })),
    },
    { weight: 1, arbitrary: fc.constant<Item>({ kind: 'exit' }) },
  ),
}));

/** Programs for a context in r1 and DATA_BYTES of data at DATA. */
export const randomPrograms: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(value64, { minLength: 7, maxLength: 7 }),
    fc.array(imm32, { minLength: DATA_BYTES / 8, maxLength: DATA_BYTES / 8 }),
    fc.array(items, { minLength: 1, maxLength: 3 }),
  )
  .map(([values, slots, functions]) => new Writer(slots, functions).write(values));

class Writer {
  private readonly slots: readonly number[];
  private readonly functions: readonly (readonly Item[])[];
  private readonly text: string[] = [];
  private labels = 0;

  constructor(slots: readonly number[], functions: readonly (readonly Item[])[]) {
    this.slots = slots;
    this.functions = functions;
  }

  write(values: readonly bigint[]): string {
    const { text } = this;
    text.push('r6 = r1', `r8 = ${DATA}`);
    [0, 1, 2, 3, 4, 5, 7].forEach((register, i) => {
      text.push(`r${register} = 0x${values[i]!.toString(16)} ll`);
    });
    this.functions.forEach((body, index) => {
      if (index > 0) text.push(`f${index}:`);
      // What a stack frame holds at its start is not defined.
      text.push(...this.slots.map((value, i) => `*(u64 *)(r10 - ${8 * i + 8}) = ${value}`));
      this.emit(body, index, false);
      text.push(...[1, 2, 3, 4, 5, 7].map((register) => `r0 ^= r${register}`), 'exit');
    });
    return text.join('\n');
  }

  private emit(body: readonly Item[], index: number, isInLoop: boolean): void {
    const { text } = this;
    for (const item of body) {
      switch (item.kind) {
        case 'lines':
          text.push(...item.lines);
          break;
        case 'skip': {
          const label = `l${this.labels++}`;
          text.push(`${item.condition}${label}`);
          this.emit(item.body, index, isInLoop);
          text.push(`${label}:`);
          break;
        }
        case 'loop': {
          // There is one counter: a loop in a loop runs once.
          const label = `l${this.labels++}`;
          if (!isInLoop) text.push(`r9 = ${item.count}`, `${label}:`);
          this.emit(item.body, index, true);
          if (!isInLoop) text.push('r9 -= 1', `if r9 != 0 goto ${label}`);
          break;
        }
        case 'call':
          if (index + 1 + item.distance >= this.functions.length) break;
          text.push(`call f${index + 1 + item.distance}`, ...clobbered);
          break;
        case 'exit':
          // Code behind an exit must be reachable.
          text.push('if r0 & 1 goto +1', 'exit');
      }
    }
  }
}
