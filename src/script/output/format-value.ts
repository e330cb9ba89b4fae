/**
 * Values of keys, maps and events as text and as JSON. Text is what bpftrace 0.17 prints; JSON quotes what is no number
 * (0.17 forgets that for times and hardware addresses, and writes bytes above 0x7f as escapes that no reader takes).
 */
import { formatIpv4, formatIpv6, formatMac } from '../../packet/index.ts';
import { type ValueType, valueBytes } from '../plan.ts';
import { formatStrftime } from './strftime.ts';

/** What it takes to give values their names: what the target knows and the values do not hold. */
export interface Naming {
  /** What is added to the target's time to get CLOCK_REALTIME. */
  readonly timeOffsetNs: bigint;
  /** The frames of a stack, the innermost first; undefined for a stack that could not be taken; form kernel only. */
  readonly stackFrames?: (
    where: 'user' | 'kernel',
    id: bigint,
    depth: number,
  ) => readonly string[] | undefined;
  /** A function of the kernel, or of a process: 16 bytes {u64 address, u64 process}; form kernel only. */
  readonly formatSymbol?: (where: 'user' | 'kernel', value: Uint8Array) => string;
}

const decoder = new TextDecoder();
const FRAME_INDENT = 8;
const KEY_FRAME_INDENT = 4;

/** @param bytes begins with the value @param frameIndent spaces before each frame of a stack */
export function formatValue(
  type: ValueType,
  bytes: Uint8Array,
  naming: Naming,
  frameIndent: number = FRAME_INDENT,
): string {
  switch (type.kind) {
    case 'integer':
      return String(readInteger(bytes, type.isSigned));
    case 'text':
      return readText(bytes, type.bytes);
    case 'buffer':
      return formatBuffer(bytes, type.bytes);
    case 'ipv4':
      return formatIpv4(bytes.subarray(0, 4));
    case 'ipv6':
      return formatIpv6(bytes.subarray(0, 16));
    case 'ip':
      return bytes[0] === AF_INET ? formatIpv4(bytes.subarray(8, 12)) : formatIpv6(bytes.subarray(8, 24));
    case 'mac':
      return formatMac(bytes.subarray(0, 6)).toUpperCase();
    case 'time':
      return formatStrftime(type.format, readInteger(bytes, false) + naming.timeOffsetNs);
    case 'stack':
      return formatStack(naming.stackFrames?.(type.where, readInteger(bytes, true), type.depth), frameIndent);
    case 'symbol':
      return naming.formatSymbol?.(type.where, bytes.subarray(0, 16)) ?? formatAddress(bytes);
    case 'tuple':
      return `(${members(type.members, bytes, (member, part) => formatValue(member, part, naming, frameIndent)).join(', ')})`;
  }
}

/** The parts of a map's key. @param bytes begins with the key */
export function formatKey(types: readonly ValueType[], bytes: Uint8Array, naming: Naming): string[] {
  return members(types, bytes, (type, part) => formatValue(type, part, naming, KEY_FRAME_INDENT));
}

/** A JSON value. @param bytes begins with the value */
export function formatJsonValue(type: ValueType, bytes: Uint8Array, naming: Naming): string {
  switch (type.kind) {
    case 'integer':
      return formatValue(type, bytes, naming);
    case 'tuple':
      return `[${members(type.members, bytes, (member, part) => formatJsonValue(member, part, naming)).join(',')}]`;
    default:
      return quoteJson(formatValue(type, bytes, naming));
  }
}

/** The values one after another, as keys and tuples have them. */
function members<T>(
  types: readonly ValueType[],
  bytes: Uint8Array,
  each: (type: ValueType, bytes: Uint8Array) => T,
): T[] {
  let offset = 0;
  return types.map((type) => {
    const value = each(type, bytes.subarray(offset));
    offset += valueBytes(type);
    return value;
  });
}

export function readInteger(bytes: Uint8Array, isSigned: boolean, offset = 0): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isSigned ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
}

const AF_INET = 2;

function readText(bytes: Uint8Array, most: number): string {
  const end = bytes.subarray(0, most).indexOf(0);
  return decoder.decode(bytes.subarray(0, end < 0 ? most : end));
}

/** Printable ASCII as it is, all else as `\xNN`. */
function formatBuffer(bytes: Uint8Array, most: number): string {
  const length = Number(readInteger(bytes, false) & 0xffff_ffffn);
  return Array.from(bytes.subarray(4, 4 + Math.min(length, most)), (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}

function formatStack(frames: readonly string[] | undefined, indent: number): string {
  if (frames === undefined) return '';
  return `\n${frames.map((frame) => `${' '.repeat(indent)}${frame}\n`).join('')}`;
}

function formatAddress(bytes: Uint8Array): string {
  return `0x${readInteger(bytes, false).toString(16)}`;
}

/** As bpftrace escapes it, without its escapes of what is no ASCII. */
export function quoteJson(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON forbids.
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (character) => {
    return ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
