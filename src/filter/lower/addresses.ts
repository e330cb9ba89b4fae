/** Addresses as people write them, to numbers. Pure text work: nothing here looks a name up. */

/** The octets of `1.2.3`, left-aligned in 32 bits, and how many bits were given; undefined when it is no address. */
export function parseDotted(text: string): { readonly address: number; readonly bits: number } | undefined {
  const parts = text.split('.');
  if (!parts.every((part) => /^[0-9]+$/.test(part) && Number(part) <= 255)) return undefined;
  const bits = parts.length * 8;
  const value = parts.reduce((sum, part) => sum * 256 + Number(part), 0);
  return { address: (value * 2 ** (32 - bits)) >>> 0, bits };
}

/** A mask with `bits` leading ones. */
export function prefixMask(bits: number): number {
  return bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
}

/** The four 32-bit words of an IPv6 address (RFC 4291), or undefined when it is none. */
export function parseIp6(text: string): readonly number[] | undefined {
  const dotted = /^(.*:)([0-9]+\.[0-9.]+)$/.exec(text);
  let hex = text;
  if (dotted !== null) {
    const tail = parseDotted(dotted[2]!);
    if (tail?.bits !== 32) return undefined;
    hex = `${dotted[1]}${(tail.address >>> 16).toString(16)}:${(tail.address & 0xffff).toString(16)}`;
  }
  const halves = hex.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => numbers[i]! * 65536 + numbers[i + 1]!);
}

/** The six octets of an Ethernet address in any of the forms that the lexer knows. */
export function parseEther(text: string): readonly number[] {
  const parts = text.split(/[-:.]/);
  const digits = parts.length === 6 ? parts.map((part) => part.padStart(2, '0')).join('') : parts.join('');
  return [0, 2, 4, 6, 8, 10].map((i) => Number.parseInt(digits.slice(i, i + 2), 16));
}
