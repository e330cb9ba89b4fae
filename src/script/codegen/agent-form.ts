/**
 * Programs of the form `agent`: everything is in the trace context, whose address is in r6. Instructions of version 2,
 * forward jumps, one exit; places that depend on numbers are kept inside of the context by a mask or a comparison with
 * a constant that the agent, librte_bpf and our verifier can all follow.
 */
import {
  dpdkProfile,
  type EbpfProgram,
  opcodes as o,
  strideBytes,
  traceContext,
  traceHelper,
  traceHelpers,
  valueOffsetInEntry,
  verifyProgram,
} from '../../bpf/index.ts';
import { type MapPlan, valueBytes } from '../plan.ts';
import type { CheckedMap, EventUse, Expression } from '../typed.ts';
import { PacketFields } from './agent-packet.ts';
import type { Label } from './assembler.ts';
import { partsOf } from './fold.ts';
import type { MapValue, ProbeForm, Scope } from './form.ts';
import { MAX_STACK_BYTES } from './limits.ts';
import { clear, copy } from './lower-bytes.ts';
import { seenOffset } from './map-values.ts';
import type { Place } from './place.ts';
import type { PlacedMaps } from './place-maps.ts';
import { type ProbeCode, refuse } from './probe-code.ts';
import { maxOf } from './range.ts';

const CONTEXT = 6;

/** The farthest place that an instruction reaches by itself. */
const MAX_DISPLACEMENT = 32_767;

/** One probe's: what it looked at is known when its program is finished. */
export class AgentForm implements ProbeForm {
  readonly hasLoops: boolean = false;
  readonly kept: readonly number[] = [7, 8, 9];
  readonly stackBytes: number = MAX_STACK_BYTES;
  readonly scratchBytes: number = traceContext.scratchBytes;
  readonly maps: readonly CheckedMap[];
  needsTime = false;
  argumentsUsed = 0;

  readonly #placed: PlacedMaps;
  readonly #hasUsualWay: boolean;
  #packet: PacketFields | undefined;

  /** @param hasUsualWay usual packets have a way of their own, with all of the program on it, where that gains something */
  constructor(maps: readonly CheckedMap[], placed: PlacedMaps, hasUsualWay: boolean) {
    this.maps = maps;
    this.#placed = placed;
    this.#hasUsualWay = hasUsualWay;
  }

  get packetBytes(): number {
    return this.#packet?.packetBytes ?? 0;
  }

  /** Whether a way for usual packets would gain something; known from `begin` on. */
  get canBeUsual(): boolean {
    return this.#packet?.canBeUsual ?? false;
  }

  scratch(offset: number): Place {
    return { base: CONTEXT, offset: traceContext.scratch + offset };
  }

  begin(code: ProbeCode, expressions: readonly Expression[]): readonly (() => void)[] {
    const { asm } = code;
    asm.move(CONTEXT, 1);
    const packet = new PacketFields(code, expressions);
    this.#packet = packet;
    if (!this.#hasUsualWay || !packet.canBeUsual) return [() => packet.walk()];
    const other = asm.label();
    const walk = () => {
      asm.bind(other);
      packet.walk();
    };
    return [() => packet.testForUsual(other), walk];
  }

  end({ asm }: ProbeCode): void {
    asm.constant(0, 0n);
    asm.exit();
  }

  assume(condition: Expression): () => void {
    return this.#packet!.assume(condition);
  }

  unlessPresent(_: Scope, e: Expression & { op: 'has-field' | 'has-protocol' }, absent: Label): void {
    this.#packet!.unlessPresent(e, absent);
  }

  scalar(scope: Scope, e: Expression, into: number): void {
    const { asm } = scope;
    switch (e.op) {
      case 'argument':
        this.#argument(scope, e, into);
        return;
      case 'field':
        this.#packet!.read(e.field, into);
        return;
      case 'builtin':
        switch (e.name) {
          case 'nsecs':
            this.time(scope, into);
            return;
          case 'elapsed':
            this.time(scope, into);
            this.#fromState(scope, this.#placed.startTimeOffset!);
            asm.aluRegister(o.BPF_SUB, into, 0);
            return;
          case 'pid':
          case 'tid':
          case 'lcore':
            asm.load(4, into, CONTEXT, traceContext[e.name]);
            return;
          default:
            onlyInKernel(scope, e.name, e);
        }
        break;
      default:
        onlyInKernel(scope, e.op.replace('-', ' '), e);
    }
  }

  bytes(scope: Scope, e: Expression, to: Place): void {
    switch (e.op) {
      case 'argument':
        this.#textArgument(scope, e, to);
        return;
      case 'field':
        this.#packet!.readBytes(e.field, to);
        return;
      case 'builtin':
        if (e.name !== 'comm') onlyInKernel(scope, e.name, e);
        copy(scope, { base: CONTEXT, offset: traceContext.comm }, to, traceContext.commBytes);
        return;
      case 'read-buffer':
        if (e.address !== undefined) onlyInKernel(scope, 'buf() of an address', e);
        this.#buffer(scope, e, to);
        return;
      default:
        onlyInKernel(scope, e.op.replace('-', ' '), e);
    }
  }

  mapValue(
    scope: Scope,
    map: number,
    keys: readonly Expression[],
    purpose: 'update' | 'find',
    _absent?: Label,
    spare?: number,
  ): MapValue {
    const plan = this.#placed.maps[map]!;
    switch (plan.place.kind) {
      case 'flat':
        return this.#near(scope, plan.place.offset, plan.valueBytes, undefined, spare);
      case 'indexed':
        return this.#indexed(scope, plan, plan.place, keys[0]!, spare);
      case 'keyed':
        return this.#keyed(scope, plan, plan.place, keys, purpose, spare);
      default:
        return scope.code.fail(`${plan.name} lies in the kernel`);
    }
  }

  unlessKey(scope: Scope, map: number, keys: readonly Expression[], absent: Label): void {
    const { asm, code } = scope;
    const plan = this.#placed.maps[map]!;
    if (plan.place.kind === 'keyed') {
      const { index, layout } = plan.place;
      this.#withKey(scope, plan, keys, (key) => this.#call(scope, traceHelper.mapFind, index, key));
      asm.jumpIf(o.BPF_JEQ, 0, layout.slots - 1, absent);
      return;
    }
    const { base, offset, taken } = this.mapValue(scope, map, keys, 'find');
    const seen = seenOffset(plan.kind);
    if (seen === undefined) refuse(code, `has_key() of a histogram: ${plan.name}`);
    asm.load(8, 0, base, offset + seen);
    if (taken !== undefined) code.free(taken);
    asm.jumpIf(o.BPF_JEQ, 0, 0, absent);
  }

  deleteKey(scope: Scope, map: number, keys: readonly Expression[]): void {
    const plan = this.#placed.maps[map]!;
    if (plan.place.kind === 'keyed') {
      const { index } = plan.place;
      this.#withKey(scope, plan, keys, (key) => this.#call(scope, traceHelper.mapDelete, index, key));
      return;
    }
    const value = this.mapValue(scope, map, keys, 'update');
    clear(scope, value, 0, plan.valueBytes);
    if (value.taken !== undefined) scope.code.free(value.taken);
  }

  emit(scope: Scope, _: EventUse, offset: number, lengthBytes: number): void {
    this.#call(scope, traceHelper.emit, traceContext.scratch + offset, lengthBytes);
  }

  time({ asm }: Scope, into: number): void {
    this.needsTime = true;
    asm.load(8, into, CONTEXT, traceContext.timeNs);
  }

  verify(program: EbpfProgram): void {
    const memory = { name: 'trace context', lengthBytes: this.#placed.contextBytes, isWritable: true };
    verifyProgram(program, dpdkProfile([{ kind: 'memory', memory }]), { helpers: traceHelpers });
  }

  /** Arguments are 64 bits wide; a narrow load says how large the number can be. */
  #argument(scope: Scope, e: Expression & { op: 'argument' }, into: number): void {
    const { place, type, name } = e.argument;
    if (place.kind !== 'context' || type.kind !== 'integer') {
      refuse(scope.code, `args.${name} is not there in the application`, e.span);
    }
    this.argumentsUsed |= 1 << place.index;
    scope.asm.load(type.isSigned ? 8 : type.bytes, into, CONTEXT, traceContext.args + 8 * place.index);
  }

  /** Texts lie in slots where packets have their bytes; the argument tells which. */
  #textArgument(scope: Scope, e: Expression & { op: 'argument' }, to: Place): void {
    const { asm, code } = scope;
    const { place, type, name } = e.argument;
    if (place.kind !== 'context' || type.kind !== 'text' || type.bytes > traceContext.textSlotBytes) {
      refuse(code, `args.${name} is not there in the application`, e.span);
    }
    this.argumentsUsed |= 1 << place.index;
    const slot = code.tryTake() ?? code.tooMany(e.span);
    asm.load(1, 0, CONTEXT, traceContext.args + 8 * place.index);
    asm.alu(o.BPF_AND, 0, 3);
    asm.alu(o.BPF_LSH, 0, Math.log2(traceContext.textSlotBytes));
    asm.move(slot, CONTEXT);
    asm.aluRegister(o.BPF_ADD, slot, 0);
    copy(scope, { base: slot, offset: traceContext.packet }, to, Math.ceil(type.bytes / 8) * 8);
    code.free(slot);
  }

  /** {u32 length, bytes}: the first bytes of the packet, zeros behind what is there. */
  #buffer(scope: Scope, e: Expression, to: Place): void {
    const { asm, code } = scope;
    const bytes = e.type.kind === 'buffer' ? e.type.bytes : 0;
    const [length, word] = [0, 1].map(() => code.tryTake() ?? code.tooMany(e.span));
    const isWhole = asm.label();
    asm.load(4, length!, CONTEXT, traceContext.packetBytes);
    asm.jumpIf(o.BPF_JLE, length!, bytes, isWhole);
    asm.constant(length!, BigInt(bytes));
    asm.bind(isWhole);
    asm.store(4, to.base, to.offset, length!);
    // The bytes begin 4 behind the length, so pieces of 4 keep every store aligned. No branches: librte_bpf follows every way
    // through a program, and two a piece are more ways than it ever comes to the end of.
    const end = Math.ceil((bytes + 4) / 8) * 8 - 4;
    for (let at = 0; at < end; at += 4) {
      // r0 = how many of the four are not there: at + 4 - length, at least 0 ...
      asm.constant(0, BigInt(at + 4));
      asm.aluRegister(o.BPF_SUB, 0, length!);
      asm.move(word!, 0);
      asm.alu(o.BPF_ARSH, word!, 63);
      asm.alu(o.BPF_XOR, word!, -1);
      asm.aluRegister(o.BPF_AND, 0, word!);
      // ... and at most 4
      asm.alu(o.BPF_SUB, 0, 4);
      asm.move(word!, 0);
      asm.alu(o.BPF_ARSH, word!, 63);
      asm.aluRegister(o.BPF_AND, 0, word!);
      asm.alu(o.BPF_ADD, 0, 4);
      asm.alu(o.BPF_LSH, 0, 3);
      asm.alu(o.BPF_AND, 0, 63);
      // They are the upper ones, and pushed out there.
      asm.load(4, word!, CONTEXT, traceContext.packet + at);
      asm.aluRegister(o.BPF_LSH, word!, 0);
      asm.alu(o.BPF_LSH, word!, 32);
      asm.alu(o.BPF_RSH, word!, 32);
      asm.aluRegister(o.BPF_RSH, word!, 0);
      asm.store(4, to.base, to.offset + 4 + at, word!);
    }
    code.free(word!);
    code.free(length!);
  }

  /** r0 = a number of the state. */
  #fromState({ asm }: Scope, offset: number): void {
    if (offset <= MAX_DISPLACEMENT) {
      asm.load(8, 0, CONTEXT, offset);
      return;
    }
    asm.move(0, CONTEXT);
    asm.alu(o.BPF_ADD, 0, offset);
    asm.load(8, 0, 0, 0);
  }

  /**
   * A value at an offset of the context and `index` bytes on; that register is given back, unless it is `spare`: one of the
   * caller's, for when no other is free.
   */
  #near(scope: Scope, offset: number, bytes: number, index?: number, spare?: number): MapValue {
    const { asm, code } = scope;
    const isNear = offset + bytes <= MAX_DISPLACEMENT;
    if (index === undefined && isNear) return { base: CONTEXT, offset, taken: undefined };
    // A number is added to an address, never the other way: librte_bpf takes the result for a number else.
    const register = code.tryTake() ?? index ?? spare ?? code.tooMany();
    if (register === index) asm.move(0, index);
    asm.move(register, CONTEXT);
    if (!isNear) asm.alu(o.BPF_ADD, register, offset);
    if (index !== undefined) asm.aluRegister(o.BPF_ADD, register, register === index ? 0 : index);
    if (index !== undefined && index !== register && index !== spare) code.free(index);
    const taken = register === spare ? undefined : register;
    if (taken !== undefined) code.hold(taken);
    return { base: register, offset: isNear ? offset : 0, taken };
  }

  #indexed(
    scope: Scope,
    plan: MapPlan,
    { offset, entries }: MapPlan['place'] & { kind: 'indexed' },
    key: Expression,
    spare: number | undefined,
  ): MapValue {
    const { asm, code } = scope;
    const register = code.tryTake() ?? spare ?? code.tooMany(key.span);
    scope.lower.value(scope, key, register);
    if (!isEvident(key) || maxOf(key) >= BigInt(entries)) asm.alu(o.BPF_AND, register, entries - 1);
    const shift = Math.log2(plan.valueBytes);
    if (Number.isInteger(shift)) asm.alu(o.BPF_LSH, register, shift);
    else asm.alu(o.BPF_MUL, register, plan.valueBytes);
    return this.#near(scope, offset, plan.valueBytes, register, spare);
  }

  #keyed(
    scope: Scope,
    plan: MapPlan,
    { index, layout }: MapPlan['place'] & { kind: 'keyed' },
    keys: readonly Expression[],
    purpose: 'update' | 'find',
    spare: number | undefined,
  ): MapValue {
    const { asm, code } = scope;
    const helper = purpose === 'update' ? traceHelper.mapSlot : traceHelper.mapFind;
    this.#withKey(scope, plan, keys, (key) => this.#call(scope, helper, index, key));
    const register = code.tryTake() ?? spare ?? code.tooMany();
    asm.move(register, 0);
    asm.alu(o.BPF_AND, register, layout.slots - 1);
    asm.alu(o.BPF_MUL, register, strideBytes(layout));
    const offset = layout.offset + valueOffsetInEntry(layout);
    return this.#near(scope, offset, plan.valueBytes, register, spare);
  }

  /** Puts the keys into scratch memory; `use` gets their place in the context. */
  #withKey(scope: Scope, plan: MapPlan, keys: readonly Expression[], use: (key: number) => void): void {
    scope.code.withScratch(plan.keyBytes, (offset) => {
      let at = this.scratch(offset).offset;
      keys.forEach((key, i) => {
        const type = plan.keys[i]!;
        scope.lower.bytes(scope, key, { base: CONTEXT, offset: at }, type);
        at += valueBytes(type);
      });
      use(traceContext.scratch + offset);
    });
  }

  #call(scope: Scope, helper: number, second: number, third: number): void {
    const { asm } = scope;
    scope.code.call(helper, () => {
      asm.move(1, CONTEXT);
      asm.constant(2, BigInt(second));
      asm.constant(3, BigInt(third));
    });
  }
}

function onlyInKernel(scope: Scope, what: string, { span }: Expression): never {
  return scope.code.fail(`${what} works only in the kernel`, span);
}

/** Whether those who check a program see from the code alone that the number is as small as it is. */
function isEvident(e: Expression): boolean {
  switch (e.op) {
    case 'argument':
    case 'field':
      return true;
    case 'integer':
      return true;
    case 'cast':
      return !e.isSigned;
    case 'choose':
      return isEvident(e.yes) && isEvident(e.no);
    case 'binary':
      if (e.operator === '&') return e.right.op === 'integer' || partsOf(e).every(isEvident);
      return (e.operator === '>>' || e.operator === '+') && e.right.op === 'integer' && isEvident(e.left);
    default:
      return false;
  }
}
