/**
 * Addresses as they stand in scripts: `10.0.0.1`, `2001:db8::1`, `02:00:00:00:00:01`, each but the last with a prefix
 * length behind it where it is wanted (`10.0.0.0/8`, without spaces).
 */
import type { AddressFamily } from './tree.ts';

export interface AddressLiteral {
  readonly family: AddressFamily;
  readonly value: bigint;
  readonly prefix: number | undefined;
  readonly lengthChars: number;
  /** Why it is none, although it looks like one. */
  readonly fault: string | undefined;
}

const mac = /[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z_:])/y;
const ipv4 = /\d+\.\d+\.\d+\.\d+(?![0-9A-Za-z_]|\.\d)/y;
const ipv6 = /[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*(?:\d+(?:\.\d+){3})?(?![0-9A-Za-z_]|\.\d)/y;
const prefixLength = /\/(\d+)/y;

/** The address that begins at `at`, or undefined when there is none. */
export function readAddressLiteral(source: string, at: number): AddressLiteral | undefined {
  const macText = match(mac, source, at);
  if (macText !== undefined) {
    const value = BigInt(`0x${macText.replaceAll(':', '')}`);
    return { family: 'mac', value, prefix: undefined, lengthChars: macText.length, fault: undefined };
  }
  const ipv4Text = match(ipv4, source, at);
  if (ipv4Text !== undefined) {
    const value = parseDotted(ipv4Text);
    const fault = value === undefined ? `${ipv4Text} is no IPv4 address: its parts go to 255` : undefined;
    return withPrefix(source, at, 'ipv4', value ?? 0n, ipv4Text.length, fault);
  }
  const ipv6Text = match(ipv6, source, at);
  const value = ipv6Text === undefined ? undefined : parseIpv6(ipv6Text);
  if (value === undefined) return undefined;
  return withPrefix(source, at, 'ipv6', value, ipv6Text!.length, undefined);
}

function withPrefix(
  source: string,
  at: number,
  family: 'ipv4' | 'ipv6',
  value: bigint,
  lengthChars: number,
  fault: string | undefined,
): AddressLiteral {
  const bits = family === 'ipv4' ? 32 : 128;
  const text = match(prefixLength, source, at + lengthChars);
  if (text === undefined) return { family, value, prefix: undefined, lengthChars, fault };
  const prefix = Number(text.slice(1));
  return {
    family,
    value,
    prefix,
    lengthChars: lengthChars + text.length,
    fault: fault ?? (prefix > bits ? `a prefix of ${prefix} bits: this address has ${bits}` : undefined),
  };
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function parseDotted(text: string): bigint | undefined {
  let value = 0n;
  for (const part of text.split('.')) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(part));
  }
  return value;
}

/** Eight groups of hexadecimal digits, or fewer around one `::`; the last two may be a dotted address. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [before, after] = halves.map(parseGroups);
  if (before === undefined) return undefined;
  if (halves.length === 1) return before.length === 8 ? join(before) : undefined;
  if (after === undefined) return undefined;
  const zeros = 8 - before.length - after.length;
  return zeros < 1 ? undefined : join([...before, ...new Array<number>(zeros).fill(0), ...after]);
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  for (const group of text.split(':')) {
    if (group.includes('.')) {
      const dotted = parseDotted(group);
      if (dotted === undefined) return undefined;
      groups.push(Number(dotted >> 16n), Number(dotted & 0xffffn));
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return undefined;
      groups.push(Number.parseInt(group, 16));
    }
  }
  return groups;
}

function join(groups: readonly number[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}
