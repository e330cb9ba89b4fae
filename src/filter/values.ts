/**
 * 32-bit unsigned values that a filter computes from a packet, as expressions without side effects. They are interned:
 * equal expressions are the same object, so that `===` tells whether two tests look at the same thing. Making one
 * folds constants. A load beyond the packet or a division by zero has no value: it rejects the packet.
 */
import {
  BPF_ADD,
  BPF_AND,
  BPF_DIV,
  BPF_LSH,
  BPF_MEMWORDS,
  BPF_MOD,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
  operate,
} from '../bpf/classic.ts';

export type Value = { readonly id: number } & (
  | { readonly kind: 'constant'; readonly constant: number }
  | { readonly kind: 'len' }
  /** `size` bytes at `base + offset` (modulo 2^32), in network byte order. */
  | {
      readonly kind: 'load';
      readonly size: 1 | 2 | 4;
      readonly base: Value | undefined;
      readonly offset: number;
    }
  /** The length of an IPv4 header in bytes: 4 * (the byte at `offset` & 0xf). */
  | { readonly kind: 'headerLength'; readonly offset: number }
  /**
   * What was last assigned to a cell of the program's memory. Each value of this kind is another variable, assigned once on
   * any way through the program; variables that are not needed at the same time may share a cell.
   */
  | { readonly kind: 'cell'; readonly cell: number }
  | { readonly kind: 'negate'; readonly operand: Value }
  /** `operation` is the BPF_ADD ... BPF_XOR of classic BPF. */
  | { readonly kind: 'binary'; readonly operation: number; readonly left: Value; readonly right: Value }
);

type Shape = Value extends infer V ? (V extends Value ? Omit<V, 'id'> : never) : never;

/** Makes values; one instance a compilation. */
export class Values {
  private readonly interned = new Map<string, Value>();
  /** Cells from the last one down: the first ones are for what is computed in between. */
  private readonly unusedCells = Array.from({ length: BPF_MEMWORDS }, (_, cell) => cell);
  readonly len: Value = this.intern('len', { kind: 'len' });

  constant(constant: number): Value {
    return this.intern(`#${constant >>> 0}`, { kind: 'constant', constant: constant >>> 0 });
  }

  headerLength(offset: number): Value {
    return this.intern(`h${offset}`, { kind: 'headerLength', offset });
  }

  /** Cells that no variable has. */
  get freeCellCount(): number {
    return this.unusedCells.length;
  }

  /** A new variable, in the cell of another one when that is given and is a variable. The caller has seen to it that a cell is left. */
  newCell(sharing?: Value): Value {
    const cell = sharing?.kind === 'cell' ? sharing.cell : this.unusedCells.pop()!;
    return this.intern(`m${this.interned.size}`, { kind: 'cell', cell });
  }

  /** Nothing reads these variables after what is assigned next; nobody else shares their cells. */
  freeCells(...variables: readonly Value[]): void {
    for (const variable of variables) {
      if (variable.kind === 'cell' && !this.unusedCells.includes(variable.cell)) {
        this.unusedCells.push(variable.cell);
      }
    }
  }

  /** A constant part of the address moves into the offset. */
  load(size: 1 | 2 | 4, address: Value | undefined, offset: number): Value {
    let base = address;
    let at = offset;
    for (;;) {
      if (base?.kind === 'constant') {
        at += base.constant;
        base = undefined;
      } else if (base?.kind === 'binary' && base.operation === BPF_ADD && base.right.kind === 'constant') {
        at += base.right.constant;
        base = base.left;
      } else break;
    }
    at >>>= 0;
    return this.intern(`${size}@${base === undefined ? '' : base.id}+${at}`, {
      kind: 'load',
      size,
      base,
      offset: at,
    });
  }

  negate(operand: Value): Value {
    if (operand.kind === 'constant') return this.constant(operate(BPF_NEG, operand.constant, 0)!);
    return this.intern(`-${operand.id}`, { kind: 'negate', operand });
  }

  sum(left: Value, right: Value): Value {
    return this.binary(BPF_ADD, left, right);
  }

  either(value: Value, bits: number): Value {
    return this.binary(BPF_OR, value, this.constant(bits));
  }

  /** `value & mask`; a mask of all ones is left out. */
  masked(value: Value, mask: number): Value {
    return mask === 0xffff_ffff ? value : this.binary(BPF_AND, value, this.constant(mask));
  }

  /** One operation of classic BPF. The right side of a division is no constant zero: the caller has said so. */
  binary(operation: number, left: Value, right: Value): Value {
    if (right.kind === 'constant') {
      const { constant } = right;
      if (left.kind === 'constant') return this.constant(operate(operation, left.constant, constant)!);
      if (constant === 0) {
        if (keepsWithZero.has(operation)) return left;
        if (operation === BPF_MUL || operation === BPF_AND) return right;
      }
      if ((operation === BPF_LSH || operation === BPF_RSH) && constant > 31) {
        // It gives 0, but no instruction may shift so far.
        return this.binary(operation, this.binary(operation, left, this.constant(31)), this.constant(1));
      }
      const merged = this.merge(operation, left, constant);
      if (merged !== undefined) return merged;
    } else if (left.kind === 'constant' && commutes.has(operation)) {
      return this.binary(operation, right, left);
    }
    return this.intern(`${operation}(${left.id},${right.id})`, {
      kind: 'binary',
      operation,
      left,
      right,
    });
  }

  /** `(v op a) op b` as `v op c`, for the operations where that holds. */
  private merge(operation: number, left: Value, constant: number): Value | undefined {
    if (operation === BPF_SUB) return this.binary(BPF_ADD, left, this.constant(-constant));
    if (left.kind !== 'binary' || left.operation !== operation || left.right.kind !== 'constant')
      return undefined;
    if (!associates.has(operation)) return undefined;
    const both = operate(operation, left.right.constant, constant)!;
    return this.binary(operation, left.left, this.constant(both));
  }

  private intern(key: string, shape: Shape): Value {
    const known = this.interned.get(key);
    if (known !== undefined) return known;
    const value = { ...shape, id: this.interned.size } as Value;
    this.interned.set(key, value);
    return value;
  }
}

const keepsWithZero: ReadonlySet<number> = new Set([BPF_ADD, BPF_SUB, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH]);
const commutes: ReadonlySet<number> = new Set([BPF_ADD, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR]);
const associates: ReadonlySet<number> = commutes;

/** How far into the packet computing a value reaches, in bytes: surely, and at most (Infinity when it may always fail). */
export function reachOf(value: Value): { readonly atLeast: number; readonly atMost: number } {
  switch (value.kind) {
    case 'constant':
    case 'len':
    case 'cell':
      return { atLeast: 0, atMost: 0 };
    case 'headerLength':
      return { atLeast: value.offset + 1, atMost: value.offset + 1 };
    case 'load': {
      if (value.base !== undefined)
        return { atLeast: reachOf(value.base).atLeast, atMost: Number.POSITIVE_INFINITY };
      const end = value.offset + value.size;
      return { atLeast: end, atMost: end };
    }
    case 'negate':
      return reachOf(value.operand);
    case 'binary': {
      const left = reachOf(value.left);
      const right = reachOf(value.right);
      const divides = value.operation === BPF_DIV || value.operation === BPF_MOD;
      return {
        atLeast: Math.max(left.atLeast, right.atLeast),
        atMost:
          divides && value.right.kind !== 'constant'
            ? Number.POSITIVE_INFINITY
            : Math.max(left.atMost, right.atMost),
      };
    }
  }
}
