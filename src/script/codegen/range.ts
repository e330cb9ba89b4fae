/**
 * How large the value of an expression can be, whatever the event: what makes arrays of maps, shifts of divisions and
 * short comparisons. Only upper bounds of the 64-bit pattern; a value that may be negative has none.
 */
import type { Expression } from '../typed.ts';
import { constantOf, isSigned } from './integer.ts';

const ANY: bigint = (1n << 64n) - 1n;
const POSITIVE: bigint = (1n << 63n) - 1n;

/** The largest value, as an unsigned number; ANY when nothing is known. */
export function maxOf(e: Expression): bigint {
  switch (e.op) {
    case 'integer':
      return constantOf(e);
    case 'not':
    case 'and':
    case 'or':
    case 'equal-text':
    case 'has-field':
    case 'has-protocol':
    case 'in-network':
    case 'has-key':
      return 1n;
    case 'binary':
      return maxOfBinary(e);
    case 'choose': {
      const [yes, no] = [maxOf(e.yes), maxOf(e.no)];
      return greatest([yes, no]);
    }
    case 'cast':
      if (!e.isSigned) return least(maxOf(e.operand), bytesMax(e.bytes));
      return maxOf(e.operand) <= bytesMax(e.bytes) >> 1n ? maxOf(e.operand) : ANY;
    case 'argument': {
      const { type } = e.argument;
      return type.kind === 'integer' && !type.isSigned ? bytesMax(type.bytes) : ANY;
    }
    case 'field':
      return maxOfField(e);
    case 'read-integer':
      return e.isSigned ? ANY : bytesMax(e.bytes);
    case 'builtin':
      return maxOfBuiltin(e.name);
    case 'mac-address':
      return bytesMax(6);
    default:
      return ANY;
  }
}

const bytesMax = (bytes: number): bigint => (1n << BigInt(8 * bytes)) - 1n;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The greatest of some numbers that are at least 0. */
export function greatest(numbers: readonly bigint[]): bigint {
  let most = 0n;
  for (const number of numbers) if (number > most) most = number;
  return most;
}

const limit = (value: bigint): bigint => (value > ANY ? ANY : value);

/** All bits up to the highest one. */
const smear = (value: bigint): bigint => (1n << BigInt(value.toString(2).length)) - 1n;

function maxOfBinary(e: Expression & { op: 'binary' }): bigint {
  const a = maxOf(e.left);
  const b = maxOf(e.right);
  const by = e.right.op === 'integer' ? b : undefined;
  switch (e.operator) {
    case '+':
      return limit(a + b);
    case '*':
      return limit(a * b);
    case '-':
    case '<<':
      return by !== undefined && e.operator === '<<' ? limit(a << (by & 63n)) : ANY;
    case '/':
      if (!isUnsigned(e)) return ANY;
      return by === undefined ? a : by === 0n ? 0n : a / by;
    case '%':
      if (!isUnsigned(e)) return ANY;
      return by === undefined || by === 0n ? a : least(a, by - 1n);
    case '&':
      return least(a, b);
    case '|':
    case '^':
      return a === 0n && b === 0n ? 0n : smear(greatest([a, b]));
    case '>>':
      if (isSigned(e.left) && a > POSITIVE) return ANY;
      return by === undefined ? a : a >> (by & 63n);
    default:
      return 1n;
  }
}

/** Whether a division or comparison works on numbers that cannot be negative, whatever their types are. */
export function isUnsigned({
  left,
  right,
}: {
  readonly left: Expression;
  readonly right: Expression;
}): boolean {
  return !(isSigned(left) && isSigned(right)) || (maxOf(left) <= POSITIVE && maxOf(right) <= POSITIVE);
}

function maxOfField({ field }: Expression & { op: 'field' }): bigint {
  const [place] = field.places;
  switch (field.kind) {
    case 'boolean':
      return 1n;
    case 'unsigned': {
      if (place === undefined) return field.bits === 0 ? bytesMax(4) : (1n << BigInt(field.bits)) - 1n;
      const bits = bytesMax(place.bytes) >> BigInt(place.shift);
      return least(bits, BigInt(place.mask)) * BigInt(place.scale);
    }
    case 'ipv4':
      return bytesMax(4);
    case 'mac':
      return bytesMax(6);
    default:
      return ANY;
  }
}

function maxOfBuiltin(name: string): bigint {
  return ['pid', 'tid', 'uid', 'gid', 'cpu', 'lcore', 'rand'].includes(name) ? bytesMax(4) : ANY;
}
