import { expect, test } from 'vitest';
import { chooseFolder } from './extcap-install.ts';
import { formatInterfaces, formatOptions, formatQueues } from './extcap-sentences.ts';

test('names of others end no value before its time', () => {
  const text = formatInterfaces('1', [
    { value: 'hone:a:b', display: 'hone: x}{value=evil}\ninterface {value=y}' },
  ]);
  expect(text.split('\n')).toEqual([
    'extcap {version=1}{display=hone: ports of DPDK applications}',
    'interface {value=hone:a:b}{display=hone: x  value=evil  interface  value=y }',
    '',
  ]);
});

test('fields have one default each, and choices belong to a field', () => {
  const lines = formatOptions().trimEnd().split('\n');
  const numbers = lines.flatMap((line) => /^arg \{number=(\d)\}/.exec(line)?.[1] ?? []);
  expect(numbers).toEqual(['0', '1', '2', '3']);
  for (const line of lines) {
    expect(line).toMatch(/^(arg|value) (\{[a-z]+=[^{}]+\})+$/);
    if (line.startsWith('value')) expect(numbers).toContain(/\{arg=(\d)\}/.exec(line)?.[1]);
  }
  expect(formatQueues([0, 1]).match(/value=\w+/g)).toEqual(['value=all', 'value=0', 'value=1']);
});

const OLD = 'Personal configuration:\t/home/a/.config/wireshark\nExtcap path:\t/usr/lib/wireshark/extcap\n';
const NEW =
  'Personal configuration:\t/home/a/.config/wireshark\n' +
  'Personal Extcap path:\t/home/a/.local/lib/wireshark/extcap\nGlobal Extcap path:\t/usr/libexec/wireshark/extcap\n';
for (const [said, isRoot, want] of [
  [OLD, true, '/usr/lib/wireshark/extcap'],
  [OLD, false, '/home/a/.config/wireshark/extcap'],
  [NEW, true, '/usr/libexec/wireshark/extcap'],
  [NEW, false, '/home/a/.local/lib/wireshark/extcap'],
  ['', true, undefined],
  ['', false, undefined],
] as const) {
  test(`folder of ${isRoot ? 'root' : 'a user'}: ${want}`, () =>
    expect(chooseFolder(said, isRoot)).toBe(want));
}
