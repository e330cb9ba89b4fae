import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import { parseScript } from './parser.ts';
import type { ExpressionTree, StatementTree } from './tree.ts';

/** The expression with every parenthesis written out. */
function show(tree: ExpressionTree): string {
  switch (tree.kind) {
    case 'integer':
      return String(tree.value);
    case 'text':
      return JSON.stringify(tree.value);
    case 'address':
      return `${tree.family}:${tree.value.toString(16)}${tree.prefix === undefined ? '' : `/${tree.prefix}`}`;
    case 'variable':
    case 'name':
      return tree.name;
    case 'map':
      return tree.keys.length === 0 ? tree.name : `${tree.name}[${tree.keys.map(show).join(', ')}]`;
    case 'positional':
      return tree.index === 'count' ? '$#' : `$${tree.index}`;
    case 'unary':
      return `(${tree.operator} ${show(tree.operand)})`;
    case 'increment': {
      const symbol = tree.by === 1 ? '++' : '--';
      return tree.gives === 'before'
        ? `(${show(tree.target)} ${symbol})`
        : `(${symbol} ${show(tree.target)})`;
    }
    case 'binary':
      return `(${show(tree.left)} ${tree.operator} ${show(tree.right)})`;
    case 'choose':
      return `(${show(tree.condition)} ? ${show(tree.yes)} : ${show(tree.no)})`;
    case 'cast':
      return `((${tree.type.name}${'*'.repeat(tree.type.pointers)}) ${show(tree.operand)})`;
    case 'member':
      return `${show(tree.object)}.${tree.name}`;
    case 'index':
      return `${show(tree.object)}[${show(tree.index)}]`;
    case 'tuple':
      return `(${tree.members.map(show).join(', ')})`;
    case 'size-of-type':
      return `sizeof(${tree.type.name}${'*'.repeat(tree.type.pointers)})`;
    case 'call':
      return `${tree.name}(${tree.arguments.map(show).join(', ')})`;
  }
}

function showBlock(body: readonly StatementTree[]): string {
  return `{ ${body.map((statement) => `${showStatement(statement)}; `).join('')}}`;
}

function showStatement(tree: StatementTree): string {
  switch (tree.kind) {
    case 'expression':
      return show(tree.expression);
    case 'assign':
      return `${show(tree.target)} ${tree.operator ?? ''}= ${show(tree.value)}`;
    case 'if': {
      const otherwise = tree.otherwise.length === 0 ? '' : ` else ${showBlock(tree.otherwise)}`;
      return `if (${show(tree.condition)}) ${showBlock(tree.then)}${otherwise}`;
    }
    case 'for':
      return `for (${tree.variable.name} : ${show(tree.first)}..${show(tree.last)}) ${showBlock(tree.body)}`;
    case 'while':
    case 'unroll':
      return `${tree.kind} (${show(tree.condition)}) ${showBlock(tree.body)}`;
    default:
      return tree.kind;
  }
}

function expression(text: string): string {
  const [clause] = parseScript(`BEGIN { ${text} }`).clauses;
  return clause!.body.map(showStatement).join('; ');
}

function failure(source: string): string {
  try {
    parseScript(source);
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  return 'parses';
}

describe('expressions', () => {
  test.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['(1 - 2) * -3', '((1 - 2) * (- 3))'],
    ['1 << 2 + 3', '(1 << (2 + 3))'],
    ['1 & 2 == 2', '(1 & (2 == 2))'],
    ['1 | 2 ^ 3 & 4', '(1 | (2 ^ (3 & 4)))'],
    ['1 || 2 && 3 | 4', '(1 || (2 && (3 | 4)))'],
    ['1 < 2 == 3 >= 4', '((1 < 2) == (3 >= 4))'],
    ['$a ? 1 : $b ? 2 : 3', '($a ? 1 : ($b ? 2 : 3))'],
    ['$a ? $b ? 1 : 2 : 3', '($a ? ($b ? 1 : 2) : 3)'],
    ['!$a == ~1', '((! $a) == (~ 1))'],
    ['- -1', '(- (- 1))'],
    ['$a++ + ++@b[1]', '(($a ++) + (++ @b[1]))'],
    ['@--', '(@ --)'],
    ['(uint8)$x + 1', '(((uint8) $x) + 1)'],
    ['(uint64) -1', '((uint64) (- 1))'],
    ['*(uint16 *)(arg0 + 4)', '(* ((uint16*) (arg0 + 4)))'],
    ['((struct foo *)arg0)->bar.baz', '((struct foo*) arg0).bar.baz'],
    ['(1, "a", (2, 3))', '(1, "a", (2, 3))'],
    ['$t.1.0', '$t.1.0'],
    ['$t.1.0.2.3.4', '$t.1.0.2.3.4'],
    ['args->len + args.port', '(args.len + args.port)'],
    ['tcp.flags.syn && ip.proto == 6', '(tcp.flags.syn && (ip.proto == 6))'],
    ['@[comm, pid]', '@[comm, pid]'],
    ['@x[@y[1], $2]', '@x[@y[1], $2]'],
    ['$#', '$#'],
    ['str($1)', 'str($1)'],
    ['sizeof(uint32)', 'sizeof(uint32)'],
    ['sizeof($x)', 'sizeof($x)'],
    ['$x[2]', '$x[2]'],
    ["'a'", '97'],
    ["'\\n'", '10'],
  ])('%s', (text, tree) => {
    expect(expression(text)).toBe(tree);
  });

  test.each([
    ['1_000_000', 1000000n],
    ['1e6', 1000000n],
    ['0x1F', 31n],
    ['0X1f', 31n],
    ['010', 8n],
    ['0', 0n],
    ['5ULL', 5n],
    ['18446744073709551615', 2n ** 64n - 1n],
  ])('the number %s', (text, value) => {
    expect(expression(text)).toBe(String(value));
  });

  test.each([
    ['"a\\tb\\n"', 'a\tb\n'],
    ['"\\"\\\\"', '"\\'],
    ['"\\x41\\101"', 'AA'],
    ['"// no /* comment"', '// no /* comment'],
    ['"größer"', 'größer'],
  ])('the string %s', (text, value) => {
    expect(expression(text)).toBe(JSON.stringify(value));
  });

  test.each([
    ['ip.src == 10.0.0.1', '(ip.src == ipv4:a000001)'],
    ['ip.src == 10.1.0.0/16', '(ip.src == ipv4:a010000/16)'],
    ['ipv6.dst == 2001:db8::1', '(ipv6.dst == ipv6:20010db8000000000000000000000001)'],
    ['ipv6.dst == ::1', '(ipv6.dst == ipv6:1)'],
    ['ipv6.dst == ::', '(ipv6.dst == ipv6:0)'],
    ['ipv6.dst == fe80::/10', '(ipv6.dst == ipv6:fe800000000000000000000000000000/10)'],
    ['ipv6.dst == ::ffff:1.2.3.4', '(ipv6.dst == ipv6:ffff01020304)'],
    ['ipv6.dst == 1:2:3:4:5:6:7:8', '(ipv6.dst == ipv6:10002000300040005000600070008)'],
    ['eth.src == 02:00:00:00:00:0a', '(eth.src == mac:2000000000a)'],
    ['$x ? 1:2', '($x ? 1 : 2)'],
    ['$x ? $a:$b', '($x ? $a : $b)'],
    ['tcp ? a:bb', '(tcp ? a : bb)'],
    ['$x ? 10.0.0.1 : 10.0.0.2', '($x ? ipv4:a000001 : ipv4:a000002)'],
  ])('addresses: %s', (text, tree) => {
    expect(expression(text)).toBe(tree);
  });
});

describe('statements', () => {
  test.each([
    ['$x = 1; @y[$x] += 2', '$x = 1; @y[$x] += 2'],
    ['@ = count(); @ = hist(1);', '@ = count(); @ = hist(1)'],
    ['$x <<= 1; $x >>= 1; $x ^= 1', '$x <<= 1; $x >>= 1; $x ^= 1'],
    [
      'if (1) { @++ } else if (2) { @--; } else { exit() }',
      'if (1) { (@ ++); } else { if (2) { (@ --); } else { exit(); }; }',
    ],
    [
      'for ($i : 0..0x10) { @++; } for ($j:-1..($x+1)) { break; } @++',
      'for ($i : 0..16) { (@ ++); }; for ($j : (- 1)..($x + 1)) { break; }; (@ ++)',
    ],
    ['for ($i : $t.0..$t.1) { }', 'for ($i : $t.0..$t.1) { }'],
    [
      'unroll (3) { @++; } while ($i < 5) { $i++; break; continue }',
      'unroll (3) { (@ ++); }; while (($i < 5)) { ($i ++); break; continue; }',
    ],
    ['return', 'return'],
    [';;', ''],
    ['/* a */ @++; // b\n @--;', '(@ ++); (@ --)'],
  ])('%s', (text, tree) => {
    expect(expression(text)).toBe(tree);
  });
});

describe('probes', () => {
  test.each([
    ['BEGIN { }', [['BEGIN']]],
    ['dpdk:rx_burst { }', [['dpdk', 'rx_burst']]],
    ['dpdk:rx_burst:0:3{}', [['dpdk', 'rx_burst', '0', '3']]],
    [
      'dpdk:*_burst, app:my_app:* { }',
      [
        ['dpdk', '*_burst'],
        ['app', 'my_app', '*'],
      ],
    ],
    ['usdt:/bin/x:prov:name /pid == 1/ { }', [['usdt', '/bin/x', 'prov', 'name']]],
    ['usdt:./a.out:name/pid == 1/ { }', [['usdt', './a.out', 'name']]],
    [
      'uprobe:"/path with space/x":"foo(int, char)"+8 { }',
      [['uprobe', '/path with space/x', 'foo(int, char)+8']],
    ],
    [
      'interval:s:1 { } interval:ms:$1 { }',
      [
        ['interval', 's', '1'],
        ['interval', 'ms', '$1'],
      ],
    ],
    ['dpdk:rx_packet /ip.src == 10.0.0.0/8/ { }', [['dpdk', 'rx_packet']]],
    ['dpdk:rx_packet/ip.src == 10.0.0.1/{}', [['dpdk', 'rx_packet']]],
    ['dpdk:rx_packet /args.len / 2 > 5/ { }', [['dpdk', 'rx_packet']]],
    ['#!/usr/bin/env bpftrace\nBEGIN { }', [['BEGIN']]],
  ])('%s', (source, points) => {
    const { clauses } = parseScript(source);
    expect(clauses.flatMap((clause) => clause.points.map((point) => point.parts))).toEqual(points);
  });

  test('a predicate may hold divisions', () => {
    const [clause] = parseScript('BEGIN /args.len / 2 > 5 / 1/ { }').clauses;
    expect(show(clause!.predicate!)).toBe('((args.len / 2) > (5 / 1))');
  });
});

describe('faults', { timeout: 60_000 }, () => {
  test.each([
    ['', 'there is no probe in the script\n  \n  ^\n  as in: dpdk:rx_burst { @ = count(); }'],
    ['BEGIN', 'expected "{" before the actions, got the end of the script\n  BEGIN\n       ^'],
    ['BEGIN { @ = }', 'expected an expression, got "}"\n  BEGIN { @ = }\n              ^'],
    ['BEGIN { 1ms }', '1ms is neither a number nor a name\n  BEGIN { 1ms }\n          ^^^'],
    [
      'BEGIN { 089 }',
      '089 begins with 0, so it is octal: its digits go to 7\n  BEGIN { 089 }\n          ^^^',
    ],
    [
      'BEGIN { 18446744073709551616 }',
      '18446744073709551616 does not fit into 64 bits\n  BEGIN { 18446744073709551616 }\n          ^^^^^^^^^^^^^^^^^^^^',
    ],
    [
      'BEGIN { "abc }',
      'a string begins here and does not end on its line\n  BEGIN { "abc }\n          ^^^^^^',
    ],
    ['BEGIN { "a\\q" }', 'no such escape in a string: "\\\\q"\n  BEGIN { "a\\q" }\n          ^^^^^'],
    [
      '#include <x.h>\nBEGIN { }',
      'there is no preprocessor here: #include and #define cannot be used\n  #include <x.h>\n  ^',
    ],
    [
      'struct x { int y; }',
      'expected a probe, got "struct"\n  struct x { int y; }\n  ^^^^^^\n  struct, union and enum definitions are not part of the language here',
    ],
    [
      'BEGIN { pid = 1 }',
      'only variables ($x) and maps (@x) can be changed\n  BEGIN { pid = 1 }\n          ^^^',
    ],
    ['BEGIN { &$x }', 'addresses cannot be taken: there is no unary "&"\n  BEGIN { &$x }\n          ^'],
    ['BEGIN { @[] = 1 }', 'a key is missing\n  BEGIN { @[] = 1 }\n          ^^^'],
    [
      'BEGIN { for ($kv : @map) { print($kv.0); } }',
      'no program can go through a map, neither in the application nor in the kernel\n  BEGIN { for ($kv : @map) { print($kv.0); } }\n                     ^^^^\n  print(@map) prints all of it, for ($i : 0..10) goes through numbers',
    ],
    [
      'BEGIN { for (i : 0..3) { } }',
      'expected a variable behind "for (", got "i"\n  BEGIN { for (i : 0..3) { } }\n               ^\n  as in for ($i : 0..10) { ... }',
    ],
    [
      'BEGIN { for ($i : 0..3 + 1) { } }',
      'expected ")" behind the range; a bound that is computed stands in parentheses, got "+"\n  BEGIN { for ($i : 0..3 + 1) { } }\n                         ^',
    ],
    [
      'BEGIN { 10.0.0.256 }',
      '10.0.0.256 is no IPv4 address: its parts go to 255\n  BEGIN { 10.0.0.256 }\n          ^^^^^^^^^^',
    ],
    [
      'BEGIN { 10.0.0.0/33 }',
      'a prefix of 33 bits: this address has 32\n  BEGIN { 10.0.0.0/33 }\n          ^^^^^^^^^^^',
    ],
    ['BEGIN { /* }', 'a comment begins here and does not end\n  BEGIN { /* }\n          ^^'],
    ['BEGIN /1 { }', 'expected "/" behind the predicate, got "{"\n  BEGIN /1 { }\n           ^'],
  ])('%s', (source, message) => {
    expect(failure(source).split('\n').slice(0, message.split('\n').length).join('\n')).toBe(message);
  });

  test('one run finds the faults of several statements and clauses', () => {
    const source = 'BEGIN { $x = ; @y = 1; if (1) { ] } else { @ } print(+); }\nEND { & } i:s:1 { }';
    expect(
      failure(source)
        .split('\n')
        .filter((line) => !line.startsWith(' ')),
    ).toEqual([
      'expected an expression, got ";"',
      'expected an expression, got "]"',
      'expected an expression, got "+"',
      'addresses cannot be taken: there is no unary "&"',
    ]);
  });

  test.each([
    ['parentheses', `BEGIN { ${'('.repeat(100_000)}`, 'nested too deep: at most 100 levels'],
    [
      'signs',
      `BEGIN { ${'-'.repeat(1).concat(' ').repeat(100_000)}1 }`,
      'nested too deep: at most 100 levels',
    ],
    ['blocks', `BEGIN { ${'if (1) {'.repeat(10_000)}`, 'nested too deep: at most 100 levels'],
    ['keys', `BEGIN { ${'@['.repeat(100_000)}`, 'nested too deep: at most 100 levels'],
    [
      'a chain',
      `BEGIN { $x = 1${' + 1'.repeat(100_000)} }`,
      'the expression is too long: at most 500 operators',
    ],
    ['members', `BEGIN { $x${'.a'.repeat(100_000)} }`, 'the expression is too long: at most 500 operators'],
    [
      'else if',
      `BEGIN { if (1) { }${' else if (1) { }'.repeat(100_000)} }`,
      'nested too deep: at most 100 levels',
    ],
  ])('deep %s do not exhaust the stack', (_, source, message) => {
    expect(failure(source).startsWith(message)).toBe(true);
  });
});

/** Only CompileError may escape. */
function survives(source: string): void {
  expect(() => failure(source)).not.toThrow();
}

const pieces = [
  ...[
    'BEGIN',
    'dpdk:rx_packet',
    'usdt:/a/b:c',
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '/',
    ';',
    ',',
    ':',
    '?',
    '.',
    '->',
  ],
  ...[
    '@',
    '@x',
    '$x',
    '$1',
    '$#',
    '"a"',
    "'a'",
    '1',
    '0x',
    '1e9',
    '10.0.0.1',
    '::1',
    'fe80::/10',
    'tcp.port',
  ],
  ...['if', 'else', 'while', 'unroll', 'sizeof', '(uint8)', '++', '--', '=', '+=', '==', '&&', '!', '-', '*'],
  ...['//', '/*', '*/', '\n', '"', '\\', '#', 'é', '\u{1f600}'],
];

describe('any text', { timeout: 60_000 }, () => {
  test('of any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), survives), { numRuns: 300 });
  });

  test('of the pieces of the language', () => {
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join(' '));
    fc.assert(fc.property(text, survives), { numRuns: 2000 });
  });

  test('of scripts that were cut and mixed', () => {
    const script =
      'dpdk:rx_packet /ip.src == 10.0.0.0/8 && tcp/ { @x[ip.dst, tcp.port] = hist(args.len); if (1) { $x = (1, "a"); } else { print($x.0); } }';
    const cut = fc.tuple(fc.nat(script.length), fc.nat(script.length), fc.constantFrom(...pieces));
    fc.assert(
      fc.property(cut, ([from, to, piece]) => survives(script.slice(0, from) + piece + script.slice(to))),
      { numRuns: 2000 },
    );
  });
});
