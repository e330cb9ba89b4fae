/**
 * printf with bpftrace's conversions: %s %r %c %d %u %x %X %p with the lengths hh h l ll j z t, flags, width and
 * precision, and C's %i, %o, %%. Integers are 64 bits wide where the script's are; a negative one that fits into 32 bits
 * is 32 bits wide for %u, %x, %X and %o, as bpftrace 0.17 has it (which cuts off whatever does not fit, and prints %% as
 * it stands). Width and precision of text count bytes.
 */
import type { EventField, ValueType } from '../plan.ts';
import { formatValue, type Naming, readInteger } from './format-value.ts';

/** A part of a format: text as it is, or where the next argument goes. */
export type FormatPart =
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'conversion' } & Conversion);

interface Conversion {
  /** As it is written, `%-5d`. */
  readonly source: string;
  readonly flags: string;
  readonly width: number;
  /** Undefined when there is none. */
  readonly precision: number | undefined;
  readonly length: string;
  readonly letter: string;
}

const CONVERSION = /%%|%([-+ #0]*)(\d*)(?:\.(\d*))?(?:(hh|h|ll|l|j|z|t)?([diouxXp])|([csr]))/g;

/** What is no conversion is text. */
export function parseFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let text = '';
  let end = 0;
  for (const match of format.matchAll(CONVERSION)) {
    text += format.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[0] === '%%') {
      text += '%';
      continue;
    }
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    const [source, flags = '', width = '', precision, length = '', integer, other = ''] = match;
    parts.push({
      kind: 'conversion',
      source,
      flags,
      width: Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      length,
      letter: integer ?? other,
    });
  }
  text += format.slice(end);
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
}

/** @param record the event, from its head on; what it lacks is printed as nothing */
export function formatPrintf(
  parts: readonly FormatPart[],
  fields: readonly EventField[],
  record: Uint8Array,
  naming: Naming,
): string {
  let next = 0;
  let out = '';
  for (const part of parts) {
    if (part.kind === 'text') {
      out += part.text;
      continue;
    }
    const field = fields[next++];
    if (field !== undefined) out += formatArgument(part, field.type, record.subarray(field.offset), naming);
  }
  return out;
}

function formatArgument(conversion: Conversion, type: ValueType, bytes: Uint8Array, naming: Naming): string {
  if (type.kind !== 'integer') return formatText(conversion, formatValue(type, bytes, naming));
  const value = readInteger(bytes, type.isSigned);
  switch (conversion.letter) {
    case 'c': {
      const character = String.fromCharCode(Number(value & 0xffn));
      return pad(conversion, character, ' ');
    }
    case 's':
    case 'r':
      return formatText(conversion, String(value));
    default:
      return formatInteger(conversion, value);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function formatText(conversion: Conversion, text: string): string {
  const bytes = encoder.encode(text);
  const { precision = bytes.length } = conversion;
  if (precision >= bytes.length) return pad(conversion, text, ' ', bytes.length);
  return pad(conversion, decoder.decode(bytes.subarray(0, precision)), ' ', precision);
}

function pad({ flags, width }: Conversion, text: string, fill: string, lengthBytes = text.length): string {
  const padding = fill.repeat(Math.max(0, width - lengthBytes));
  return flags.includes('-') ? text + ' '.repeat(padding.length) : padding + text;
}

function formatInteger(conversion: Conversion, value: bigint): string {
  const { flags, letter, precision } = conversion;
  if (letter === 'p') {
    const address = BigInt.asUintN(64, value);
    return pad(conversion, address === 0n ? '(nil)' : `0x${address.toString(16)}`, ' ');
  }
  const isDecimal = letter === 'd' || letter === 'i';
  const cut = isDecimal ? asSigned(conversion.length, value) : asUnsigned(conversion.length, value);
  const sign = cut < 0n ? '-' : !isDecimal ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const prefix = sign + (flags.includes('#') && cut !== 0n ? (PREFIXES[letter] ?? '') : '');
  const plain = (cut < 0n ? -cut : cut).toString(BASES[letter] ?? 10);
  const upper = letter === 'X' ? plain.toUpperCase() : plain;
  const number = precision === 0 && cut === 0n ? '' : upper.padStart(precision ?? 1, '0');
  if (precision !== undefined || flags.includes('-') || !flags.includes('0')) {
    return pad(conversion, prefix + number, ' ');
  }
  return prefix + number.padStart(conversion.width - prefix.length, '0');
}

const BASES: Readonly<Record<string, number>> = { x: 16, X: 16, o: 8 };
const PREFIXES: Readonly<Record<string, string>> = { x: '0x', X: '0X', o: '0' };
const LENGTHS: Readonly<Record<string, number>> = { hh: 8, h: 16 };

function asSigned(length: string, value: bigint): bigint {
  return BigInt.asIntN(LENGTHS[length] ?? 64, value);
}

function asUnsigned(length: string, value: bigint): bigint {
  const isShort = length === '' && value < 0n && value >= -0x8000_0000n;
  return BigInt.asUintN(LENGTHS[length] ?? (isShort ? 32 : 64), value);
}
