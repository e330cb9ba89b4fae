import { expect, test } from 'vitest';
import { rewriteHabits, splitWords } from './read-words.ts';

const habits: readonly [string, string][] = [
  ['a.pcap', 'a.pcap'],
  ['-e a.pcap', '--link-header a.pcap'],
  ['-ne a.pcap', '-n --link-header a.pcap'],
  ['-e ip.src -T fields', '-e ip.src -T fields'],
  ['-T json -e ip.src', '-T json -e ip.src'],
  ['-Tek -e ip.src', '-Tek -e ip.src'],
  ['--output=fields -e ip.src', '--output=fields -e ip.src'],
  ['-T text -e', '-T text --link-header'],
  ['-t a.pcap', '-t none a.pcap'],
  ['-t ad a.pcap', '-t ad a.pcap'],
  ['-tt', '-t e'],
  ['-ttt', '-t d'],
  ['-tttt', '-t ad'],
  ['-ttttt', '-t r'],
  ['-nntttt -X', '-nn -t ad -X'],
  ['-xnett a.pcap', '-xn --link-header -t e a.pcap'],
  ['-nt ud a.pcap', '-nt ud a.pcap'],
  ['--time=e -c 3', '--time=e -c 3'],
];
test.for(habits)('%s', ([typed, expected]) => {
  expect(rewriteHabits(typed.split(' ')).join(' ')).toBe(expected);
});

const known = ['a', 'b', 'tcp'];
const splits: readonly [string, boolean, string[], string][] = [
  ['a', false, ['a'], ''],
  ['a b', false, ['a', 'b'], ''],
  ['a b tcp port 80', false, ['a', 'b', 'tcp'], 'port 80'],
  ['a not tcp', false, ['a'], 'not tcp'],
  ['missing b udp', false, ['missing', 'b'], 'udp'],
  ['- udp', false, ['-'], 'udp'],
  ['udp port 53', true, [], 'udp port 53'],
  ['a udp', true, ['a'], 'udp'],
];
test.for(splits)('%s, files by -r: %s', ([words, hasFiles, files, filter]) => {
  const split = splitWords(words.split(' '), hasFiles, (path) => known.includes(path));
  expect(split).toEqual({ files, filter });
});
