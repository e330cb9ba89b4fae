/**
 * What an expression of the form `kernel` finds outside of the program: registers, records, memory of the process and
 * of the kernel, who runs, stacks. Memory is read by helpers, which give zeros where there is none.
 */
import { BPF_PSEUDO_MAP_IDX, opcodes as o } from '../../bpf/index.ts';
import type { ProbeArgument, ProbePoint } from '../../tracepoints/index.ts';
import { valueBytes } from '../plan.ts';
import type { BuiltinName, Expression } from '../typed.ts';
import type { Scope } from './form.ts';
import { kernelHelper as helper } from './kernel-helper.ts';
import type { KernelMapPlans } from './kernel-map-plans.ts';
import { clear } from './lower-bytes.ts';
import { withRegister, withValue } from './operands.ts';
import type { Place } from './place.ts';
import { refuse } from './probe-code.ts';

const CONTEXT = 6;
const FRAME = 10;
/** struct pt_regs of x86-64: rip. */
const IP_OFFSET = 128;
const COMM_BYTES = 16;
const BPF_F_USER_STACK = 1 << 8;

/** r0 = the value of a map under a key, or 0. */
type LookUp = (scope: Scope, map: number, key: Place) => void;

export class KernelValues {
  readonly #point: ProbePoint;
  readonly #plans: KernelMapPlans;
  readonly #lookUp: LookUp;

  constructor(point: ProbePoint, plans: KernelMapPlans, lookUp: LookUp) {
    this.#point = point;
    this.#plans = plans;
    this.#lookUp = lookUp;
  }

  scalar(scope: Scope, e: Expression, into: number): void {
    const { asm, code } = scope;
    switch (e.op) {
      case 'argument':
        this.#argument(scope, e.argument, into);
        return;
      case 'register':
        asm.load(8, into, CONTEXT, e.offsetBytes);
        return;
      case 'builtin':
        this.#builtin(scope, e.name, into);
        return;
      case 'stack':
        this.#stack(scope, e, into);
        return;
      case 'read-integer':
        this.#read(scope, e.address, e.bytes, e.isSigned, into);
        return;
      case 'mac-address':
        code.withScratch(8, (offset) => {
          const place = code.scratch(offset);
          scope.lower.bytes(scope, e.address, place);
          asm.load(8, into, place.base, place.offset);
          asm.swap(into, 64);
          asm.alu(o.BPF_RSH, into, 16);
        });
        return;
      default:
        code.fail(`${e.op.replace('-', ' ')} works only in the application`, e.span);
    }
  }

  bytes(scope: Scope, e: Expression, to: Place): void {
    const { asm, code } = scope;
    switch (e.op) {
      case 'argument':
        this.#recordText(scope, e.argument, to);
        return;
      case 'builtin':
        if (e.name === 'comm') this.#comm(scope, to);
        else this.#function(scope, to);
        return;
      case 'symbol':
        withValue(scope, e.address, (register) => asm.store(8, to.base, to.offset, register));
        this.#process(scope, { base: to.base, offset: to.offset + 8 });
        return;
      case 'read-text':
        this.#readText(scope, e, to);
        return;
      case 'read-buffer':
        this.#readBuffer(scope, e, to);
        return;
      default:
        code.fail(`${e.op.replace('-', ' ')} works only in the application`, e.span);
    }
  }

  #argument(scope: Scope, { type, place, name }: ProbeArgument, into: number): void {
    const { asm, code } = scope;
    if (type.kind !== 'integer') refuse(code, `${name} is a text`);
    switch (place.kind) {
      case 'register':
      case 'record':
        asm.load(type.bytes, into, CONTEXT, place.offsetBytes);
        extend(scope, into, type.bytes, type.isSigned);
        return;
      case 'memory': {
        withRegister(scope, [into], (address) => {
          asm.constant(address, place.displacement);
          if (place.base !== undefined) {
            asm.load(8, 0, CONTEXT, place.base);
            asm.aluRegister(o.BPF_ADD, address, 0);
          }
          if (place.index !== undefined) {
            asm.load(8, 0, CONTEXT, place.index);
            asm.alu(o.BPF_MUL, 0, place.scale);
            asm.aluRegister(o.BPF_ADD, address, 0);
          }
          this.#readAt(scope, address, type.bytes, type.isSigned, into);
        });
        return;
      }
      case 'constant':
        asm.constant(into, place.value);
        return;
      default:
        code.fail(`${name} is not there in the kernel`);
    }
  }

  #builtin(scope: Scope, name: BuiltinName, into: number): void {
    const { asm, code } = scope;
    const call = (number: number): void => code.call(number, () => {});
    switch (name) {
      case 'nsecs':
        call(helper.ktimeGetBootNs);
        break;
      case 'elapsed':
        this.#elapsed(scope, into);
        return;
      case 'pid':
        call(helper.getCurrentPidTgid);
        asm.alu(o.BPF_RSH, 0, 32);
        break;
      case 'tid':
        call(helper.getCurrentPidTgid);
        asm.lowHalf(0);
        break;
      case 'uid':
        call(helper.getCurrentUidGid);
        asm.lowHalf(0);
        break;
      case 'gid':
        call(helper.getCurrentUidGid);
        asm.alu(o.BPF_RSH, 0, 32);
        break;
      case 'cpu':
        call(helper.getSmpProcessorId);
        break;
      case 'rand':
        call(helper.getPrandomU32);
        asm.lowHalf(0);
        break;
      case 'cgroup':
        call(helper.getCurrentCgroupId);
        break;
      default:
        code.fail(`${name} works only in the application`);
    }
    asm.move(into, 0);
  }

  #elapsed(scope: Scope, into: number): void {
    const { asm, code } = scope;
    const [isThere, end] = [asm.label(), asm.label()];
    code.withScratch(8, (offset) => {
      const key = code.scratch(offset);
      clear(scope, key, 0, 8);
      code.call(helper.ktimeGetBootNs, () => {});
      asm.move(into, 0);
      code.hold(into);
      this.#lookUp(scope, this.#plans.startTime(), key);
      asm.jumpIf(o.BPF_JNE, 0, 0, isThere);
      asm.constant(into, 0n);
      asm.jump(end);
      asm.bind(isThere);
      asm.load(8, 0, 0, 0);
      asm.aluRegister(o.BPF_SUB, into, 0);
      asm.bind(end);
    });
  }

  /** The id of a stack in the map of its depth; of a process's with the process above, by which it is read. */
  #stack(scope: Scope, { where, depth }: Expression & { op: 'stack' }, into: number): void {
    const { asm, code } = scope;
    const map = this.#plans.stacks(depth);
    code.call(helper.getStackid, () => {
      asm.move(1, CONTEXT);
      asm.wide(2, BPF_PSEUDO_MAP_IDX, map, 0);
      asm.constant(3, where === 'user' ? BigInt(BPF_F_USER_STACK) : 0n);
    });
    asm.move(into, 0);
    asm.lowHalf(into);
    if (where === 'kernel') return;
    code.hold(into);
    code.call(helper.getCurrentPidTgid, () => {});
    asm.alu(o.BPF_RSH, 0, 32);
    asm.alu(o.BPF_LSH, 0, 32);
    asm.aluRegister(o.BPF_OR, into, 0);
  }

  #read(scope: Scope, address: Expression, bytes: number, isSigned: boolean, into: number): void {
    withRegister(scope, [into], (register) => {
      scope.lower.value(scope, address, register);
      this.#readAt(scope, register, bytes, isSigned, into);
    });
  }

  #readAt(scope: Scope, address: number, bytes: number, isSigned: boolean, into: number): void {
    const { asm, code } = scope;
    const slot = code.takeSlot();
    code.call(this.#reader, () => {
      asm.move(3, address);
      asm.move(1, FRAME);
      asm.alu(o.BPF_ADD, 1, slot);
      asm.constant(2, BigInt(bytes));
    });
    asm.load(bytes, into, FRAME, slot);
    extend(scope, into, bytes, isSigned);
    code.freeSlot(slot);
  }

  /** Pointers that a process passes to the kernel are its own; those in other records are the kernel's. */
  get #isOfKernel(): boolean {
    return this.#point.kind === 'tracepoint' && !/^tracepoint:(raw_)?syscalls:/.test(this.#point.name);
  }

  get #reader(): number {
    return this.#isOfKernel ? helper.probeReadKernel : helper.probeReadUser;
  }

  get #textReader(): number {
    return this.#isOfKernel ? helper.probeReadKernelStr : helper.probeReadUserStr;
  }

  /** A text in the record itself. */
  #recordText(scope: Scope, { type, place, name }: ProbeArgument, to: Place): void {
    const { asm, code } = scope;
    if (type.kind !== 'text' || place.kind !== 'record') refuse(code, `${name} is not there in the kernel`);
    clear(scope, to, 0, valueBytes(type));
    code.call(helper.probeReadKernel, () => {
      pointTo(scope, 1, to, 0);
      asm.constant(2, BigInt(type.bytes));
      asm.move(3, CONTEXT);
      asm.alu(o.BPF_ADD, 3, place.offsetBytes);
    });
  }

  #comm(scope: Scope, to: Place): void {
    clear(scope, to, 0, COMM_BYTES);
    scope.code.call(helper.getCurrentComm, () => {
      pointTo(scope, 1, to, 0);
      scope.asm.constant(2, BigInt(COMM_BYTES));
    });
  }

  /** {u64 address, u64 process} of the function that the probe is in. */
  #function(scope: Scope, to: Place): void {
    const { asm, code } = scope;
    if (this.#point.kind === 'uretprobe') code.call(helper.getFuncIp, () => asm.move(1, CONTEXT));
    else asm.load(8, 0, CONTEXT, IP_OFFSET);
    asm.store(8, to.base, to.offset, 0);
    this.#process(scope, { base: to.base, offset: to.offset + 8 });
  }

  #process(scope: Scope, to: Place): void {
    scope.code.call(helper.getCurrentPidTgid, () => {});
    scope.asm.alu(o.BPF_RSH, 0, 32);
    scope.asm.store(8, to.base, to.offset, 0);
  }

  #readText(scope: Scope, e: Expression & { op: 'read-text' }, to: Place): void {
    const { code } = scope;
    const bytes = e.type.kind === 'text' ? e.type.bytes : 0;
    withRegister(scope, [to.base], (address) => {
      scope.lower.value(scope, e.address, address);
      this.#withLength(scope, e.limit, bytes, 1, [to.base, address], (length) => {
        clear(scope, to, 0, valueBytes(e.type));
        code.call(this.#textReader, () => readArguments(scope, to, 0, address, length));
      });
    });
  }

  /** {u32 length, bytes} */
  #readBuffer(scope: Scope, e: Expression & { op: 'read-buffer' }, to: Place): void {
    const { asm, code } = scope;
    const bytes = e.type.kind === 'buffer' ? e.type.bytes : 0;
    const { address: from } = e;
    if (from === undefined) refuse(code, 'buf() takes an address in the kernel', e.span);
    withRegister(scope, [to.base], (address) => {
      scope.lower.value(scope, from, address);
      this.#withLength(scope, e.length, bytes, 0, [to.base, address], (length) => {
        clear(scope, to, 0, valueBytes(e.type));
        asm.store(4, to.base, to.offset, length);
        code.call(this.#reader, () => readArguments(scope, to, 4, address, length));
      });
    });
  }

  /** A register with `limit + more`, at most `most`. */
  #withLength(
    scope: Scope,
    limit: Expression | undefined,
    most: number,
    more: number,
    except: readonly number[],
    use: (length: number) => void,
  ): void {
    const { asm } = scope;
    withRegister(scope, except, (length) => {
      if (limit === undefined) {
        asm.constant(length, BigInt(most));
      } else {
        const isSmall = asm.label();
        scope.lower.value(scope, limit, length);
        asm.alu(o.BPF_ADD, length, more);
        asm.jumpIf(o.BPF_JLE, length, most, isSmall);
        asm.constant(length, BigInt(most));
        asm.bind(isSmall);
      }
      use(length);
    });
  }
}

function extend({ asm }: Scope, register: number, bytes: number, isSigned: boolean): void {
  if (!isSigned || bytes === 8) return;
  asm.alu(o.BPF_LSH, register, 64 - 8 * bytes);
  asm.alu(o.BPF_ARSH, register, 64 - 8 * bytes);
}

function pointTo({ asm }: Scope, register: number, { base, offset }: Place, more: number): void {
  asm.move(register, base);
  asm.alu(o.BPF_ADD, register, offset + more);
}

/** r1 to r3 of a helper that reads memory, whatever registers the arguments are in. */
function readArguments(scope: Scope, to: Place, more: number, address: number, length: number): void {
  const { asm } = scope;
  // Any of the three may be where another one has to go.
  asm.move(0, address);
  if (to.base === 2 && length === 1) {
    pointTo(scope, 3, to, more);
    asm.move(2, length);
    asm.move(1, 3);
  } else if (to.base === 2) {
    pointTo(scope, 1, to, more);
    asm.move(2, length);
  } else {
    asm.move(2, length);
    pointTo(scope, 1, to, more);
  }
  asm.move(3, 0);
}
