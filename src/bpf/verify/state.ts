/**
 * What holds at one point of one way through a program: registers and stack of every active function, how much of the
 * packet is known to be there, and the records that have to be given back.
 */
import { Stack } from './stack.ts';
import { formatValue, IdentityMap, isValueWithin, pointerTo, type Value } from './value.ts';

const FRAME_POINTER = 10;

/** An active function. */
export class Frame {
  /** The instruction that called it; -1 for the program itself. */
  readonly callPc: number;
  /** The slot of its first instruction. */
  readonly start: number;
  readonly registers: (Value | undefined)[];
  readonly stack: Stack;

  constructor(callPc: number, start: number, registers: readonly (Value | undefined)[], stack: Stack) {
    this.callPc = callPc;
    this.start = start;
    this.registers = registers.slice();
    this.stack = stack;
  }

  copy(): Frame {
    return new Frame(this.callPc, this.start, this.registers, this.stack.copy());
  }
}

/** Which registers matter at a point: `live` ones are read later, `exact` ones decide what happens. A bit each. */
export interface Relevance {
  readonly live: number;
  readonly exact: number;
}

export class State {
  readonly frames: Frame[] = [];
  /** For each identity of a packet pointer's variable part, 0 for none: how many bytes behind it are there. */
  private readonly packetBytes = new Map<number, number>();
  /** Identities of the records that were not given back. */
  readonly records: number[] = [];

  copy(): State {
    const copy = new State();
    for (const frame of this.frames) copy.frames.push(frame.copy());
    for (const [id, bytes] of this.packetBytes) copy.packetBytes.set(id, bytes);
    copy.records.push(...this.records);
    return copy;
  }

  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }

  /** Starts a function with r1 to r5. */
  enter(callPc: number, start: number, values: readonly (Value | undefined)[]): void {
    const registers = [undefined, ...values, ...Array<undefined>(FRAME_POINTER - 1 - values.length)];
    const stack = pointerTo({ kind: 'stack', frame: this.frames.length });
    this.frames.push(new Frame(callPc, start, [...registers.slice(0, FRAME_POINTER), stack], new Stack()));
  }

  packetBytesOf(id: number): number {
    return this.packetBytes.get(id) ?? 0;
  }

  learnPacketBytes(id: number, bytes: number): void {
    if (bytes > this.packetBytesOf(id)) this.packetBytes.set(id, bytes);
  }

  /** Each value, wherever it is, in the place of what `change` makes of it. */
  change(change: (value: Value) => Value | undefined): void {
    for (const { registers, stack } of this.frames) {
      registers.forEach((value, register) => {
        if (value !== undefined) registers[register] = change(value);
      });
      stack.change(change);
    }
  }

  /** Whether a program that does nothing wrong from `outer` on does nothing wrong from here on. */
  isWithin(outer: State, relevanceOf: (frame: number) => Relevance): boolean {
    if (this.frames.length !== outer.frames.length || this.records.length !== outer.records.length)
      return false;
    const ids = new IdentityMap();
    if (!outer.records.every((id, i) => ids.agrees(id, this.records[i]!))) return false;
    for (let i = this.frames.length - 1; i >= 0; i--) {
      const mine = this.frames[i]!;
      const other = outer.frames[i]!;
      if (mine.callPc !== other.callPc || !areRegistersWithin(mine, other, relevanceOf(i), ids)) return false;
      if (!mine.stack.isWithin(other.stack, ids)) return false;
    }
    for (const [from, to] of ids.entries()) {
      if (outer.packetBytesOf(from) > this.packetBytesOf(to)) return false;
    }
    return true;
  }
}

function areRegistersWithin(
  mine: Frame,
  outer: Frame,
  { live, exact }: Relevance,
  ids: IdentityMap,
): boolean {
  for (let register = 0; register < FRAME_POINTER; register++) {
    if ((live & (1 << register)) === 0) continue;
    const wanted = outer.registers[register];
    const got = mine.registers[register];
    if (wanted === undefined) continue;
    if (got === undefined) return false;
    const isFree = wanted.kind === 'number' && got.kind === 'number' && (exact & (1 << register)) === 0;
    if (!isFree && !isValueWithin(got, wanted, ids)) return false;
  }
  return true;
}

/** One line a function: `r0=1 r6=context r10=stack stack-8=0..255`. */
export function formatState(state: State): string {
  return state.frames
    .map(({ callPc, registers, stack }) => {
      const where = callPc === -1 ? '' : `called at ${callPc}: `;
      const values = registers.flatMap((value, i) =>
        value === undefined ? [] : [`r${i}=${formatValue(value)}`],
      );
      const spills = [...stack.values()].map(([offset, value]) => `stack${offset}=${formatValue(value)}`);
      return where + [...values, ...spills].join(' ');
    })
    .join('\n');
}
