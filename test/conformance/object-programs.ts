/** Random filter programs in C, in the shapes that engineers write: comparisons of all widths and signs, nested. */
import type { makeRandom } from './packets.ts';

type Random = ReturnType<typeof makeRandom>;

/** A file with so many programs p0, p1, ... */
export function randomSource(count: number, random: Random): string {
  const programs = Array.from({ length: count }, (_, n) => {
    return `SEC("filter") int p${n}(struct hone_packet *p)\n{\n${body(random)}}\n`;
  });
  return `#include <hone/packet.h>\n${programs.join('\n')}`;
}

function body(random: Random): string {
  const lines = Array.from({ length: 3 + random(3) }, (_, n) => {
    const type = pick(random, ['__u64', '__u32', '__u32', 'int', 'long long', '__u16']);
    return `\t${type} v${n} = ${value(random, n, 2)};\n`;
  });
  const known = lines.length;
  const tests = Array.from({ length: 1 + random(3) }, () => {
    return `\tif (${condition(random, known)})\n\t\treturn ${random(2) === 0 ? 0 : value(random, known, 0)};\n`;
  });
  return `${lines.join('')}${tests.join('')}\treturn ${condition(random, known)};\n`;
}

function condition(random: Random, known: number): string {
  const relation = pick(random, ['<', '<=', '>', '>=', '==', '!=', '&']);
  const one = `(${value(random, known, 1)} ${relation} ${value(random, known, 0)})`;
  return random(3) === 0 ? `${one} ${pick(random, ['&&', '||'])} ${condition(random, known)}` : one;
}

function value(random: Random, known: number, depth: number): string {
  if (depth > 0 && random(3) > 0) {
    const [left, right] = [value(random, known, depth - 1), value(random, known, depth - 1)];
    const operation = pick(random, ['+', '-', '*', '&', '|', '^', '<<', '>>', '/', '%']);
    if (operation === '<<' || operation === '>>') return `(${left} ${operation} ${random(16)})`;
    if (operation === '/' || operation === '%') return `((__u32)${left} ${operation} ${1 + random(9)})`;
    return `(${left} ${operation} ${right})`;
  }
  switch (random(6)) {
    case 0:
      return String(pick(random, [0, 1, 6, 17, 0x800, -1, -200, 0x7fffffff, 5_000_000_000]));
    case 1:
      return `p->${pick(random, ['pkt_len', 'hash_rss', 'vlan_tci', 'port', 'ol_flags', 'data_len'])}`;
    case 2:
      return `load_byte(p, ${random(40)})`;
    case 3:
      return `load_half(p, ${random(30)})`;
    case 4:
      return `load_word(p, ${random(14)} + (load_byte(p, 14) & 15))`;
    default:
      return known === 0 ? String(random(300)) : `v${random(known)}`;
  }
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!;
}
