import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError, nearest, UsageError } from '../../base/index.ts';
import { dpdkPoints, type ProbePoint } from '../../tracepoints/index.ts';
import { type ProbeText, parseScript } from '../syntax/index.ts';
import type { CheckedScript, Expression, Statement } from '../typed.ts';
import { checkScript } from './index.ts';
import type { Form } from './probe-checker.ts';
import { scripts } from './scripts.fixture.ts';

const integer = (name: string, index: number, isSigned = false): ProbePoint['arguments'][number] => ({
  name,
  type: { kind: 'integer', bytes: 4, isSigned },
  place: { kind: 'context', index },
  meaning: '',
});

const points: Record<Form, readonly ProbePoint[]> = {
  agent: [
    ...dpdkPoints,
    {
      name: 'app:fwd:drop',
      kind: 'application',
      arguments: [
        integer('port', 0),
        integer('delta', 1, true),
        {
          name: 'reason',
          type: { kind: 'text', bytes: 64 },
          place: { kind: 'context', index: 2 },
          meaning: '',
        },
      ],
      meaning: '',
    },
  ],
  kernel: [
    {
      name: 'usdt:/bin/app:fwd:drop',
      kind: 'usdt',
      arguments: [integer('arg0', 0), integer('arg1', 1)],
      meaning: '',
    },
    { name: 'uprobe:/bin/app:main', kind: 'uprobe', arguments: [], meaning: '' },
    { name: 'uretprobe:/bin/app:main', kind: 'uretprobe', arguments: [], meaning: '' },
    {
      name: 'tracepoint:syscalls:sys_enter_read',
      kind: 'tracepoint',
      arguments: [integer('fd', 0), integer('count', 1)],
      meaning: '',
    },
    {
      name: 'tracepoint:syscalls:sys_exit_read',
      kind: 'tracepoint',
      arguments: [integer('ret', 0, true)],
      meaning: '',
    },
  ],
};

/** A target that has these points. */
function findPoints(form: Form): (probe: ProbeText) => readonly ProbePoint[] {
  return ({ parts }) => {
    const name = parts.join(':');
    const pattern = new RegExp(`^${name.replaceAll('*', '.*')}$`);
    const found = points[form].filter((point) => pattern.test(point.name));
    if (found.length > 0) return found;
    const like = nearest(
      name,
      points[form].map((point) => point.name),
    );
    throw new UsageError(`no trace point ${name}${like === undefined ? '' : `; did you mean ${like}?`}`);
  };
}

function check(source: string, form: Form = 'agent', positional: readonly string[] = []): CheckedScript {
  return checkScript(parseScript(source), { form, positional, findPoints: findPoints(form) });
}

function failure(source: string, form: Form = 'agent'): string {
  try {
    check(source, form);
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  return 'compiles';
}

/** A typed expression as text; the type stands where it is not plain from the rest. */
function show(e: Expression): string {
  switch (e.op) {
    case 'integer': {
      if (e.type.kind === 'integer') return `${e.value}${e.type.isSigned ? '' : 'u'}`;
      return `${e.type.kind}:${e.value.toString(16)}`;
    }
    case 'text':
      return `${JSON.stringify(e.value)}`;
    case 'negate':
    case 'complement':
    case 'not':
      return `${e.op}(${show(e.operand)})`;
    case 'binary':
      return `(${show(e.left)} ${e.operator} ${show(e.right)})${sign(e)}`;
    case 'and':
    case 'or':
      return `(${show(e.left)} ${e.op} ${show(e.right)})`;
    case 'choose':
      return `(${show(e.condition)} ? ${show(e.yes)} : ${show(e.no)})`;
    case 'cast':
      return `${e.isSigned ? 'int' : 'uint'}${8 * e.bytes}(${show(e.operand)})`;
    case 'equal-text':
      return `same(${show(e.left)}, ${show(e.right)}, ${e.bytes})`;
    case 'tuple':
      return `(${e.members.map(show).join(', ')})`;
    case 'member':
      return `${show(e.tuple)}.${e.index}`;
    case 'argument':
      return `args.${e.argument.name}`;
    case 'register':
      return `pt_regs+${e.offsetBytes}`;
    case 'field':
      return `${e.field.name}@${e.field.protocol}+${e.field.places.map((place) => place.offset).join()}`;
    case 'has-field':
      return `has(${e.field.name}@${e.field.protocol}+${e.field.places.map((place) => place.offset).join()})`;
    case 'has-protocol':
      return `has(${e.protocol})`;
    case 'in-network':
      return `(${show(e.address)} in ${e.network.toString(16)}/${e.prefixBits})`;
    case 'builtin':
      return e.name;
    case 'stack':
      return `${e.where} stack ${e.depth}`;
    case 'variable':
      return `$${e.variable}`;
    case 'map':
      return `@${e.map}[${e.keys.map(show).join(', ')}]`;
    case 'has-key':
      return `has_key(@${e.map}[${e.keys.map(show).join(', ')}])`;
    case 'increment':
      return `${e.gives} ${target(e.target)} ${e.by}`;
    case 'read-text':
      return `text(${show(e.address)}${e.limit === undefined ? '' : `, ${show(e.limit)}`})`;
    case 'read-buffer':
      return `buffer(${e.address === undefined ? 'packet' : show(e.address)}, ${e.type.kind === 'buffer' ? e.type.bytes : '?'})`;
    case 'read-integer':
      return `*${e.isSigned ? 'int' : 'uint'}${8 * e.bytes}(${show(e.address)})`;
    case 'ip-address':
      return `ip(${e.family === undefined ? '' : `${show(e.family)}, `}${show(e.address)})`;
    case 'mac-address':
      return `mac(${show(e.address)})`;
    case 'symbol':
      return `${e.where} symbol(${show(e.address)})`;
  }
}

/** What `/`, `%` and `>>` are done by. */
function sign({ type }: Expression): string {
  return type.kind === 'integer' && !type.isSigned ? 'u' : '';
}

function target(t: Extract<Expression, { op: 'increment' }>['target']): string {
  return t.kind === 'variable' ? `$${t.variable}` : `@${t.map}[${t.keys.map(show).join(', ')}]`;
}

function showStatement(s: Statement): string {
  switch (s.op) {
    case 'assign':
      return `${target(s.target)} = ${show(s.value)}`;
    case 'aggregate':
      return `@${s.map}[${s.keys.map(show).join(', ')}] << ${s.value === undefined ? '' : show(s.value)}`;
    case 'delete':
      return `delete @${s.map}[${s.keys.map(show).join(', ')}]`;
    case 'emit':
      return `emit ${s.use.event}(${s.use.values.map(show).join(', ')})`;
    case 'if': {
      const otherwise = s.otherwise.length === 0 ? '' : ` else { ${showBody(s.otherwise)} }`;
      return `if ${show(s.condition)} { ${showBody(s.then)} }${otherwise}`;
    }
    case 'while':
      return `while ${show(s.condition)} { ${showBody(s.body)} }`;
    case 'for': {
      const { range } = s;
      const bounds =
        range.kind === 'constant'
          ? `${range.first}..${range.last}`
          : `${show(range.first)}..${show(range.last)}`;
      return `for $${s.variable} : ${bounds} { ${showBody(s.body)} }`;
    }
    case 'evaluate':
      return show(s.expression);
    default:
      return s.op;
  }
}

function showBody(body: readonly Statement[]): string {
  return body.map(showStatement).join('; ');
}

/** The predicate of the first probe. */
function predicate(text: string, probe = 'dpdk:rx_packet'): string {
  return show(check(`${probe} /${text}/ { @ = count(); }`).probes[0]!.predicate!);
}

/** The actions of the first probe. */
function body(source: string, form: Form = 'agent', positional: readonly string[] = []): string {
  return showBody(check(source, form, positional).probes[0]!.body);
}

describe('one-liners', () => {
  // What bpftrace's tutorial and manual teach, in words of our own.
  test.each([
    'BEGIN { printf("hello world\\n"); }',
    'tracepoint:syscalls:sys_enter_read { printf("%s %d\\n", comm, args->count); }',
    'tracepoint:syscalls:sys_enter_* { @[probe] = count(); }',
    'tracepoint:syscalls:sys_exit_read /pid == 18644/ { @bytes = hist(args->ret); }',
    'tracepoint:syscalls:sys_exit_read { @b = lhist(args.ret, 0, 2000, 200); }',
    'tracepoint:syscalls:sys_enter_read { @t[tid] = nsecs; } tracepoint:syscalls:sys_exit_read /@t[tid]/ { @ns[comm] = hist(nsecs - @t[tid]); delete(@t[tid]); }',
    'tracepoint:syscalls:sys_enter_read { @[pid, comm] = count(); } interval:s:5 { exit(); }',
    'profile:hz:99 { @[kstack] = count(); } p:hz:49 /pid == 5/ { @u[ustack(5), comm] = count(); }',
    'uprobe:/bin/app:main { @[str(arg0)] = count(); printf("%s %p\\n", str(arg1, 8), reg("ip")); }',
    'uretprobe:/bin/app:main { @[retval] = count(); @s = stats(retval); }',
    'U:/bin/app:fwd:drop { @ = sum(arg1); @a = avg(arg0); @m = max(arg0); @n = min(arg0); }',
    'usdt:/bin/app:fwd:drop { @[*(uint16 *)arg0] = count(); join(arg1); time("%H\\n"); @y = ((uint8*)arg0)[2]; }',
    'i:s:1 { print(@x, 5); clear(@x); } t:syscalls:sys_enter_read { @x[comm] = count(); } END { clear(@x); }',
    'uprobe:/bin/app:main { $i = 0; while ($i < 5) { $i++; if ($i == 3) { continue; } if ($i == 4) { break; } @[$i]++; } }',
    'uprobe:/bin/app:main { if (strncmp(comm, "dpdk", 4) == 0) { @ = count(); } else { return; } }',
    'uprobe:/bin/app:main { printf("%s %s\\n", ntop(arg0), strftime("%H:%M", nsecs)); print((1, comm)); }',
    'uprobe:/bin/app:main { @[usym(arg0), ksym(arg1), macaddr(arg2)] = count(); printf("%r\\n", buf(arg0, 16)); }',
  ])('kernel: %s', (source) => {
    expect(failure(source, 'kernel')).toBe('compiles');
  });

  test.each([
    'dpdk:rx_burst { @ = hist(args.nb_rx); }',
    'dpdk:rx_burst:0:1 { @ = hist(args->nb_rx, 2); }',
    'dpdk:rx_poll { @[args.nb_rx == 0 ? "empty" : "busy"] = count(); }',
    'dpdk:rx_poll { @[lcore, args.port] = avg(args.nb_rx); } interval:s:1 { print(@); clear(@); }',
    'dpdk:*_burst { @[probe, func, tid] = count(); }',
    'dpdk:rx_packet /ip.proto == 6 && tcp.dstport == 443/ { @[ip.src] = count(); }',
    'dpdk:rx_packet { @[ip.src, ip.dst, tcp.srcport] = sum(args.len); @b[eth.src] = max(frame.len); }',
    'dpdk:rx_packet /arp || !ip/ { printf("%s -> %s: %r\\n", eth.src, eth.dst, buf(16)); exit(); }',
    'dpdk:rx_packet /tcp.flags.syn && !tcp.flags.ack/ { @syn[ip.dst] = count(); }',
    'BEGIN { @on = 1; } dpdk:rx_packet /@on == 1 && args.len > 1000/ { @ = lhist(args.len, 0, 9000, 500); }',
    'app:fwd:drop { @[str(args.reason)] = count(); @d = sum(args.delta); @[args.reason] = count(); }',
    'dpdk:rx_burst { unroll (3) { @++; } $x = args.nb_rx > 16 ? 1 : 0; @y += $x; }',
    'dpdk:rx_packet { @[ntop(ip.src), macaddr(eth.dst)] = count(); }',
  ])('agent: %s', (source) => {
    expect(failure(source)).toBe('compiles');
  });
});

describe('fields of packets', () => {
  test.each([
    ['ip.proto == 6', '(has(ip.proto@ip+9) and (ip.proto@ip+9 == 6u))'],
    ['6 < ip.ttl', '(has(ip.ttl@ip+8) and (ip.ttl@ip+8 > 6u))'],
    ['ip.src == 10.0.0.1', '(has(ip.src@ip+12) and (ip.src@ip+12 == ipv4:a000001))'],
    ['ip.src != 10.0.0.1', '(has(ip.src@ip+12) and (ip.src@ip+12 != ipv4:a000001))'],
    ['ip.src == 10.1.2.3/8', '(has(ip.src@ip+12) and (ip.src@ip+12 in a000000/8))'],
    [
      'ip.src != 10.0.0.0/8',
      '(has(ip.src@ip+12) and not((has(ip.src@ip+12) and (ip.src@ip+12 in a000000/8))))',
    ],
    ['eth.dst == ff:ff:ff:ff:ff:ff', '(has(eth.dst@eth+0) and (eth.dst@eth+0 == mac:ffffffffffff))'],
    [
      'ipv6.dst == fe80::/10',
      '(has(ipv6.dst@ipv6+24) and (ipv6.dst@ipv6+24 in fe800000000000000000000000000000/10))',
    ],
    [
      'tcp.port == 80',
      '((has(tcp.port@tcp+0) and (tcp.port@tcp+0 == 80u)) or (has(tcp.port@tcp+2) and (tcp.port@tcp+2 == 80u)))',
    ],
    [
      'tcp.port != 80',
      '((has(tcp.port@tcp+0) or has(tcp.port@tcp+2)) and not(((has(tcp.port@tcp+0) and (tcp.port@tcp+0 == 80u)) or (has(tcp.port@tcp+2) and (tcp.port@tcp+2 == 80u)))))',
    ],
    ...(['tcp', 'udp', 'sctp'] as const).flatMap((protocol): [string, string][] => [
      [
        `${protocol}.sport == 443`,
        `(has(${protocol}.srcport@${protocol}+0) and (${protocol}.srcport@${protocol}+0 == 443u))`,
      ],
      [
        `${protocol}.dport == 443`,
        `(has(${protocol}.dstport@${protocol}+2) and (${protocol}.dstport@${protocol}+2 == 443u))`,
      ],
    ]),
    ['tcp', 'has(tcp)'],
    ['!tcp && udp', '(not(has(tcp)) and has(udp))'],
    ['vlan.id', 'has(vlan.id@vlan+0)'],
    ['tcp.flags.syn', 'tcp.flags.syn@tcp+12'],
    ['ip.version', '(has(ip.version@ip+0) or has(ip.version@ipv6+0))'],
    [
      'ip.version == 6',
      '((has(ip.version@ip+0) and (ip.version@ip+0 == 6u)) or (has(ip.version@ipv6+0) and (ip.version@ipv6+0 == 6u)))',
    ],
    ['ip.ttl + 1 > 64', '((ip.ttl@ip+8 + 1u)u > 64u)'],
    ['ip.src == ip.dst', '(has(ip.dst@ip+16) and (has(ip.src@ip+12) and (ip.src@ip+12 == ip.dst@ip+16)))'],
    ['frame.len > 64', '(args.len > 64u)'],
    ['tcp.ack == 5 ? tcp.ack : 0', '((has(tcp.ack@tcp+8) and (tcp.ack@tcp+8 == 5u)) ? tcp.ack@tcp+8 : 0)'],
  ])('%s', (text, tree) => {
    expect(predicate(text)).toBe(tree);
  });

  test('as values they are read without a condition, addresses keep their type', () => {
    const { maps, probes } = check('dpdk:rx_packet { @[ip.src, ip.version] = sum(ip.len); }');
    expect(showBody(probes[0]!.body)).toBe(
      '@0[ip.src@ip+12, (has(ip) ? ip.version@ip+0 : ip.version@ipv6+0)] << ip.len@ip+2',
    );
    expect(maps[0]!.keys).toEqual([{ kind: 'ipv4' }, { kind: 'integer', isSigned: false }]);
  });
});

describe('expressions', () => {
  test.each([
    ['$x = args.nb_rx - 1', '$0 = (args.nb_rx - 1u)u'],
    ['$x = 1 - 2', '$0 = (1 - 2)'],
    ['$x = 5; $x += args.nb_rx', '$0 = 5; $0 = ($0 + args.nb_rx)u'],
    ['$x = (int32)args.nb_rx < -1', '$0 = (int32(args.nb_rx) < -1)'],
    ['$x = (uint8)-1', '$0 = uint8(-1)'],
    ['$x = -args.port; $y = ~args.port', '$0 = negate(args.port); $1 = complement(args.port)'],
    [
      '$x = -args.port < 1; $y = -(int8)args.port < 1',
      '$0 = (negate(args.port) < 1u); $1 = (negate(int8(args.port)) < 1)',
    ],
    ['$x = 9223372036854775808', '$0 = 9223372036854775808u'],
    ['$x = comm == "a"', '$0 = same(comm, "a", 16)'],
    ['$x = comm != "a"', '$0 = not(same(comm, "a", 16))'],
    ['$x = strncmp(comm, "abc", 2)', '$0 = not(same(comm, "abc", 2))'],
    ['$x = strncmp(comm, "abc", 200)', '$0 = not(same(comm, "abc", 16))'],
    ['$x = (1, (2, "a")); $y = $x.1.0', '$0 = (1, (2, "a")); $1 = $0.1.0'],
    ['$x = 1; $x++; --$x', '$0 = 1; before $0 1; after $0 -1'],
    ['$x = arg1 + arg0', '$0 = (args.queue + args.port)u'],
    ['$x = probe; $y = func', '$0 = "dpdk:rx_burst:1"; $1 = "rx_burst"'],
    ['$x = $1 + $#; $y = str($2); $z = $9', '$0 = (7 + 2); $1 = "text"; $2 = 0'],
    ['$x = sizeof(uint16) + sizeof(comm)', '$0 = (2 + 16)'],
    ['$x = 1 && comm == "a" || !pid', '$0 = ((1 and same(comm, "a", 16)) or not(pid))'],
    ['pid ? exit() : print(1)', 'if pid { emit 0() } else { emit 1(1) }'],
    ['for ($i : -1..3) { $x = $i; } for ($i : 0..1) { }', 'for $1 : -1..3 { $2 = $1 }; for $1 : 0..1 {  }'],
    ['unroll (2) { $x = 1; }', '$0 = 1; $0 = 1'],
    ['return', 'return'],
  ])('%s', (text, tree) => {
    expect(body(`dpdk:rx_burst:1 { ${text} }`, 'agent', ['7', 'text'])).toBe(tree);
  });

  test.each([
    ['$x = *(int16 *)(arg0 + 4)', '$0 = *int16((args.arg0 + 4u)u)'],
    ['$x = ((uint32 *)arg0)[3]', '$0 = *uint32((args.arg0 + (3 * 4))u)'],
    ['@[str(arg0, 9)] = 1', '@0[text(args.arg0, 9)] = 1'],
    ['@ = ntop(2, arg0)', '@0[] = ip(2, args.arg0)'],
    ['@ = ustack; @k = kstack(perf, 9)', '@0[] = user stack 127; @1[] = kernel stack 9'],
  ])('kernel: %s', (text, tree) => {
    expect(body(`usdt:/bin/app:fwd:drop { ${text} }`, 'kernel')).toBe(tree);
  });

  test('arguments of functions are in the registers of the System V ABI', () => {
    expect(body('uprobe:/bin/app:main { @[arg0, arg5, reg("sp")] = 1; }', 'kernel')).toBe(
      '@0[pt_regs+112, pt_regs+64, pt_regs+152] = 1',
    );
    expect(body('uretprobe:/bin/app:main { @ = retval; }', 'kernel')).toBe('@0[] = pt_regs+80');
  });
});

describe('maps', () => {
  test('texts get as wide as the widest, wherever they stand', () => {
    const { maps, probes } = check(
      'dpdk:rx_burst { $x = @b; @a["ab", 1] = 1; } dpdk:tx_burst { @a[comm, args.port] = 2; $y = "a"; @b = $y; @b = "abcd"; $y = "abcdef"; }',
    );
    expect(maps).toMatchObject([
      { name: '@b', kind: { kind: 'value', type: { kind: 'text', bytes: 7 } }, isRead: true },
      {
        name: '@a',
        kind: { kind: 'value', type: { kind: 'integer', isSigned: true } },
        keys: [
          { kind: 'text', bytes: 16 },
          { kind: 'integer', isSigned: false },
        ],
        isRead: false,
      },
    ]);
    expect(probes.map(({ variables }) => variables)).toEqual([
      [{ kind: 'text', bytes: 7 }],
      [{ kind: 'text', bytes: 7 }],
    ]);
  });

  test.each([
    ['@ = count()', { kind: 'count', isSigned: false }],
    ['@ = sum(args.delta); @ = sum(args.port)', { kind: 'sum', isSigned: true }],
    ['@ = max(args.port)', { kind: 'max', isSigned: false }],
    ['@ = hist(args.port)', { kind: 'hist', bits: 0, buckets: 65 }],
    ['@ = hist(args.port, 2)', { kind: 'hist', bits: 2, buckets: 249 }],
    ['@ = lhist(args.port, 10, 35, 10)', { kind: 'lhist', min: 10n, max: 35n, step: 10n, buckets: 4 }],
    ['@ = (1, comm)', { kind: 'value', type: { kind: 'tuple' } }],
    ['@++; @ += args.port; @ -= 1', { kind: 'sum', isSigned: true }],
    ['@++; @ = 5', { kind: 'value' }],
    ['@++; print(@ + 1)', { kind: 'value' }],
    ['$x = @++', { kind: 'value' }],
    ['@++; @ *= 2', { kind: 'value' }],
    ['@[pid]++; delete(@[pid])', { kind: 'value' }],
  ])('%s', (text, kind) => {
    expect(check(`app:fwd:drop { ${text} }`).maps[0]!.kind).toMatchObject(kind);
  });

  test('what is only counted up and down is a sum; what is read is a value', () => {
    expect(body('app:fwd:drop { @[comm]++; --@[comm]; @[comm] -= args.delta; }')).toBe(
      '@0[comm] << 1; @0[comm] << -1; @0[comm] << negate(args.delta)',
    );
    expect(body('app:fwd:drop { @++; } END { @y = @; }')).toBe('before @0[] 1');
  });

  test('keys in either way of writing', () => {
    expect(
      body(
        'BEGIN { @[1, 2] = 1; if (has_key(@, (1, 2)) && has_key(@[1, 2])) { delete(@, (1, 2)); delete(@[1, 2]); } }',
      ),
    ).toBe('@0[1, 2] = 1; if (has_key(@0[1, 2]) and has_key(@0[1, 2])) { delete @0[1, 2]; delete @0[1, 2] }');
  });
});

describe('probes', () => {
  test('each point of a clause is one probe, with port and queue', () => {
    const { probes } = check('dpdk:*_burst:3, dpdk:rx_poll:*:2, END, interval:ms:050 { @ = count(); }');
    expect(probes.map(({ point, port, queue }) => [point.name, port, queue])).toEqual([
      ['dpdk:rx_burst', 3, undefined],
      ['dpdk:tx_burst', 3, undefined],
      ['dpdk:rx_poll', undefined, 2],
      ['END', undefined, undefined],
      ['interval:ms:50', undefined, undefined],
    ]);
  });

  test('parameters stand for parts of probes', () => {
    const { probes } = check('interval:s:$1 { exit(); } dpdk:$2 { @ = count(); }', 'agent', [
      '7',
      'rx_burst',
    ]);
    expect(probes.map(({ point }) => point.name)).toEqual(['interval:s:7', 'dpdk:rx_burst']);
  });
});

test('events have their fields one after another, and equal ones are one', () => {
  const { events, probes } = check(
    'dpdk:rx_burst, dpdk:tx_burst { printf("%s %d %s\\n", comm, args.port, "abcdefgh"); print(@, 3); print(@[1]); time(); exit(); @[args.port] = count(); }',
  );
  const integerType = { kind: 'integer', isSigned: false };
  expect(events).toEqual([
    {
      kind: 'printf',
      format: '%s %d %s\n',
      fields: [
        { type: { kind: 'text', bytes: 16 }, offset: 8 },
        { type: integerType, offset: 24 },
        { type: { kind: 'text', bytes: 9 }, offset: 32 },
      ],
    },
    { kind: 'print', map: '@', top: 3, divisor: 1 },
    { kind: 'print-entry', map: '@', fields: [{ type: integerType, offset: 8 }] },
    { kind: 'time', format: '%H:%M:%S\n' },
    { kind: 'exit' },
  ]);
  expect(probes).toHaveLength(2);
});

/** The message, its source line and caret, hints behind it. */
describe('faults', () => {
  test.each([
    [
      'dpdk:rx_brst { }',
      'no trace point dpdk:rx_brst; did you mean dpdk:rx_burst?\n  dpdk:rx_brst { }\n  ^^^^^^^^^^^^',
    ],
    [
      'dpk:rx_burst { }',
      'no probe begins with dpk\n  dpk:rx_burst { }\n  ^^^^^^^^^^^^\n  did you mean dpdk?',
    ],
    [
      'uprobe:/bin/x:f { }',
      'uprobe: works only in the kernel, and this script runs in the application\n  uprobe:/bin/x:f { }\n  ^^^^^^^^^^^^^^^\n  probes in the kernel: usdt:, uprobe:, tracepoint: and profile:',
    ],
    ['dpdk:rx_burst:0:1:2 { }', 'behind a point of DPDK there are a port and a queue: dpdk:rx_burst:0:1'],
    ['dpdk:rx_burst:x { }', 'the port is a number or *, got "x"'],
    [
      'interval:h:1 { }',
      'interval has no unit "h"\n  interval:h:1 { }\n  ^^^^^^^^^^^^\n  there are s, ms, us, hz',
    ],
    ['interval:s:0 { }', 'interval takes a number from 1 on, got "0"'],
    ['BEGIN { } BEGIN { }', 'there is more than one BEGIN'],
    [
      'dpdk:rx_burst { @ = args.nb_tx; }',
      'dpdk:rx_burst has no argument nb_tx\n  dpdk:rx_burst { @ = args.nb_tx; }\n                      ^^^^^^^^^^\n  did you mean nb_rx? it has port, queue, nb_rx, max, packet_id',
    ],
    ['dpdk:rx_burst { @ = arg5; }', 'dpdk:rx_burst has 5 arguments, arg0 to arg4: no arg5'],
    ['BEGIN { @ = args.x; }', 'BEGIN has no arguments with names'],
    ['BEGIN { @ = args; }', 'args alone is no value'],
    [
      'dpdk:rx_burst /ip.src == 10.0.0.1/ { }',
      'ip.src is of a packet, and dpdk:rx_burst is not about one\n  dpdk:rx_burst /ip.src == 10.0.0.1/ { }\n                 ^^^^^^\n  use dpdk:rx_packet or dpdk:tx_packet',
    ],
    ['dpdk:rx_burst /tcp/ { }', 'tcp is of a packet, and dpdk:rx_burst is not about one'],
    [
      'dpdk:rx_packet /tcp.dports == 80/ { }',
      'no field tcp.dports\n  dpdk:rx_packet /tcp.dports == 80/ { }\n                  ^^^^^^^^^^\n  did you mean tcp.port?',
    ],
    [
      'dpdk:rx_packet /ip.src == "10.0.0.1"/ { }',
      'ip.src is an IPv4 address, compared with text\n  dpdk:rx_packet /ip.src == "10.0.0.1"/ { }\n                  ^^^^^^^^^^^^^^^^^^^^\n  compare it with 10.0.0.1 or 10.0.0.0/8, without quotes',
    ],
    ['dpdk:rx_packet /ip.src < 10.0.0.1/ { }', 'addresses have no order: "<" does not go with ip.src'],
    [
      'dpdk:rx_packet { @[tcp.port] = count(); }',
      'tcp.port has two values in a packet\n  dpdk:rx_packet { @[tcp.port] = count(); }\n                     ^^^^^^^^\n  use one of tcp.srcport, tcp.dstport',
    ],
    [
      'dpdk:rx_packet { @ = sum(tcp.len); }',
      'tcp.len has no fixed place in a packet: it can be printed by hone read, not traced',
    ],
    ['dpdk:rx_packet { @[10.0.0.0/8] = 1; }', 'a network stands only behind the == or != of a field'],
    [
      'BEGIN { $x = pdi; }',
      'unknown name pdi\n  BEGIN { $x = pdi; }\n               ^^^\n  did you mean pid?',
    ],
    ['BEGIN { $x = cpu; }', 'cpu works only in the kernel, and this script runs in the application'],
    ['BEGIN { $x = uid; }', 'uid works only in the kernel, and this script runs in the application'],
    [
      'dpdk:rx_burst { @ = rand; }',
      'rand works only in the kernel, and this script runs in the application\n  dpdk:rx_burst { @ = rand; }\n                      ^^^^\n  probes in the kernel: usdt:, uprobe:, tracepoint: and profile:',
    ],
    [
      'BEGIN { $x = exit; }',
      'exit is a function\n  BEGIN { $x = exit; }\n               ^^^^\n  write exit(...)',
    ],
    [
      'BEGIN { pintf("a"); }',
      'unknown function pintf()\n  BEGIN { pintf("a"); }\n          ^^^^^\n  did you mean printf()?',
    ],
    ['BEGIN { system("ls"); }', "bpftrace's system() is not here"],
    ['BEGIN { @ = kstack; }', 'kstack works only in the kernel, and this script runs in the application'],
    ['BEGIN { while (1) { } }', 'while works only in the kernel, and this script runs in the application'],
    [
      'BEGIN { @ = *(uint8 *)5; }',
      'reading memory works only in the kernel, and this script runs in the application',
    ],
    [
      'BEGIN { @ = (struct foo *)5; }',
      'struct foo is not known here: no type of the program or the kernel is read, so its members have no places',
    ],
    ['BEGIN { @ = (short)5; }', 'no type short'],
    ['BEGIN { @ = hist(1, 6); }', "hist()'s k is 0 to 5, got 6"],
    [
      'BEGIN { @ = count(1); }',
      'count() takes 0 arguments, got 1\n  BEGIN { @ = count(1); }\n              ^^^^^^^^\n  count()',
    ],
    [
      'BEGIN { @ = sum(comm); }',
      'sum() takes an integer, got text\n  BEGIN { @ = sum(comm); }\n                  ^^^^',
    ],
    ['BEGIN { $x = count(); }', 'count() goes into a map: @x = ...'],
    ['BEGIN { print(count()); }', 'count() stands alone behind "@map ="'],
    ['BEGIN { $x = exit(); }', 'exit() gives no value'],
    [
      'BEGIN { @x = count();\n@x = 1; }',
      '@x holds a count() and cannot become an integer\n  @x = 1; }\n  ^^^^^^\n  as in line 1: @x = count()',
    ],
    [
      'BEGIN { @x[1] = 1;\n@x["a"] = 1; }',
      '@x has the key [an integer], here it is used with the key [text]\n  @x["a"] = 1; }\n  ^^^^^^^\n  as in line 1: @x[1]',
    ],
    ['BEGIN { @x = 1; @x[1] = 1; }', '@x has no key, here it is used with the key [an integer]'],
    [
      'BEGIN { @x = lhist(1, 0, 9, 1); @x = lhist(1, 0, 9, 2); }',
      '@x holds an lhist(n, 0, 9, 1) and cannot become an lhist(n, 0, 9, 2)',
    ],
    ['BEGIN { @x = hist(1); print(@x + 1); }', '@x holds a hist(): it has no one value'],
    [
      'BEGIN { @xy = 1; print(@yx); }',
      'nothing writes to @yx, so it has no type\n  BEGIN { @xy = 1; print(@yx); }\n                         ^^^\n  did you mean @xy?',
    ],
    ['BEGIN { @x = @x; }', 'nothing writes to @x, so it has no type'],
    ['BEGIN { @x = (@x, 1); }', 'nothing writes to @x, so it has no type'],
    [
      'BEGIN { $x = 1;\n$x = "a"; }',
      '$x is an integer and cannot become text\n  $x = "a"; }\n  ^^^^^^^^\n  it got its type in line 1',
    ],
    [
      'BEGIN { print($x); }',
      'nothing was assigned to $x before it is read\n  BEGIN { print($x); }\n                ^^',
    ],
    [
      'BEGIN { printf("%d %d\\n", 1); }',
      'printf(): the format takes 2 values, got 1\n  BEGIN { printf("%d %d\\n", 1); }\n          ^^^^^^^^^^^^^^^^^^^^',
    ],
    [
      'BEGIN { printf("%d\\n", comm); }',
      'printf(): %d takes an integer, got text\n  BEGIN { printf("%d\\n", comm); }\n                         ^^^^\n  print it with %s',
    ],
    ['BEGIN { printf("%s\\n", 1); }', 'printf(): %s takes text or an address, got an integer'],
    ['BEGIN { printf("%y\\n", 1); }', 'printf() has no conversion %y'],
    ['BEGIN { $x = 1 ? "a" : 1; }', 'both sides of ":" have one type: text and an integer are two'],
    ['BEGIN { $x = comm < "a"; }', 'text has no order: "<" does not go with it'],
    ['BEGIN { $x = comm == 1; }', 'text is compared with an integer'],
    ['BEGIN { if (comm) { } }', 'a condition is an integer, this is text'],
    ['BEGIN { $x = (1, 2); print($x.2); }', 'this tuple has the members 0 to 1: no 2'],
    [
      'BEGIN { $n = 5; for ($i : 0..$n) { } }',
      'a bound of "for" that is not written out as a number works only in the kernel, and this script runs in the application\n  BEGIN { $n = 5; for ($i : 0..$n) { } }\n                               ^^',
    ],
    ['BEGIN { for ($i : 0..101) { } }', '"for" has at most 100 rounds in the application, got 101'],
    ['BEGIN { $i = 1; for ($i : 0..3) { } }', '$i is there already: a loop has a variable of its own'],
    ['BEGIN { for ($i : 0..3) { } print($i); }', 'nothing was assigned to $i before it is read'],
    ['BEGIN { for ($i : 0..3) { } $i = "a"; }', '$i is an integer and cannot become text'],
    [
      'BEGIN { for ($i : 0..3) { for ($i : 0..3) { } } }',
      '$i is there already: a loop has a variable of its own',
    ],
    [
      'BEGIN { for ($i : 0..100) { for ($j : 0..100) { for ($k : 0..100) { exit(); } } } }',
      'this makes more than 20000 statements',
    ],
    ['BEGIN { unroll (101) { } }', 'unroll repeats 1 to 100 times, got 101'],
    [
      'BEGIN { unroll (100) { unroll (100) { unroll (100) { exit(); } } } }',
      'this makes more than 20000 statements',
    ],
    [
      'dpdk:rx_burst { @ = 1; $x = len(@); }',
      'len() is known where all threads come together: when a line is printed',
    ],
    ['dpdk:rx_packet { printf("%r", buf(999)); }', 'buf() takes 1 to 240 bytes, got 999'],
    ['BEGIN { $x = $0; }', 'parameters are numbered from 1'],
    ['BEGIN { break; }', 'break stands outside of a loop'],
  ])('%s', (source, message) => {
    const got = failure(source).split('\n');
    expect(got.slice(0, message.split('\n').length).join('\n')).toBe(message);
  });

  test('a parameter that is no number', () => {
    expect(() => check('BEGIN { print($1); }', 'agent', ['abc'])).toThrow(
      '$1 is used as a number, and is "abc"\n  BEGIN { print($1); }\n                ^^\n  str($1) is its text',
    );
  });

  test('one run finds several, in the order of the text, the same at several points once', () => {
    const source =
      'dpdk:nope { } dpdk:*_burst /foo/ { $x = bar; @ = count(); if (baz) { print(@nope); } }\nBEGIN { @y = quux; print(@y); }';
    expect(
      failure(source)
        .split('\n')
        .filter((line) => !line.startsWith(' ')),
    ).toEqual([
      'no trace point dpdk:nope',
      'unknown name foo',
      'unknown name bar',
      'unknown name baz',
      'nothing writes to @nope, so it has no type',
      'unknown name quux',
    ]);
  });
});

/** Numbers that stand for something do so, and whatever goes together has types that go together. */
function expectSound({ maps, events, probes }: CheckedScript): void {
  for (const { predicate, body, variables } of probes) {
    const keysFit = (map: number, keys: readonly Expression[]): void => {
      expect(keys.map((key) => key.type.kind)).toEqual(maps[map]!.keys.map((type) => type.kind));
      for (const key of keys) walk(key);
    };
    const walk = (e: Expression): void => {
      if (e.op === 'variable') expect(variables[e.variable]!.kind).toBe(e.type.kind);
      if (e.op === 'field') expect(e.field.places).toHaveLength(1);
      if (e.op === 'map') {
        expect(maps[e.map]!.isRead).toBe(true);
        keysFit(e.map, e.keys);
      }
      for (const part of Object.values(e)) {
        if (typeof part === 'object' && part !== null && 'op' in part) walk(part as Expression);
      }
    };
    const walkBody = (list: readonly Statement[]): void => {
      for (const s of list) {
        switch (s.op) {
          case 'assign': {
            walk(s.value);
            if (s.target.kind === 'variable') {
              expect(variables[s.target.variable]!.kind).toBe(s.value.type.kind);
              break;
            }
            keysFit(s.target.map, s.target.keys);
            expect(maps[s.target.map]!.kind).toMatchObject({
              kind: 'value',
              type: { kind: s.value.type.kind },
            });
            break;
          }
          case 'aggregate':
            expect(maps[s.map]!.kind.kind).not.toBe('value');
            keysFit(s.map, s.keys);
            if (s.value !== undefined) expect(s.value.type.kind).toBe('integer');
            break;
          case 'emit': {
            const event = events[s.use.event]!;
            const fields = 'fields' in event ? event.fields : 'field' in event ? [event.field] : [];
            expect(s.use.values.map((value) => value.type.kind)).toEqual(fields.map(({ type }) => type.kind));
            break;
          }
          case 'if':
            expect(s.condition.type.kind).toBe('integer');
            walkBody(s.then);
            walkBody(s.otherwise);
            break;
          case 'evaluate':
            walk(s.expression);
        }
      }
    };
    if (predicate !== undefined) expect(predicate.type.kind).toBe('integer');
    walkBody(body);
  }
}

describe('any script that parses', { timeout: 60_000 }, () => {
  test('compiles to something sound, or has faults of ours', () => {
    let compiled = 0;
    fc.assert(
      fc.property(scripts, fc.constantFrom<Form>('agent', 'kernel'), (source, form) => {
        if (failure(source, form) !== 'compiles') return;
        compiled++;
        expectSound(check(source, form));
      }),
      { numRuns: 1500 },
    );
    expect(compiled).toBeGreaterThan(50);
  });
});
