/**
 * Random programs for the verifier and the engines, as text: bounds that are right or off by one, places in the stack, a
 * table, a map's values and the packet, loops that end or not, functions, helpers. A good part is right, the rest breaks
 * one rule or another. r6 is what the program got in r1, r7 in r2, r8 the table, r9 counts loops; r0 to r5 hold anything.
 */
export type Random = (bound: number) => number;

/** What the program is given: the packet context, or the packet and its length. */
export type Kind = 'context' | 'flat';

/** The bytes of the table at var_addr(1), of a value of map_by_fd(1), and of stack that holds numbers. */
export const TABLE_BYTES = 64;
export const VALUE_BYTES = 16;
const SLOTS = 6;

const sizes = [1, 2, 4, 8] as const;
const operators = [
  '+=',
  '-=',
  '*=',
  '/=',
  's/=',
  '%=',
  's%=',
  '|=',
  '&=',
  '^=',
  '<<=',
  '>>=',
  's>>=',
] as const;
const relations = ['==', '!=', '>', '>=', '<', '<=', 's>', 's>=', 's<', 's<=', '&'] as const;
const fields = ['u16 *)(r6 + 20)', 'u64 *)(r6 + 24)', 'u32 *)(r6 + 36)', 'u8 *)(r6 + 41)'] as const;

export function randomProgram(random: Random, kind: Kind): string {
  return new Writer(random, kind).program();
}

class Writer {
  private readonly random: Random;
  private readonly kind: Kind;
  private readonly text: string[] = [];
  private labels = 0;
  private isInLoop = false;
  private isInFunction = false;
  private hasFunction = false;

  constructor(random: Random, kind: Kind) {
    this.random = random;
    this.kind = kind;
  }

  program(): string {
    this.add('r6 = r1', 'r7 = r2', 'r8 = var_addr(1)');
    if (this.kind === 'context') this.text.splice(1, 1);
    for (let slot = 1; slot <= SLOTS; slot++) this.add(`*(u64 *)(r10 - ${8 * slot}) = ${this.constant()}`);
    this.fillRegisters();
    this.items(2 + this.random(7), 0);
    this.add('end: r0 = 1', 'exit');
    if (this.hasFunction) {
      this.isInFunction = true;
      this.add(
        'f: *(u64 *)(r10 - 8) = 3',
        'r8 = var_addr(1)',
        'r0 = *(u64 *)(r1 + 0)',
        'r2 = r0',
        'r3 = 7',
        'r4 = r2',
        'r5 = 1',
      );
      this.items(1 + this.random(3), 1);
      this.add('end_of_f: r0 = 2', 'exit');
    }
    return this.text.join('\n');
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.random(choices.length)]!;
  }

  private add(...lines: readonly string[]): void {
    this.text.push(...lines);
  }

  private get end(): string {
    return this.isInFunction ? 'end_of_f' : 'end';
  }

  private get register(): number {
    return this.random(6);
  }

  private constant(): number {
    return this.random(3) === 0
      ? this.random(2 ** 31) - 2 ** 30
      : this.pick([
          0,
          1,
          2,
          3,
          7,
          8,
          15,
          16,
          31,
          32,
          63,
          64,
          255,
          256,
          0xffff,
          0x7fffffff,
          -1,
          -2,
          -8,
          -(2 ** 31),
        ]);
  }

  private fillRegisters(): void {
    for (let register = 0; register <= 5; register++) this.number(register);
  }

  /** Some number into a register. */
  private number(register: number): void {
    const choice = this.random(4);
    if (choice === 0) this.add(`r${register} = ${this.constant()}`);
    else if (choice === 1)
      this.add(`r${register} = 0x${(this.random(2 ** 32) * 2 ** 20 + this.random(2 ** 20)).toString(16)} ll`);
    else if (choice === 2 && this.kind === 'context' && !this.isInFunction)
      this.add(`r${register} = *(${this.pick(fields)}`);
    else this.add(`r${register} = *(u${8 * this.pick(sizes)} *)(r8 + ${8 * this.random(7)})`);
  }

  private items(count: number, depth: number): void {
    for (let i = 0; i < count; i++) this.item(depth);
  }

  private item(depth: number): void {
    const choice = this.random(depth > 2 ? 11 : 16);
    if (choice < 3) this.arithmetic();
    else if (choice < 4) this.guard();
    else if (choice < 6) this.table();
    else if (choice < 8) this.stack();
    else if (choice < 9) this.atomic();
    else if (choice < 11) this.packet();
    else if (choice < 12) this.helper();
    else if (choice < 13) this.skip(depth);
    else if (choice < 14) this.loop(depth);
    else if (choice < 15) this.call();
    else this.number(this.register);
  }

  private arithmetic(): void {
    const letter = this.pick(['r', 'r', 'w']);
    const [dst, src] = [this.register, this.register];
    const operand = this.random(2) === 0 ? String(this.constant()) : `${letter}${src}`;
    this.add(
      this.pick([
        `${letter}${dst} ${this.pick(operators)} ${operand}`,
        `${letter}${dst} = ${letter}${src}`,
        `${letter}${dst} = (s${this.pick([8, 16])})${letter}${src}`,
        `r${dst} = ${this.pick(['le', 'be', 'bswap'])}${this.pick([16, 32, 64])} r${dst}`,
        `${letter}${dst} = -${letter}${dst}`,
      ]),
    );
  }

  /** Leaves the program unless a comparison holds. */
  private guard(): void {
    const letter = this.pick(['r', 'r', 'w']);
    const operand = this.random(3) === 0 ? `${letter}${this.register}` : String(this.constant());
    this.add(`if ${letter}${this.register} ${this.pick(relations)} ${operand} goto ${this.end}`);
  }

  /** Makes a number smaller than `limit`, or a little more, in one of many ways. */
  private bound(register: number, limit: number): void {
    const most = limit - 1 + (this.random(12) === 0 ? 1 : 0);
    const r = `r${register}`;
    const way = this.random(8);
    if (way === 0) this.add(`if ${r} > ${most} goto ${this.end}`);
    else if (way === 1) this.add(`if ${r} s< 0 goto ${this.end}`, `if ${r} s> ${most} goto ${this.end}`);
    else if (way === 2)
      this.add(`w${register} = w${register}`, `if w${register} >= ${most + 1} goto ${this.end}`);
    else if (way === 3) this.add(`${r} %= ${most + 1}`);
    else if (way === 4) {
      const other = (register + 1) % 6;
      this.add(`r${other} = ${r}`, `if r${other} > ${most} goto ${this.end}`);
    } else if (way === 5) this.add(`w${register} %= ${most + 1}`);
    else if (way === 6) {
      const label = this.label();
      this.add(`if ${r} < ${most + 1} goto ${label}`, `goto ${this.end}`, `${label}:`);
    } else {
      const mask = 2 ** Math.floor(Math.log2(most + 1)) - 1;
      this.add(this.random(2) === 0 ? `${r} &= ${mask}` : `${r} <<= ${64 - Math.log2(mask + 1)}`);
      if (this.text.at(-1)!.includes('<<=')) this.add(`${r} >>= ${64 - Math.log2(mask + 1)}`);
    }
    if (this.random(8) === 0) this.arithmetic();
  }

  /** Two registers that are not the same. */
  private two(): readonly [number, number] {
    const first = this.register;
    return [first, (first + 1 + this.random(5)) % 6];
  }

  private use(pointer: string, off: number, size: number): void {
    const place = `*(u${8 * size} *)(${pointer} ${off < 0 ? '-' : '+'} ${Math.abs(off)})`;
    const other = this.register;
    this.add(this.pick([`r${other} = ${place}`, `${place} = r${other}`, `${place} = ${this.constant()}`]));
  }

  private table(): void {
    const size = this.pick(sizes);
    const off = this.random(8) - (this.random(20) === 0 ? 1 : 0);
    if (this.random(3) === 0) {
      this.use('r8', this.random(TABLE_BYTES - size + 1) + (this.random(20) === 0 ? size : 0), size);
      return;
    }
    const [index, pointer] = this.two();
    this.bound(index, TABLE_BYTES - size - off + 1);
    const operator = this.random(12) === 0 ? '-=' : '+=';
    this.add(`r${pointer} = r8`, `r${pointer} ${operator} r${index}`);
    this.use(`r${pointer}`, off, size);
    this.number(pointer);
  }

  private stack(): void {
    const slot = -8 * (1 + this.random(SLOTS + (this.random(20) === 0 ? 1 : 0)));
    const choice = this.random(5);
    if (choice === 0) this.add(`*(u64 *)(r10 ${slot}) = r${this.register}`);
    else if (choice === 1) this.add(`r${this.register} = *(u64 *)(r10 ${slot})`);
    else if (choice === 2) this.use('r10', slot, this.pick(sizes));
    else {
      const [index, pointer] = this.two();
      this.bound(index, SLOTS);
      this.add(`r${index} <<= 3`, `r${pointer} = r10`, `r${pointer} += r${index}`);
      this.use(`r${pointer}`, -8 * SLOTS, this.pick(sizes));
      this.number(pointer);
    }
  }

  private atomic(): void {
    const bits = this.pick([32, 64] as const);
    const base = this.pick(['r8 + 8', 'r8 + 56', 'r10 - 8', 'r10 - 48', 'r8 + 4']);
    const w = bits === 32 ? 'w' : 'r';
    const register = this.register;
    this.add(
      this.pick([
        `lock *(u${bits} *)(${base}) ${this.pick(['+', '|', '&', '^'])}= ${w}${register}`,
        `${w}${register} = atomic_fetch_${this.pick(['add', 'or', 'and', 'xor'])}((u${bits} *)(${base}), ${w}${register})`,
        `${w}${register} = xchg${bits === 32 ? '32_32' : '_64'}(${base}, ${w}${register})`,
        bits === 32
          ? `w0 = cmpxchg32_32(${base}, w0, w${register})`
          : `r0 = cmpxchg_64(${base}, r0, r${register})`,
      ]),
    );
  }

  private packet(): void {
    if (this.isInFunction) {
      this.arithmetic();
      return;
    }
    const size = this.pick([1, 2, 4] as const);
    if (this.kind === 'context') {
      const index = this.pick(['', `r${this.register} + `]);
      this.add(`r0 = *(u${8 * size} *)skb[${index}${this.random(40)}]`);
      for (let register = 1; register <= 5; register++) this.number(register);
      return;
    }
    const length = 1 + this.random(24);
    const wrong = this.random(12) === 0 ? 1 : 0;
    if (this.random(3) === 0) {
      this.add(`if r7 < ${length - wrong} goto ${this.end}`);
      this.add(`r${this.register} = *(u${8 * size} *)(r6 + ${this.random(Math.max(1, length - size + 1))})`);
      return;
    }
    const [index, end] = this.two();
    const pointer = [0, 1, 2, 3, 4, 5].find((register) => register !== index && register !== end)!;
    this.bound(index, 1 + this.random(60));
    const relation = this.random(3) === 0 ? '>=' : '>';
    this.add(
      `r${pointer} = r6`,
      `r${pointer} += r${index}`,
      `r${index} = r${pointer}`,
      `r${index} += ${length - wrong}`,
    );
    this.add(`r${end} = r6`, `r${end} += r7`, `if r${index} ${relation} r${end} goto ${this.end}`);
    this.add(`r${index} = *(u${8 * size} *)(r${pointer} + ${this.random(Math.max(1, length - size + 1))})`);
    this.number(pointer);
    this.number(end);
  }

  private helper(): void {
    const choice = this.random(3);
    const size = this.pick(sizes);
    if (choice === 0) {
      this.add(`*(u32 *)(r10 - 4) = ${this.random(2) === 0 ? `r${this.register}` : this.random(8)}`);
      this.add('r2 = r10', 'r2 += -4', 'r1 = map_by_fd(1)', 'call 1');
      if (this.random(10) !== 0) this.add(`if r0 == 0 goto ${this.end}`);
      for (let register = 1; register <= 5; register++) this.number(register);
      if (this.random(2) === 0) {
        this.bound(1, VALUE_BYTES - size + 1);
        this.add('r0 += r1');
        this.use('r0', 0, size);
      } else this.use('r0', this.random(VALUE_BYTES - size + 1), size);
      this.number(0);
    } else {
      const slots = 1 + this.random(SLOTS);
      const register = this.register;
      this.bound(register, 8 * slots + 1);
      this.add(`r2 = r${register}`, 'r1 = r10', `r1 += ${-8 * slots}`, `call ${choice + 1}`);
      for (let each = 1; each <= 5; each++) this.number(each);
    }
  }

  private skip(depth: number): void {
    const label = this.label();
    this.add(
      `if r${this.register} ${this.pick(relations)} ${this.pick([`r${this.register}`, this.constant()])} goto ${label}`,
    );
    this.items(1 + this.random(3), depth + 1);
    this.add(`${label}:`);
  }

  private loop(depth: number): void {
    if (this.isInLoop) {
      this.arithmetic();
      return;
    }
    const label = this.label();
    this.isInLoop = true;
    this.add(`r9 = ${this.pick([0, 0, 0, 5])}`, `${label}:`);
    this.items(1 + this.random(3), depth + 1);
    if (this.random(2) === 0 && !this.isInFunction) {
      const [pointer] = this.two();
      this.add(`r${pointer} = r8`, `r${pointer} += r9`);
      this.use(`r${pointer}`, this.random(4), this.pick(sizes));
      this.number(pointer);
    }
    this.add(`r9 += ${this.pick([1, 1, 1, 2, 8, 0])}`);
    this.add(
      `if r9 ${this.pick(['<', '<', '!=', 's<', '<='])} ${this.pick([8, 16, 30, 61, 64])} goto ${label}`,
    );
    this.isInLoop = false;
  }

  private call(): void {
    if (this.isInFunction || this.random(2) === 0) {
      this.arithmetic();
      return;
    }
    this.hasFunction = true;
    this.add('r1 = r10', `r1 += ${-8 * (1 + this.random(SLOTS))}`, 'call f');
    for (let register = 1; register <= 5; register++) this.number(register);
  }

  private label(): string {
    return `l${this.labels++}`;
  }
}
