/**
 * The code of one probe while it is made: the assembler, and who uses which register, stack slot and piece of scratch
 * memory. What is taken is given back in the opposite order, so every use is a stretch of the source.
 */
import { CompileError, type Span } from '../../base/index.ts';
import { Assembler, type Label } from './assembler.ts';
import type { Place } from './place.ts';

const FRAME = 10;
/** What a call may change. */
export const VOLATILE: readonly number[] = [1, 2, 3, 4, 5];

/** Where a variable lives for the whole program: a register that calls keep, or the stack. */
export type Home =
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'stack'; readonly offset: number };

/** What a form leaves to the code of a probe. */
export interface Resources {
  /** Registers that calls keep. */
  readonly kept: readonly number[];
  /** Of the stack, for variables and what is put aside: at most 512. */
  readonly stackBytes: number;
  /** Memory for keys and events: this many bytes from `scratch(0)` on, aligned to 8. Not there before the form's `begin`. */
  readonly scratchBytes: number;
  scratch(offset: number): Place;
}

export class ProbeCode {
  readonly asm: Assembler = new Assembler();
  /** Where every way through the program ends. */
  readonly end: Label = this.asm.label();
  readonly source: string;

  readonly #resources: Resources;
  readonly #free: Set<number>;
  /** Registers in use whose content is wanted later: what a call has to save. */
  readonly #held = new Set<number>();
  /** Registers whose content is on the stack for the time of a `use` (operands.ts), and comes back behind it. */
  asideCount = 0;
  #stackBytes = 0;
  readonly #freeSlots: number[] = [];
  #scratchBytes = 0;
  #span: Span;

  constructor(resources: Resources, source: string, span: Span) {
    this.#resources = resources;
    this.source = source;
    this.#span = span;
    this.#free = new Set([...VOLATILE, ...resources.kept]);
  }

  /** @throws CompileError at the place */
  fail(message: string, span: Span = this.#span, hint?: string): never {
    throw new CompileError(this.source, [{ message, span, ...(hint === undefined ? {} : { hint }) }]);
  }

  /** Registers or what stands for them are used up. @throws CompileError */
  tooMany(span?: Span): never {
    return this.fail('too many values at once', span, 'give a part of it to a variable ($x) before');
  }

  /** For messages about what has no place of its own. */
  at(span: Span): void {
    this.#span = span;
  }

  /** A register, one that calls keep when `overCalls`; undefined when all of the kind are in use. */
  tryTake(overCalls = false): number | undefined {
    const order = overCalls ? this.#resources.kept : [...VOLATILE, ...this.#resources.kept];
    const register = order.find((each) => this.#free.has(each));
    if (register !== undefined) this.#free.delete(register);
    return register;
  }

  free(register: number): void {
    this.#free.add(register);
    this.#held.delete(register);
  }

  /** Says whether a register that was taken has its content by now. */
  hold(register: number, hasContent = true): void {
    if (hasContent) this.#held.add(register);
    else this.#held.delete(register);
  }

  holds(register: number): boolean {
    return this.#held.has(register);
  }

  /**
   * For code that jumps out of a `use`: what is put on the stack from now on would not come back on that way, so it may not be.
   * @returns to be called at the jump. @throws CompileError then
   */
  forbidAside(): () => void {
    const before = this.asideCount;
    return () => {
      if (this.asideCount > before) this.tooMany();
    };
  }

  /** A place that a variable keeps: one kept register stays free for temporaries. */
  home(): Home {
    const kept = this.#resources.kept.filter((each) => this.#free.has(each));
    if (kept.length < 2) return { kind: 'stack', offset: this.takeSlot() };
    this.#free.delete(kept[0]!);
    return { kind: 'register', register: kept[0]! };
  }

  /** The offset of 8 bytes of stack. */
  takeSlot(): number {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    this.#stackBytes += 8;
    if (this.#stackBytes > this.#resources.stackBytes) {
      this.fail(
        `needs more than ${this.#resources.stackBytes} bytes of stack`,
        this.#span,
        'split the probe, or use fewer variables',
      );
    }
    return -this.#stackBytes;
  }

  freeSlot(offset: number): void {
    this.#freeSlots.push(offset);
  }

  /** Scratch memory for what `use` does with it; its offset is a multiple of 8. */
  withScratch<T>(bytes: number, use: (offset: number) => T): T {
    const offset = this.#scratchBytes;
    this.keepScratch(bytes);
    const result = use(offset);
    this.#scratchBytes = offset;
    return result;
  }

  /** Scratch memory for the rest of the program. */
  keepScratch(bytes: number): number {
    const offset = this.#scratchBytes;
    this.#scratchBytes += Math.ceil(bytes / 8) * 8;
    if (this.#scratchBytes > this.#resources.scratchBytes) {
      this.fail(`keys, texts and events need more than ${this.#resources.scratchBytes} bytes at once`);
    }
    return offset;
  }

  /** Calls a helper; what is in use of r1 to r5 is saved around it. `prepare` fills in the arguments. */
  call(helper: number, prepare: () => void): void {
    const used = VOLATILE.filter((register) => this.#held.has(register));
    const slots = used.map((register) => {
      const slot = this.takeSlot();
      this.asm.store(8, FRAME, slot, register);
      return slot;
    });
    prepare();
    this.asm.call(helper);
    used.forEach((register, i) => {
      this.asm.load(8, register, FRAME, slots[i]!);
      this.freeSlot(slots[i]!);
    });
  }

  /** A register with the value of a home, to be read only; r0 for one on the stack. */
  readHome(home: Home, into: number): void {
    if (home.kind === 'register') this.asm.move(into, home.register);
    else this.asm.load(8, into, FRAME, home.offset);
  }

  writeHome(home: Home, from: number): void {
    if (home.kind === 'register') this.asm.move(home.register, from);
    else this.asm.store(8, FRAME, home.offset, from);
  }

  writeHomeConstant(home: Home, value: number): void {
    if (home.kind === 'register') this.asm.constant(home.register, BigInt(value));
    else this.asm.storeConstant(8, FRAME, home.offset, value);
  }

  scratch(offset: number): Place {
    return this.#resources.scratch(offset);
  }
}

/** Does what `code.fail` does, so that the compiler sees that nothing follows. */
export function refuse(code: ProbeCode, message: string, span?: Span): never {
  return code.fail(message, span);
}
