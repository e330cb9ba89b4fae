/**
 * Programs of the form `kernel`: the kernel's helpers and maps. r6 is the context that the kernel gives (registers, a
 * record). Keys and events are put together on the stack, or, where that is too small, in memory of the processor's own
 * (r9), which is taken for the time of the program: one that interrupts another counts its hit as lost.
 */
import {
  BPF_PSEUDO_MAP_IDX,
  type EbpfProgram,
  type KernelProgramType,
  kernelHelpers,
  kernelProfile,
  opcodes as o,
  verifyProgram,
} from '../../bpf/index.ts';
import type { ProbeKind, ProbePoint } from '../../tracepoints/index.ts';
import { type MapPlan, valueBytes } from '../plan.ts';
import type { CheckedMap, EventUse, Expression } from '../typed.ts';
import type { Label } from './assembler.ts';
import type { MapValue, ProbeForm, Scope } from './form.ts';
import { kernelHelper as helper } from './kernel-helper.ts';
import { type KernelMapPlans, SCRATCH_BYTES } from './kernel-map-plans.ts';
import { KernelValues } from './kernel-values.ts';
import { clear, copy } from './lower-bytes.ts';
import { withRegister } from './operands.ts';
import type { Place } from './place.ts';
import type { ProbeCode } from './probe-code.ts';

const CONTEXT = 6;
const SCRATCH = 9;
const FRAME = 10;
const STACK_BYTES = 512;
/** Of the stack, when keys and events are there too. */
const SLOT_BYTES = 160;
/** Of the kernel, before each event. */
const TIME_BYTES = 8;
/** Values up to this are made of zeros on the spot; larger ones are copied from a map. */
const MAX_INLINE_ZEROS = 64;
const BPF_NOEXIST = 1;

const programTypes: Readonly<Partial<Record<ProbeKind, KernelProgramType>>> = {
  usdt: 'kprobe',
  uprobe: 'kprobe',
  uretprobe: 'kprobe',
  tracepoint: 'tracepoint',
  software: 'perf_event',
  profile: 'perf_event',
  interval: 'perf_event',
  begin: 'raw_tracepoint',
  end: 'raw_tracepoint',
};

export interface KernelFormOptions {
  readonly maps: readonly CheckedMap[];
  readonly plans: KernelMapPlans;
  readonly point: ProbePoint;
  /** Only hits of this process, where attaching does not see to it. */
  readonly pid: number | undefined;
  /** Where keys and events are put together. */
  readonly scratchIn: 'stack' | 'map';
}

export class KernelForm implements ProbeForm {
  readonly hasLoops: boolean = true;
  readonly kept: readonly number[];
  readonly stackBytes: number;
  readonly scratchBytes: number;
  readonly maps: readonly CheckedMap[];
  readonly #options: KernelFormOptions;
  readonly #type: KernelProgramType;
  readonly #values: KernelValues;
  /** Behind everything, when the scratch memory is not this program's. */
  #out: Label | undefined;

  constructor(options: KernelFormOptions) {
    const isOnStack = options.scratchIn === 'stack';
    this.#options = options;
    this.maps = options.maps;
    this.kept = isOnStack ? [7, 8, 9] : [7, 8];
    this.stackBytes = isOnStack ? SLOT_BYTES : STACK_BYTES;
    this.scratchBytes = isOnStack ? STACK_BYTES - SLOT_BYTES : SCRATCH_BYTES;
    this.#type = programTypes[options.point.kind] ?? 'kprobe';
    this.#values = new KernelValues(options.point, options.plans, (scope, map, key) =>
      this.#lookUp(scope, map, key),
    );
  }

  scratch(offset: number): Place {
    return this.#options.scratchIn === 'stack'
      ? { base: FRAME, offset: offset - STACK_BYTES }
      : { base: SCRATCH, offset: 8 + offset };
  }

  begin(code: ProbeCode): readonly (() => void)[] {
    const { asm } = code;
    asm.move(CONTEXT, 1);
    this.#out = asm.label();
    if (
      this.#options.pid !== undefined &&
      ['tracepoint', 'software', 'profile'].includes(this.#options.point.kind)
    ) {
      asm.call(helper.getCurrentPidTgid);
      asm.alu(o.BPF_RSH, 0, 32);
      asm.jumpIf(o.BPF_JNE, 0, this.#options.pid, this.#out);
    }
    if (this.#options.scratchIn === 'map') this.#takeScratch(code);
    return [() => {}];
  }

  end({ asm }: ProbeCode): void {
    if (this.#options.scratchIn === 'map') asm.storeConstant(8, SCRATCH, 0, 0);
    asm.bind(this.#out!);
    asm.constant(0, 0n);
    asm.exit();
  }

  assume(): () => void {
    return () => {};
  }

  unlessPresent({ code }: Scope, e: Expression): void {
    code.fail('packets are there in probes of the application only: dpdk:rx_packet', e.span);
  }

  scalar(scope: Scope, e: Expression, into: number): void {
    this.#values.scalar(scope, e, into);
  }

  bytes(scope: Scope, e: Expression, to: Place): void {
    this.#values.bytes(scope, e, to);
  }

  time(scope: Scope, into: number): void {
    scope.code.call(helper.ktimeGetBootNs, () => {});
    scope.asm.move(into, 0);
  }

  mapValue(
    scope: Scope,
    map: number,
    keys: readonly Expression[],
    purpose: 'update' | 'find',
    absent: Label,
    spare?: number,
  ): MapValue {
    const { asm, code } = scope;
    const plan = this.#options.plans.maps[map]!;
    this.#withKey(scope, plan, keys, (key) => {
      this.#lookUp(scope, indexOf(plan), key);
      if (purpose === 'update' && keys.length > 0) this.#makeIfAbsent(scope, map, plan, key);
    });
    asm.jumpIf(o.BPF_JEQ, 0, 0, absent);
    const register = code.tryTake() ?? spare ?? code.tooMany();
    asm.move(register, 0);
    if (register === spare) return { base: register, offset: 0, taken: undefined };
    code.hold(register);
    return { base: register, offset: 0, taken: register };
  }

  unlessKey(scope: Scope, map: number, keys: readonly Expression[], absent: Label): void {
    const plan = this.#options.plans.maps[map]!;
    this.#withKey(scope, plan, keys, (key) => this.#lookUp(scope, indexOf(plan), key));
    scope.asm.jumpIf(o.BPF_JEQ, 0, 0, absent);
  }

  deleteKey(scope: Scope, map: number, keys: readonly Expression[]): void {
    const { asm, code } = scope;
    const plan = this.#options.plans.maps[map]!;
    this.#withKey(scope, plan, keys, (key) => {
      if (keys.length > 0) {
        code.call(helper.mapDeleteElem, () => mapAndKey(scope, indexOf(plan), key));
        return;
      }
      // An array's only value cannot be deleted: all zeros is not there.
      const absent = asm.label();
      this.#lookUp(scope, indexOf(plan), key);
      asm.jumpIf(o.BPF_JEQ, 0, 0, absent);
      for (let at = 0; at < plan.valueBytes; at += 8) asm.storeConstant(8, 0, at, 0);
      asm.bind(absent);
    });
  }

  /** The time and the record go into a record of the ring, which takes whole ones only. */
  emit(scope: Scope, _: EventUse, offset: number, lengthBytes: number): void {
    const { asm, code } = scope;
    const { plans } = this.#options;
    const [lost, done] = [asm.label(), asm.label()];
    code.call(helper.ringbufReserve, () => {
      asm.wide(1, BPF_PSEUDO_MAP_IDX, plans.ring(), 0);
      asm.constant(2, BigInt(TIME_BYTES + lengthBytes));
      asm.constant(3, 0n);
    });
    asm.jumpIf(o.BPF_JEQ, 0, 0, lost);
    const record = code.tryTake() ?? code.tooMany();
    asm.move(record, 0);
    code.hold(record);
    code.call(helper.ktimeGetBootNs, () => {});
    asm.store(8, record, 0, 0);
    copy(scope, this.scratch(offset), { base: record, offset: TIME_BYTES }, lengthBytes);
    // From here on it is the kernel's: nothing may be put aside of it.
    code.free(record);
    code.call(helper.ringbufSubmit, () => {
      asm.move(1, record);
      asm.constant(2, 0n);
    });
    asm.jump(done);
    asm.bind(lost);
    this.#countUp(scope, plans.lostEvents(), 0);
    asm.bind(done);
  }

  verify(program: EbpfProgram): void {
    const shapes = this.#options.plans.kernelMaps;
    verifyProgram(program, kernelProfile(this.#type), {
      helpers: kernelHelpers(this.#type),
      resolve: (kind, imm) => {
        const map = kind === 'map_by_idx' ? shapes[imm] : undefined;
        return map === undefined ? undefined : { kind: 'map', map };
      },
    });
  }

  /** r9 = memory that nobody else uses until the end of this program. */
  #takeScratch(code: ProbeCode): void {
    const { asm } = code;
    const isUprobe = this.#type === 'kprobe';
    const slot = code.takeSlot();
    const isOurs = asm.label();
    asm.storeConstant(8, FRAME, slot, 0);
    asm.move(2, FRAME);
    asm.alu(o.BPF_ADD, 2, slot);
    asm.wide(1, BPF_PSEUDO_MAP_IDX, this.#options.plans.scratch(isUprobe ? 'uprobe' : 'other'), 0);
    asm.call(helper.mapLookupElem);
    asm.jumpIf(o.BPF_JEQ, 0, 0, this.#out!);
    asm.move(SCRATCH, 0);
    asm.constant(1, 1n);
    asm.op(o.BPF_STX | o.BPF_ATOMIC | o.BPF_DW, SCRATCH, 1, 0, o.BPF_XCHG);
    asm.jumpIf(o.BPF_JEQ, 1, 0, isOurs);
    asm.move(2, FRAME);
    asm.alu(o.BPF_ADD, 2, slot);
    asm.wide(1, BPF_PSEUDO_MAP_IDX, this.#options.plans.lostEvents(), 0);
    asm.call(helper.mapLookupElem);
    asm.jumpIf(o.BPF_JEQ, 0, 0, this.#out!);
    asm.constant(1, 1n);
    asm.op(o.BPF_STX | o.BPF_ATOMIC | o.BPF_DW, 0, 1, 0, o.BPF_ADD);
    asm.jump(this.#out!);
    asm.bind(isOurs);
    code.freeSlot(slot);
  }

  /** Puts the keys, or the number 0 of an array, into scratch memory. */
  #withKey(scope: Scope, plan: MapPlan, keys: readonly Expression[], use: (key: Place) => void): void {
    scope.code.withScratch(Math.max(8, plan.keyBytes), (offset) => {
      const key = this.scratch(offset);
      if (keys.length === 0) clear(scope, key, 0, 8);
      let at = key.offset;
      keys.forEach((each, i) => {
        const type = plan.keys[i]!;
        scope.lower.bytes(scope, each, { base: key.base, offset: at }, type);
        at += valueBytes(type);
      });
      use(key);
    });
  }

  /** r0 = the value under the key, or 0. */
  #lookUp(scope: Scope, map: number, key: Place): void {
    scope.code.call(helper.mapLookupElem, () => mapAndKey(scope, map, key));
  }

  /** r0 = the value, made of zeros where there was none; 0 when there is no room, which is counted. */
  #makeIfAbsent(scope: Scope, map: number, plan: MapPlan, key: Place): void {
    const { asm, code } = scope;
    const isThere = asm.label();
    asm.jumpIf(o.BPF_JNE, 0, 0, isThere);
    const update = (): void =>
      code.call(helper.mapUpdateElem, () => {
        asm.move(3, 0);
        mapAndKey(scope, indexOf(plan), key);
        asm.constant(4, BigInt(BPF_NOEXIST));
      });
    const zeroBytes = plan.valueBytes <= MAX_INLINE_ZEROS ? plan.valueBytes : 8;
    code.withScratch(zeroBytes, (offset) => {
      const zeros = this.scratch(offset);
      clear(scope, zeros, 0, zeroBytes);
      if (plan.valueBytes <= MAX_INLINE_ZEROS) {
        asm.move(0, zeros.base);
        asm.alu(o.BPF_ADD, 0, zeros.offset);
        update();
      } else {
        const none = asm.label();
        this.#lookUp(scope, this.#options.plans.zeros(), zeros);
        asm.jumpIf(o.BPF_JEQ, 0, 0, none);
        update();
        asm.bind(none);
      }
    });
    this.#lookUp(scope, indexOf(plan), key);
    asm.jumpIf(o.BPF_JNE, 0, 0, isThere);
    this.#countUp(scope, this.#options.plans.noRoom(), map);
    asm.constant(0, 0n);
    asm.bind(isThere);
  }

  /** Adds 1 to a number of an array; r0 is lost. */
  #countUp(scope: Scope, map: number, index: number): void {
    const { asm, code } = scope;
    code.withScratch(8, (offset) => {
      const key = this.scratch(offset);
      const absent = asm.label();
      asm.storeConstant(8, key.base, key.offset, index);
      this.#lookUp(scope, map, key);
      asm.jumpIf(o.BPF_JEQ, 0, 0, absent);
      withRegister(scope, [], (one) => {
        asm.constant(one, 1n);
        asm.op(o.BPF_STX | o.BPF_ATOMIC | o.BPF_DW, 0, one, 0, o.BPF_ADD);
      });
      asm.bind(absent);
    });
  }
}

/** r1 and r2 of a call; r3 to r5 are left alone. */
function mapAndKey({ asm }: Scope, map: number, key: Place): void {
  asm.move(2, key.base);
  asm.alu(o.BPF_ADD, 2, key.offset);
  asm.wide(1, BPF_PSEUDO_MAP_IDX, map, 0);
}

function indexOf({ place }: MapPlan): number {
  return place.kind === 'kernel' ? place.index : 0;
}
