import { describe, expect, test } from 'vitest';
import { CompileError } from '../base/index.ts';
import { tokenize } from './lexer.ts';

const kinds = (text: string): readonly string[] =>
  tokenize(text).map(({ kind, text: word }) => `${kind}:${word}`);

describe('tokens', () => {
  for (const [text, ...want] of [
    ['tcp port 80', 'tcp:tcp', 'port:port', 'number:80'],
    ['ether ppp is-is length', 'link:ether', 'link:ppp', 'isis:is-is', 'len:length'],
    ['a&&b||!c', 'name:a', 'and:&&', 'name:b', 'or:||', 'not:!', 'name:c'],
    ['not and or', 'not:not', 'and:and', 'or:or'],
    ['ip[2:2]>=1', 'ip:ip', '[:[', 'number:2', ':::', 'number:2', ']:]', '>=:>=', 'number:1'],
    [
      '1==2!=3<<4>>5<=6',
      'number:1',
      '=:==',
      'number:2',
      '!=:!=',
      'number:3',
      '<<:<<',
      'number:4',
      '>>:>>',
      'number:5',
      '<=:<=',
      'number:6',
    ],
    ['80-90', 'name:80-90'],
    ['len-1', 'name:len-1'],
    ['len - 1', 'len:len', '-:-', 'number:1'],
    ['10.1', 'dotted:10.1'],
    ['10.1.2.3/8', 'dotted:10.1.2.3', '/:/', 'number:8'],
    ['10.1.2.3.4', 'name:10.1.2.3.4'],
    ['::1', 'ip6Address:::1'],
    ['fe80::/10', 'ip6Address:fe80::', '/:/', 'number:10'],
    ['1:2:3:4:5:6:7:8', 'ip6Address:1:2:3:4:5:6:7:8'],
    ['2001:db8::192.0.2.33', 'ip6Address:2001:db8::192.0.2.33'],
    ['1:2:3:4:5::192.0.2.33', 'ip6Address:1:2:3:4:5::192.0.2.33'],
    ['1:2:3:4:5:6', 'etherAddress:1:2:3:4:5:6'],
    ['1-2-3-4-5-6', 'etherAddress:1-2-3-4-5-6'],
    ['1.2.3.4.5.6', 'etherAddress:1.2.3.4.5.6'],
    ['0200.0000.0001', 'etherAddress:0200.0000.0001'],
    ['020000000001', 'etherAddress:020000000001'],
    ['$aa', 'arcnetAddress:$aa'],
    ['\\ip \\tcp-x', 'name:ip', 'name:tcp-x'],
    ['tcp-syn tcpflags', 'number:tcp-syn', 'number:tcpflags'],
    ['tcp-sync', 'name:tcp-sync'],
    ['wlan mpls type', 'link:wlan', 'mpls:mpls', 'unsupported:type'],
    ['hosts', 'name:hosts'],
    ['', ...[]],
  ] as const) {
    test(text === '' ? 'nothing' : text, () => {
      expect(kinds(text)).toEqual([...want, 'end:']);
    });
  }

  test('numbers are decimal, hexadecimal or octal', () => {
    expect(tokenize('10 0x1F 0X1f 017 0 4294967295').map(({ value }) => value)).toEqual([
      10, 31, 31, 15, 0, 4294967295, 0,
    ]);
  });

  test('a token knows where it stands', () => {
    expect(tokenize(' tcp  port').map(({ span }) => span)).toEqual([
      { start: 1, end: 4 },
      { start: 6, end: 10 },
      { start: 10, end: 10 },
    ]);
  });

  for (const [text, start, end] of [
    ['ip[08]', 3, 5],
    ['ip[4294967296]', 3, 13],
    ['tcp # x', 4, 5],
    ['host é', 5, 6],
    ['ether host 1:2:3:4:', 11, 19],
  ] as const) {
    test(`no token: ${text}`, () => {
      let error: unknown;
      try {
        tokenize(text);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(CompileError);
      expect((error as CompileError).diagnostics[0]!.span).toEqual({ start, end });
    });
  }
});
