/** Scripts that parse, of which some compile: for properties that hold for all of them. */
import fc from 'fast-check';

const integerLeaves = ['1', '-1', 'pid', 'nsecs', '$x', '@', '@b[1]', 'args.len', 'arg0', '$1', '$#'];
const leaves = [
  ...['"a"', '"abc"', 'comm', '$y', '@a', '@c[ip.src]', 'probe', 'func', '(1, comm)', 'str($1)', 'buf(8)'],
  ...[
    'ip.src',
    'ip.dst',
    '10.0.0.1',
    'fe80::/10',
    'tcp',
    'ip',
    'tcp.port',
    'tcp.flags.syn',
    'ip.version',
    'ip.ttl',
  ],
  ...['kstack', 'nope', 'count()', 'hist(pid)', 'len(@b)', 'args', 'retval', '@b', '@[1]', 'ip.nope'],
];
const { integer: number, any } = fc.letrec<{ integer: string; any: string }>((tie) => ({
  integer: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...integerLeaves),
    fc
      .tuple(tie('integer'), fc.constantFrom('+', '/', '==', '!=', '<', '&&', '>>'), tie('integer'))
      .map((t) => `(${t.join(' ')})`),
    fc.tuple(fc.constantFrom('!', '-', '(uint8)'), tie('integer')).map((t) => t.join('')),
    fc.tuple(tie('any'), fc.constantFrom('==', '!='), tie('any')).map((t) => `(${t.join(' ')})`),
  ),
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...integerLeaves, ...leaves),
    tie('integer'),
    fc.tuple(tie('integer'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}, ${b})`),
    fc.tuple(tie('any'), fc.constantFrom('.0', '.1', '.len', '[1]')).map((t) => t.join('')),
    fc.tuple(fc.constantFrom('*', '*(int32 *)'), tie('any')).map((t) => t.join('')),
    fc
      .tuple(
        fc.constantFrom('ntop', 'str', 'strncmp', 'has_key', 'macaddr', 'strftime', 'usym', 'sizeof', 'reg'),
        fc.array(tie('any'), { maxLength: 3 }),
      )
      .map(([name, list]) => `${name}(${list.join(', ')})`),
  ),
}));
const statement = fc.oneof(
  fc
    .tuple(fc.constantFrom('$x', '@', '@b[1]'), fc.constantFrom('=', '+=', '*='), number)
    .map((t) => t.join(' ')),
  fc.tuple(fc.constantFrom('$y', '@a', '@c[ip.src]', '@d[comm]'), any).map((t) => t.join(' = ')),
  fc.constantFrom(
    '@++',
    '--@b[pid]',
    '$x++',
    'clear(@b)',
    'print(@b)',
    'print(@b[1])',
    'delete(@b[1])',
    'exit()',
  ),
  any.map((t) => `print(${t})`),
  number.map((t) => `printf("%d %s", ${t}, comm)`),
  any.map((t) => `@e[${t}] = count()`),
  number.map((t) => `if (${t}) { @a = "x"; } else { $x = 2; }`),
  number.map((t) => `unroll (2) { $x = ${t}; }`),
);
const clause = fc
  .tuple(
    fc.constantFrom(
      'dpdk:rx_packet',
      'dpdk:*_packet',
      'dpdk:*_burst',
      'usdt:/bin/app:fwd:drop',
      'interval:s:1',
    ),
    fc.option(number),
    fc.array(statement, { maxLength: 3 }),
  )
  .map(([probe, condition, list]) => {
    const begin = '$x = 1; @ = $x; @b[1] = 2; ';
    return `${probe} ${condition === null ? '' : `/${condition}/ `}{ ${begin}${list.join('; ')} }`;
  });
export const scripts: fc.Arbitrary<string> = fc
  .array(clause, { minLength: 1, maxLength: 2 })
  .map((list) => list.join('\n'));
