/**
 * The walk over all ways through a program, as the Linux kernel's verifier does it: from the start, instruction by
 * instruction, with what is known of every register; at a conditional jump one way after the other. Where ways meet, a
 * way is left when the program was already found right from a state that has room for the present one. Loops are
 * walked round by round, so a program is only taken when it ends.
 */
import type { EbpfInsn, EbpfProgram } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import type { AddressKind } from '../vm/engine.ts';
import { MAX_FRAMES } from '../vm/engine.ts';
import { immediate, operateValues, packetNumber } from './arithmetic.ts';
import { assumeBranch, decideBranch } from './branch.ts';
import { callHelper } from './call.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Flow } from './flow.ts';
import { loadMemory, type Refuse, storeMemory, updateMemory } from './memory.ts';
import type { Argument, Profile, Setting } from './profile.ts';
import { Refusal } from './refusal.ts';
import { constantScalar, isConstantScalar, unknownScalar, zeroExtendScalar } from './scalar.ts';
import { type Frame, formatState, type Relevance, State } from './state.ts';
import { FIRST_FREE_ID, LENGTH_ID, numberOf, type PointerValue, pointerTo, type Value } from './value.ts';

const CONTEXT = 6;

/** A way that has still to be walked. */
interface Pending {
  readonly pc: number;
  readonly state: State;
}

export interface WalkResult {
  /** The instructions that were walked over, each way for itself. */
  readonly steps: number;
  /** The most bytes of stack that each function uses, by its first slot. */
  readonly stackBytes: ReadonlyMap<number, number>;
}

export class Walk {
  private readonly program: EbpfProgram;
  private readonly flow: Flow;
  private readonly profile: Profile;
  private readonly setting: Setting;
  private readonly checkpoints: Checkpoints;
  private readonly pending: Pending[] = [];
  private state: State = new State();
  private pc = 0;
  private lastId = FIRST_FREE_ID;
  private steps = 0;
  /** The most bytes of stack that each function uses, by its first slot. */
  private readonly stackBytes = new Map<number, number>();

  constructor(
    program: EbpfProgram,
    flow: Flow,
    relevance: readonly Relevance[],
    profile: Profile,
    setting: Setting,
  ) {
    this.program = program;
    this.flow = flow;
    this.profile = profile;
    this.setting = setting;
    this.checkpoints = new Checkpoints(flow, relevance);
  }

  /** @throws Refusal */
  run(): WalkResult {
    this.state.enter(-1, 0, this.profile.arguments.map(startValue));
    let isOpen = true;
    while (isOpen) {
      this.walkOn();
      this.state.frames.forEach((frame) => {
        this.measureStack(frame);
      });
      this.checkpoints.endWay();
      const next = this.pending.pop();
      isOpen = next !== undefined;
      if (next !== undefined) {
        this.pc = next.pc;
        this.state = next.state;
      }
    }
    return { steps: this.steps, stackBytes: this.stackBytes };
  }

  /** From the present place to an exit, or to where the rest is known. */
  private walkOn(): void {
    for (let next: number | undefined = this.pc; next !== undefined; ) {
      this.pc = next;
      if (this.flow.isJoin[next] === true) {
        const known = this.checkpoints.meet(next, this.state);
        if (known === 'endless') this.refuse('the loop may never end: a round changes nothing that decides');
        if (known === 'known') return;
      }
      this.steps++;
      if (this.steps > this.profile.maxSteps) {
        this.refuse(`too much to walk over: more than ${this.profile.maxSteps} instructions on all ways`);
      }
      next = this.step(this.program[next]!, this.flow.rows[next]!);
    }
  }

  private readonly refuse: Refuse = (why) => {
    throw new Refusal(this.pc, why, formatState(this.state));
  };

  private readonly nextId = (): number => this.lastId++;

  /** Does one instruction; the next one's slot, or undefined when the way ends. */
  private step(insn: EbpfInsn, row: InsnRow): number | undefined {
    const { registers } = this.state.frame;
    switch (row.kind) {
      case 'alu':
      case 'movsx':
      case 'end': {
        const before = row.operation === 'mov' || row.kind === 'movsx' ? undefined : this.read(insn.dst);
        const isCopy = row.operation === 'mov' && row.operand === 'reg';
        const operand = isCopy ? this.share(insn.src) : this.operand(row, insn);
        registers[insn.dst] = operateValues(row, before, operand, this.nextId, this.refuse);
        return this.pc + 1;
      }
      case 'lddw':
        registers[insn.dst] = this.constant(row, insn);
        return this.pc + 2;
      case 'load':
      case 'loadsx':
        registers[insn.dst] = loadMemory(
          this.state,
          this.access(insn.src, insn, row),
          row.kind === 'loadsx',
          this.refuse,
        );
        return this.pc + 1;
      case 'store': {
        const value = row.operand === 'reg' ? this.share(insn.src) : immediate(insn.imm);
        storeMemory(this.state, this.access(insn.dst, insn, row), value, this.profile, this.refuse);
        return this.pc + 1;
      }
      case 'atomic':
        this.atomic(row, insn);
        return this.pc + 1;
      case 'jump':
        return this.jump(row, insn);
      case 'ja':
        return this.flow.targets[this.pc];
      case 'call':
        return this.call(row, insn);
      case 'exit':
        return this.exit();
      case 'packet':
        this.packetLoad(row, insn);
        return this.pc + 1;
    }
  }

  private read(register: number): Value {
    const value = this.state.frame.registers[register];
    if (value === undefined) this.refuse(`r${register} is read before it is written`);
    return value;
  }

  private readNumber(register: number): void {
    if (this.read(register).kind === 'pointer') this.refuse(`r${register} is a pointer: expected a number`);
  }

  /** A register's value to be put in a second place: what is learned of one is then learned of both. */
  private share(register: number): Value {
    const value = this.read(register);
    if (value.kind === 'pointer' || value.id !== 0 || isConstantScalar(value.scalar)) return value;
    const shared = numberOf(value.scalar, this.nextId());
    this.state.frame.registers[register] = shared;
    return shared;
  }

  private operand(row: InsnRow, insn: EbpfInsn): Value {
    return row.operand === 'reg' ? this.read(insn.src) : immediate(insn.imm);
  }

  private access(
    register: number,
    insn: EbpfInsn,
    row: InsnRow,
  ): { pointer: PointerValue; offset: number; lengthBytes: number } {
    const pointer = this.read(register);
    if (pointer.kind !== 'pointer') this.refuse(`r${register} is a number: expected a pointer`);
    return { pointer, offset: insn.off, lengthBytes: row.sizeBits / 8 };
  }

  private constant(row: InsnRow, { imm }: EbpfInsn): Value {
    const nextImm = this.program[this.pc + 1]!.imm;
    const kind = row.operation as AddressKind | 'imm64';
    const address = this.setting.resolve?.(kind, imm, nextImm);
    if (address === undefined) {
      return numberOf(constantScalar((BigInt(nextImm >>> 0) << 32n) | BigInt(imm >>> 0)));
    }
    if (address.kind === 'map') return pointerTo({ kind: 'map', map: address.map });
    return { ...pointerTo({ kind: 'memory', memory: address.memory }), offset: address.offset };
  }

  private atomic(row: InsnRow, insn: EbpfInsn): void {
    const access = this.access(insn.dst, insn, row);
    this.readNumber(insn.src);
    if (row.operation === 'cmpxchg') this.readNumber(0);
    const old = updateMemory(this.state, access, this.profile, this.refuse);
    if (row.writes === 'src') this.state.frame.registers[insn.src] = old;
    if (row.writes === 'r0') this.state.frame.registers[0] = old;
  }

  private jump(row: InsnRow, insn: EbpfInsn): number | undefined {
    const left = this.read(insn.dst);
    const right = this.operand(row, insn);
    const target = this.flow.targets[this.pc]!;
    const decided = decideBranch(row, left, right);
    if (decided !== undefined) return decided ? target : this.pc + 1;
    const assume = (state: State, isTaken: boolean): State | undefined =>
      assumeBranch(row, state, left, right, isTaken, this.refuse);
    const taken = assume(this.state.copy(), true);
    const next = assume(taken === undefined ? this.state : this.state.copy(), false);
    if (taken !== undefined && next !== undefined) {
      this.pending.push({ pc: target, state: taken });
      this.checkpoints.fork();
    }
    const state = next ?? taken;
    if (state === undefined) return undefined;
    this.state = state;
    return next === undefined ? target : this.pc + 1;
  }

  private call(row: InsnRow, insn: EbpfInsn): number {
    if (row.operation === 'local') {
      if (this.state.frames.length === MAX_FRAMES) {
        this.refuse(`more than ${MAX_FRAMES} functions are active at once`);
      }
      const start = this.flow.targets[this.pc]!;
      const values = [1, 2, 3, 4, 5].map((register) => this.state.frame.registers[register]);
      this.state.enter(this.pc, start, values);
      return start;
    }
    callHelper(this.state, this.setting.helpers!.get(insn.imm)!, this.profile, this.nextId, this.refuse);
    return this.pc + 1;
  }

  private exit(): number | undefined {
    const result = this.read(0);
    const { callPc } = this.state.frame;
    this.measureStack(this.state.frame);
    if (callPc === -1) {
      if (result.kind === 'pointer')
        this.refuse('r0 is a pointer at the end of the program: expected a number');
      if (this.state.records.length > 0)
        this.refuse('a record is not given back before the end of the program');
      return undefined;
    }
    if (result.kind === 'pointer' && result.region.kind === 'stack') {
      this.refuse('a function gives back a pointer into a stack: expected a number or other memory');
    }
    this.state.frames.pop();
    const { registers } = this.state.frame;
    registers[0] = result;
    for (let register = 1; register <= 5; register++) registers[register] = undefined;
    return callPc + 1;
  }

  private measureStack({ start, stack }: Frame): void {
    this.stackBytes.set(start, Math.max(this.stackBytes.get(start) ?? 0, stack.depthBytes));
  }

  /** The bytes are big-endian; without them the program ends there, with 0. */
  private packetLoad(row: InsnRow, insn: EbpfInsn): void {
    const context = this.read(CONTEXT);
    if (context.kind !== 'pointer' || context.region.kind !== 'context' || context.offset !== 0) {
      this.refuse('a packet load without the context in r6');
    }
    if (this.state.frames.length > 1) this.refuse('a packet load inside a function: it may end the program');
    if (this.state.records.length > 0)
      this.refuse('a packet load before a record is given back: it may end the program');
    const index = row.operation === 'ind' ? this.read(insn.src) : immediate(0);
    if (index.kind === 'pointer') this.refuse(`r${insn.src} is a pointer: expected an index`);
    const limit = this.profile.maxPacketOffset;
    const farthest = index.scalar.full.umax + BigInt(insn.imm) + BigInt(row.sizeBits / 8);
    if (limit !== undefined && (insn.imm < 0 || farthest > limit)) {
      this.refuse(`a load from the packet may reach above ${limit}`);
    }
    const { registers } = this.state.frame;
    for (let register = 1; register <= 5; register++) registers[register] = undefined;
    registers[0] = packetNumber(row.sizeBits);
  }
}

function startValue(argument: Argument): Value {
  switch (argument.kind) {
    case 'context':
      return pointerTo({ kind: 'context', fields: argument.fields });
    case 'packet':
      return pointerTo({ kind: 'packet' });
    case 'packet-length':
      return numberOf(zeroExtendScalar(unknownScalar, 32), LENGTH_ID);
    case 'memory':
      return pointerTo({ kind: 'memory', memory: argument.memory });
    case 'scalar':
      return numberOf(unknownScalar);
  }
}
