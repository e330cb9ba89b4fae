/** Maps and values written down as JavaScript values, in the bytes that a merge gives. */
import type { MapContents } from '../../src/script/merge/map-contents.ts';
import { type MapKind, type MapPlan, type ValueType, valueBytes } from '../../src/script/plan.ts';

/** integer bigint; text string; buffer, addresses bytes; tuple list. */
export type Made = bigint | string | Uint8Array | readonly Made[];

export const int: ValueType = { kind: 'integer', isSigned: true };
export const uint: ValueType = { kind: 'integer', isSigned: false };
export const text: ValueType = { kind: 'text', bytes: 64 };

export function encodeValue(type: ValueType, made: Made): Uint8Array {
  const bytes = new Uint8Array(valueBytes(type));
  const view = new DataView(bytes.buffer);
  switch (type.kind) {
    case 'text':
      bytes.set(new TextEncoder().encode(made as string));
      break;
    case 'buffer':
      view.setUint32(0, (made as Uint8Array).length, true);
      bytes.set(made as Uint8Array, 4);
      break;
    case 'ip': {
      const address = made as Uint8Array;
      bytes[0] = address.length === 4 ? 2 : 10;
      bytes.set(address, 8);
      break;
    }
    case 'ipv4':
    case 'ipv6':
    case 'mac':
    case 'symbol':
      bytes.set(made as Uint8Array);
      break;
    case 'tuple': {
      let offset = 0;
      for (const [n, member] of type.members.entries()) {
        bytes.set(encodeValue(member, (made as readonly Made[])[n]!), offset);
        offset += valueBytes(member);
      }
      break;
    }
    default:
      view.setBigUint64(0, BigInt.asUintN(64, made as bigint), true);
  }
  return bytes;
}

/** Words of 64 bits. */
export function words(...values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values, (value) => BigInt.asUintN(64, value)).buffer);
}

export interface MadeMap {
  readonly name: string;
  readonly kind: MapKind;
  readonly keys?: readonly ValueType[];
  /** Keys beside words of the value, or beside a value for maps of values. */
  readonly entries: readonly (readonly [key: readonly Made[], value: Made])[];
}

/** Values of hist and lhist are written down as the list of their counts, of all others as {value, n} in MapKind's order. */
export function madeMap({ name, kind, keys = [], entries }: MadeMap): MapContents {
  const made = entries.map(([key, value]) => ({
    key: concat(keys.map((type, n) => encodeValue(type, key[n]!))),
    value:
      kind.kind === 'value'
        ? concat([words(1n), encodeValue(kind.type, value)])
        : words(...(value as readonly bigint[])),
  }));
  const plan: MapPlan = {
    name,
    kind,
    keys,
    keyBytes: keys.reduce((sum, type) => sum + valueBytes(type), 0),
    valueBytes: made[0]?.value.length ?? 16,
    maxEntries: 4096,
    place: { kind: 'flat', offset: 2048 },
    isState: false,
  };
  return { plan, entries: made };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A hist with a count for each of these numbers, as bpftrace's hist() does it. */
export function histOf(...numbers: readonly bigint[]): bigint[] {
  const counts = new Array<bigint>(65).fill(0n);
  for (const number of numbers) {
    const index = number < 0n ? 0 : number < 2n ? Number(number) + 1 : number.toString(2).length + 1;
    counts[index]! += 1n;
  }
  return counts;
}
