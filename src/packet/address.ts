/** Addresses as text: MAC, IPv4 and IPv6, in the forms that tcpdump prints (RFC 5952 for IPv6). */

/** `02:00:00:00:00:01`; bytes of any number. */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, hexByte).join(':');
}

export function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Four bytes as `10.0.0.1`. */
export function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** Sixteen bytes as `2001:db8::1`; addresses that hold an IPv4 one end dotted (`::ffff:10.0.0.1`). */
export function formatIpv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const zeros = longestZeroRun(words);
  const holdsIpv4 = zeros.start === 0 && (zeros.count === 6 || (zeros.count === 5 && words[5] === 0xffff));
  const groups = words.map((word) => word.toString(16));
  if (holdsIpv4) groups.splice(6, 2, formatIpv4(bytes.subarray(12, 16)));
  if (zeros.count < 2) return groups.join(':');
  const before = groups.slice(0, zeros.start).join(':');
  return `${before}::${groups.slice(zeros.start + zeros.count).join(':')}`;
}

/** The first of the longest runs of zero words. */
function longestZeroRun(words: readonly number[]): { start: number; count: number } {
  let best = { start: 0, count: 0 };
  for (let start = 0; start < words.length; start++) {
    let count = 0;
    while (words[start + count] === 0) count++;
    if (count > best.count) best = { start, count };
  }
  return best;
}

/** The bytes of an IPv4 or IPv6 address that our own code writes out; no zone, no dotted end. */
export function parseIp(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const words = [...before, ...zeros, ...after].map((word) => Number.parseInt(word, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** The bytes of `02:00:00:00:00:01`. */
export function parseMac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}
