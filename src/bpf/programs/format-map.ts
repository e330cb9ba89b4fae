/**
 * A map as text: a line `map NAME:` and a line `  KEY: VALUE` for each entry, in the order of the keys. Numbers of 1, 2, 4
 * and 8 bytes are decimal, keys up to 4; everything else is bytes in hexadecimal. Entries of arrays that are zero are left
 * out; variables go by their names; a ring buffer's line is a record.
 */
import type { ObjectMap } from '../elf/map-definitions.ts';
import type { MapMemory } from '../maps/map-memory.ts';
import { BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY } from '../maps/map-spec.ts';
import type { BpfMap } from '../maps/place-maps.ts';
import { RingBufferMap } from '../maps/ring-buffer-map.ts';

/** Empty for constants. */
export function formatMap(map: BpfMap, memory: MapMemory, { spec, variables }: ObjectMap): string {
  if ((spec.flags & BPF_F_RDONLY_PROG) !== 0) return '';
  if (map instanceof RingBufferMap) {
    const lines: string[] = [];
    map.drain((record) => lines.push(formatBytes(record)));
    return format(`${spec.name}`, map.lost > 0 ? [...lines, `${map.lost} records were lost`] : lines);
  }
  const bytesAt = (at: number, lengthBytes: number) => memory.bytes.slice(at, at + lengthBytes);
  if (variables !== undefined) {
    const lines: string[] = [];
    map.forEach((_, value) => {
      for (const { name, offset, lengthBytes } of variables) {
        lines.push(`${name}: ${formatValue(bytesAt(value + offset, lengthBytes), 8)}`);
      }
    });
    return format(spec.name, lines);
  }
  const isArray = spec.type === BPF_MAP_TYPE_ARRAY || spec.type === BPF_MAP_TYPE_PERCPU_ARRAY;
  const entries: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  map.forEach((key, value) => {
    const entry = { key: bytesAt(key, spec.keyBytes), value: bytesAt(value, spec.valueBytes) };
    if (!isArray || entry.value.some((byte) => byte !== 0)) entries.push(entry);
  });
  if (!isArray) entries.sort((a, b) => compareKeys(a.key, b.key));
  return format(
    spec.name,
    entries.map(({ key, value }) => `${formatValue(key, 4)}: ${formatValue(value, 8)}`),
  );
}

function format(name: string, lines: readonly string[]): string {
  return `map ${name}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** Decimal up to so many bytes. */
function formatValue(bytes: Uint8Array, mostBytes: number): string {
  const isNumber = bytes.length <= mostBytes && [1, 2, 4, 8].includes(bytes.length);
  return isNumber ? String(toNumber(bytes)) : formatBytes(bytes);
}

function formatBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Little-endian. */
function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => number * 256n + BigInt(byte), 0n);
}

/** As numbers where they are printed as such, byte by byte elsewhere. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  if (a.length <= 4) return Number(toNumber(a) - toNumber(b));
  const at = a.findIndex((byte, n) => byte !== b[n]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
