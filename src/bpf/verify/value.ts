/**
 * What a register or a slot of stack holds: a number of which something is known, or a pointer into one region. An
 * undefined value is one that was not written. Immutable, so that states share them.
 */
import type { ContextField, MapShape, MemoryShape } from './profile.ts';
import { constantScalar, isConstantScalar, isScalarWithin, type Scalar } from './scalar.ts';
import type { Word } from './word.ts';

export interface NumberValue {
  readonly kind: 'number';
  readonly scalar: Scalar;
  /** Values with one identity are equal: what is learned of one holds for all. 0 is none. */
  readonly id: number;
}

/** Where a pointer leads. Offsets count from the region's first byte; in a stack, from its end. */
export type Region =
  | { readonly kind: 'context'; readonly fields: readonly ContextField[] }
  | { readonly kind: 'stack'; readonly frame: number }
  | { readonly kind: 'packet' }
  | { readonly kind: 'packet-end' }
  /** What helpers know a map by; no memory. */
  | { readonly kind: 'map'; readonly map: MapShape }
  | { readonly kind: 'map-value'; readonly map: MapShape }
  | { readonly kind: 'memory'; readonly memory: MemoryShape }
  /** Memory that a helper gave and another takes back; `record` says which. */
  | { readonly kind: 'record'; readonly lengthBytes: number; readonly record: number };

export interface PointerValue {
  readonly kind: 'pointer';
  readonly region: Region;
  /** The constant part of the offset. */
  readonly offset: number;
  /** The part that is not known, and its identity: 0 when there is none. */
  readonly variable: Scalar;
  readonly id: number;
  /** Not 0 while the pointer may be null: all with this identity are, or none. */
  readonly nullId: number;
}

export type Value = NumberValue | PointerValue;

/** The identity of numbers that are the length of the packet. */
export const LENGTH_ID = 1;
export const FIRST_FREE_ID = 2;

/** No pointer gets farther from its region. */
export const MAX_DISTANCE: number = 1 << 29;

export const numberOf = (scalar: Scalar, id = 0): NumberValue => ({ kind: 'number', scalar, id });

const none: Scalar = constantScalar(0n);

export const pointerTo = (region: Region, nullId = 0): PointerValue => ({
  kind: 'pointer',
  region,
  offset: 0,
  variable: none,
  id: 0,
  nullId,
});

/** The bytes that a region has; undefined when it has none, or when it depends on more than the region. */
export function regionBytes(region: Region): number | undefined {
  switch (region.kind) {
    case 'map-value':
      return region.map.valueBytes;
    case 'memory':
      return region.memory.lengthBytes;
    case 'record':
      return region.lengthBytes;
    default:
      return undefined;
  }
}

/** The identities of one state to those of another: what is one there has to be one here. */
export class IdentityMap {
  private readonly known = new Map<number, number>();
  private alone = 0;

  /** Whether `from` stands for `to`, here and everywhere else. */
  agrees(from: number, to: number): boolean {
    if (from <= LENGTH_ID) return from === to;
    const before = this.known.get(from);
    if (before === undefined) this.known.set(from, to);
    return before === undefined || before === to;
  }

  /** Whether a value that may equal others of `from` there may be one that equals no other here. */
  agreesAlone(from: number): boolean {
    this.alone--;
    return this.agrees(from, this.alone);
  }

  /** Those that were met so far, and those that are the same in all states. */
  *entries(): Generator<readonly [from: number, to: number]> {
    yield [0, 0];
    yield* this.known;
  }
}

/** Whether everything that `inner` may hold, `outer` may hold as well. */
export function isValueWithin(inner: Value, outer: Value, ids: IdentityMap): boolean {
  if (outer.kind === 'number') {
    return (
      inner.kind === 'number' &&
      isScalarWithin(inner.scalar, outer.scalar) &&
      (outer.id === 0 || (inner.id === 0 ? ids.agreesAlone(outer.id) : ids.agrees(outer.id, inner.id)))
    );
  }
  return (
    inner.kind === 'pointer' &&
    inner.offset === outer.offset &&
    isSameRegion(inner.region, outer.region, ids) &&
    isScalarWithin(inner.variable, outer.variable) &&
    ids.agrees(outer.id, inner.id) &&
    ids.agrees(outer.nullId, inner.nullId)
  );
}

function isSameRegion(a: Region, b: Region, ids: IdentityMap): boolean {
  switch (b.kind) {
    case 'stack':
      return a.kind === 'stack' && a.frame === b.frame;
    case 'map':
    case 'map-value':
      return a.kind === b.kind && a.map === b.map;
    case 'memory':
      return a.kind === 'memory' && a.memory === b.memory;
    case 'record':
      return a.kind === 'record' && a.lengthBytes === b.lengthBytes && ids.agrees(b.record, a.record);
    default:
      return a.kind === b.kind;
  }
}

/** `16`, `0..255`, `-1..1`, `0..60 of which 0x3c`, `any number`, `stack-8`, `packet+14+(0..60)`. */
export function formatValue(value: Value): string {
  if (value.kind === 'number') return formatScalar(value.scalar);
  const { region, offset, variable, nullId } = value;
  const moved = isConstantScalar(variable) ? '' : `+(${formatScalar(variable)})`;
  return `${regionName(region)}${offset === 0 ? '' : signed(offset)}${moved}${nullId === 0 ? '' : ' or null'}`;
}

/** The region in a sentence. */
export function regionName(region: Region): string {
  switch (region.kind) {
    case 'stack':
      return 'stack';
    case 'map':
      return `map ${region.map.name}`;
    case 'map-value':
      return `value of ${region.map.name}`;
    case 'memory':
      return region.memory.name;
    case 'packet-end':
      return 'end of packet';
    default:
      return region.kind;
  }
}

const signed = (offset: number): string => (offset < 0 ? String(offset) : `+${offset}`);

export function formatScalar({ full, low }: Scalar): string {
  if (isUnknown(full))
    return isUnknown(low) ? 'any number' : `any number with a lower half of ${formatWord(low)}`;
  return formatWord(full);
}

const isUnknown = ({ bits, umin, umax, smin, tnum }: Word): boolean =>
  umin === 0n && smin < 0n && umax === (1n << BigInt(bits)) - 1n && tnum.mask === umax;

function formatWord({ bits, tnum, umin, umax, smin, smax }: Word): string {
  if (umin === umax) return String(smin);
  const isSigned = smin < 0n;
  const range =
    isSigned && smin === -(1n << BigInt(bits - 1)) && smax === -smin - 1n
      ? 'any number'
      : isSigned
        ? `${smin}..${smax}`
        : `${umin}..${umax}`;
  const all = (1n << BigInt(umax.toString(2).length)) - 1n;
  const isPlain = tnum.value === 0n && tnum.mask === all;
  return isPlain || umin !== 0n || isSigned
    ? range
    : `${range} of bits 0x${(tnum.value | tnum.mask).toString(16)}`;
}
