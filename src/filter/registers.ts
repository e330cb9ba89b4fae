/**
 * Straight-line code that computes values into the registers A and X of classic BPF, and what the registers hold
 * after it. Scratch cells from the first on are used while one value is computed; variables have theirs from the last down.
 */
import {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_AND,
  BPF_B,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_LD,
  BPF_LDX,
  BPF_LEN,
  BPF_MEM,
  BPF_MISC,
  BPF_MSH,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_ST,
  BPF_STX,
  BPF_TAX,
  BPF_TXA,
  BPF_W,
  BPF_X,
  BPF_XOR,
  type CbpfInsn,
} from '../bpf/classic.ts';
import type { Value } from './values.ts';

/** The values that A and X hold; undefined when that is not known. */
export interface Holding {
  readonly a: Value | undefined;
  readonly x: Value | undefined;
}

const commutes: ReadonlySet<number> = new Set([BPF_ADD, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR]);

const sizes = { 1: BPF_B, 2: BPF_H, 4: BPF_W } as const;

export class Registers {
  readonly insns: CbpfInsn[] = [];
  private a: Value | undefined;
  private x: Value | undefined;
  private cellsInUse = 0;

  constructor(holding: Holding) {
    this.a = holding.a;
    this.x = holding.x;
  }

  get holding(): Holding {
    return { a: this.a, x: this.x };
  }

  /** Computes a value into A. */
  toA(value: Value): void {
    if (this.a === value) return;
    if (this.x === value) {
      this.emit(BPF_MISC | BPF_TXA);
    } else {
      this.compute(value);
    }
    this.a = value;
  }

  /** Computes a value into X, perhaps through A. */
  toX(value: Value): void {
    if (this.x === value) return;
    if (this.a === value) {
      this.emit(BPF_MISC | BPF_TAX);
    } else if (value.kind === 'constant') {
      this.emit(BPF_LDX | BPF_IMM, value.constant);
    } else if (value.kind === 'len') {
      this.emit(BPF_LDX | BPF_W | BPF_LEN);
    } else if (value.kind === 'cell') {
      this.emit(BPF_LDX | BPF_MEM, value.cell);
    } else if (value.kind === 'headerLength') {
      this.emit(BPF_LDX | BPF_B | BPF_MSH, value.offset);
    } else {
      this.toA(value);
      this.emit(BPF_MISC | BPF_TAX);
    }
    this.x = value;
  }

  /** Computes a value and gives it to a variable. The register that has it is then known to hold the variable. */
  assign(cell: Value & { readonly kind: 'cell' }, value: Value): void {
    if (this.x === value || (this.a !== value && value.kind === 'headerLength')) {
      this.toX(value);
      this.emit(BPF_STX, cell.cell);
      this.x = cell;
    } else {
      this.toA(value);
      this.emit(BPF_ST, cell.cell);
      this.a = cell;
    }
  }

  /** Computes one value into A and the other into X: `left` into A unless they may be swapped. */
  toBoth(left: Value, right: Value, swappable: boolean): void {
    if (this.x === right && !usesX(left)) {
      this.toA(left);
    } else if (swappable && this.x === left && !usesX(right)) {
      this.toA(right);
    } else if (isDirect(right)) {
      this.toA(left);
      this.toX(right);
    } else if (swappable && isDirect(left)) {
      this.toA(right);
      this.toX(left);
    } else if (!usesX(left)) {
      this.toX(right);
      this.toA(left);
    } else if (swappable && !usesX(right)) {
      this.toX(left);
      this.toA(right);
    } else {
      this.toA(right);
      const cell = this.cellsInUse++;
      this.emit(BPF_ST, cell);
      this.toA(left);
      this.emit(BPF_LDX | BPF_MEM, cell);
      this.x = right;
      this.cellsInUse--;
    }
  }

  private compute(value: Value): void {
    switch (value.kind) {
      case 'constant':
        this.emit(BPF_LD | BPF_IMM, value.constant);
        break;
      case 'len':
        this.emit(BPF_LD | BPF_W | BPF_LEN);
        break;
      case 'cell':
        this.emit(BPF_LD | BPF_MEM, value.cell);
        break;
      case 'headerLength':
        this.toX(value);
        this.emit(BPF_MISC | BPF_TXA);
        break;
      case 'load':
        if (value.base === undefined) {
          this.emit(BPF_LD | BPF_ABS | sizes[value.size], value.offset);
        } else {
          this.toX(value.base);
          this.emit(BPF_LD | BPF_IND | sizes[value.size], value.offset);
        }
        break;
      case 'negate':
        this.toA(value.operand);
        this.emit(BPF_ALU | BPF_NEG);
        break;
      case 'binary': {
        const { operation, left, right } = value;
        if (right.kind === 'constant') {
          this.toA(left);
          this.emit(BPF_ALU | operation, right.constant);
        } else {
          this.toBoth(left, right, commutes.has(operation));
          this.emit(BPF_ALU | operation | BPF_X);
        }
      }
    }
  }

  private emit(code: number, k = 0): void {
    this.insns.push({ code, jt: 0, jf: 0, k });
  }
}

/** Whether X can be loaded with the value without A. */
function isDirect(value: Value): boolean {
  return ['constant', 'len', 'cell', 'headerLength'].includes(value.kind);
}

/** Whether computing the value into A overwrites X. */
function usesX(value: Value): boolean {
  switch (value.kind) {
    case 'constant':
    case 'len':
    case 'cell':
      return false;
    case 'headerLength':
      return true;
    case 'load':
      return value.base !== undefined;
    case 'negate':
      return usesX(value.operand);
    case 'binary':
      return value.right.kind !== 'constant' || usesX(value.left);
  }
}
