import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError, UnsupportedError } from '../base/index.ts';
import { formatCbpf, runCbpf, validateCbpf } from '../bpf/index.ts';
import { builtinNames } from './builtin-names.ts';
import { compileFilter } from './compile.ts';
import type { Resolver } from './resolver.ts';

const frame = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));

const macs = '020000000001 020000000002';
const tcpSyn = frame(
  `${macs} 0800 450000280001000040060000 0a010203c0a80105 c0000050 00000001 00000000 50021000 00000000`,
);
const tagged = frame(`${macs} 8100 0064 0800 450000280001000040060000 0a010203c0a80105 c0000050 0000`);
const arp = frame(
  `ffffffffffff 020000000002 0806 0001080006040001 020000000002 0a010203 000000000000 0a010204`,
);

const matches = (filter: string, packet: Uint8Array): boolean =>
  runCbpf(compileFilter(filter), packet, packet.length) !== 0;

describe('filters on packets', () => {
  for (const [filter, onTcp, onTagged, onArp] of [
    ['', true, true, true],
    ['tcp', true, false, false],
    ['tcp port 80', true, false, false],
    ['dst port 80 and src host 10.1.2.3', true, false, false],
    ['src port 80', false, false, false],
    ['port http', true, false, false],
    ['port domain', false, false, false],
    ['tcp[tcpflags] & tcp-syn != 0', true, false, false],
    ['vlan', false, true, false],
    ['vlan 100 and tcp port 80', false, true, false],
    ['vlan 5', false, false, false],
    ['ip or vlan and ip', false, true, false],
    ['host 10.1.2.3', true, false, true],
    ['arp host 10.1.2.4', false, false, true],
    ['net 192.168', true, false, false],
    ['broadcast', false, false, true],
    ['ether src 02:00:00:00:00:02', true, true, true],
    ['less 50', false, true, true],
    ['len > 50 or arp', true, false, true],
    ['not (tcp or arp)', false, true, false],
  ] as const) {
    test(filter === '' ? 'the empty filter' : filter, () => {
      expect([matches(filter, tcpSyn), matches(filter, tagged), matches(filter, arp)]).toEqual([
        onTcp,
        onTagged,
        onArp,
      ]);
    });
  }
});

describe('computed values', () => {
  const bytes = Uint8Array.of(6, 2, 200, 0, 255, 128, 0, 10, 2, ...Array(60).fill(1));
  for (const [filter, holds] of [
    ['5 > ether[1]', true],
    ['5 > ether[0]', false],
    ['6 >= ether[0]', true],
    ['ether[0] - ether[1] = 0', false],
    ['ether[1] - ether[8] = 0', true],
    ['ether[0] + 5 = 11', true],
    ['- ether[0] = 0xfffffffa', true],
    ['ether[1] & 6 = 6', false],
    ['ether[0] & 6 = 6', true],
    ['ether[0] * 0 = 0', true],
    ['ether[4] & 0 = 0', true],
    ['ether[2] >> (16 + 16) = 0', true],
    ['ether[2] << (16 + 16) = 0', true],
    ['ether[2] / 10 / 4 = 5', true],
    ['ether[2] << 1 << 1 = 800', true],
    ['ether[2] - 100 - 50 = 50', true],
    ['ether[0] / ether[3] = 0 or ether[0] = 6', false],
    ['ether[0] = 6 or ether[0] / ether[3] = 0', true],
    ['ether[ether[0] + ether[1]] = 2', true],
  ] as const) {
    test(filter, () => {
      expect(matches(filter, bytes)).toBe(holds);
    });
  }
});

test('many values that are put aside one after another take few cells', () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, at) => (at * 3) & 63);
  const sum = (from: number, count: number): string => {
    if (count === 1) return `ether[ether[${from}]]`;
    return `(${sum(from, count / 2)} - ${sum(from + count / 2, count / 2)})`;
  };
  const value = (from: number, count: number): number =>
    count === 1 ? bytes[bytes[from]!]! : value(from, count / 2) - value(from + count / 2, count / 2);
  const program = compileFilter(`${sum(0, 32)} = ${value(0, 32) >>> 0}`);
  validateCbpf(program);
  expect(runCbpf(program, bytes, 64)).not.toBe(0);
});

test('a later fragment has no ports, whatever its bytes look like', () => {
  const fragment = tcpSyn.slice();
  fragment[21] = 1;
  expect(matches('tcp', fragment)).toBe(true);
  expect(matches('tcp port 80', fragment)).toBe(false);
  expect(matches('tcp[2:2] = 80', fragment)).toBe(false);
});

test('a value that X holds is not lost to one that needs X', () => {
  expect(matches('ip[8] > ip[9] and ip[ip[0] & 15] + ip[9] = 7', tcpSyn)).toBe(true);
  expect(matches('ip[9] < ip[8] and ip[9] + ip[ip[0] & 15] = 7', tcpSyn)).toBe(true);
});

test('a simple filter is the program that everybody knows', () => {
  expect(formatCbpf(compileFilter('ip', { snaplen: 96 }))).toBe(
    '(000) ldh      [12]\n(001) jeq      #0x800           jt 2\tjf 3\n(002) ret      #96\n(003) ret      #0\n',
  );
});

test('a filter that cannot match is one instruction', () => {
  expect(compileFilter('tcp and udp')).toEqual([{ code: 0x06, jt: 0, jf: 0, k: 0 }]);
  expect(compileFilter('1 = 2')).toEqual([{ code: 0x06, jt: 0, jf: 0, k: 0 }]);
});

test('inbound and outbound are constants of the direction', () => {
  const accept = { code: 0x06, jt: 0, jf: 0, k: 262144 };
  const reject = { ...accept, k: 0 };
  expect(compileFilter('inbound', { direction: 'in' })).toEqual([accept]);
  expect(compileFilter('inbound', { direction: 'out' })).toEqual([reject]);
  expect(compileFilter('outbound', { direction: 'out' })).toEqual([accept]);
  expect(compileFilter('inbound and tcp', { direction: 'in' })).toEqual(compileFilter('tcp'));
  expect(() => compileFilter('inbound')).toThrow('"inbound" needs packets that are seen at a port');
});

test('the netmask decides what ip broadcast is', () => {
  const broadcast = tcpSyn.slice();
  broadcast.set([10, 1, 2, 255], 30);
  const run = (netmask?: number): number =>
    runCbpf(compileFilter('ip broadcast', { netmask }), broadcast, broadcast.length);
  expect(run(0xffffff00)).toBe(262144);
  expect(run(0xffff0000)).toBe(0);
  expect(run()).toBe(0);
});

test('names come from the resolver', () => {
  const resolver: Resolver = {
    service: (name) => (name === 'mine' ? [{ port: 80, protocol: 'tcp' }] : []),
    protocol: (name) => (name === 'six' ? 6 : undefined),
    addresses: (name) => (name === 'box' ? ['10.1.2.3', 'fe80::1'] : []),
    network: (name) => (name === 'lab' ? 0x0a010203 : name === 'ten' ? 10 : undefined),
    etherAddress: (name) => (name === 'box' ? '2:0:0:0:0:1' : undefined),
    known: () => ['mine'],
  };
  for (const filter of [
    'port mine',
    'ip proto six',
    'host box',
    'src box',
    'ip host box',
    'not ip6 host box',
    'ether host box',
    'net lab',
    'ip src net lab',
    'net ten',
    'not arp net ten',
    'ether dst box or ip',
  ]) {
    expect(runCbpf(compileFilter(filter, { resolver }), tcpSyn, tcpSyn.length), filter).not.toBe(0);
  }
  expect(() => compileFilter('udp port mine', { resolver })).toThrow('service "mine" is of tcp, not of udp');
  expect(() => compileFilter('port mime', { resolver })).toThrow('did you mean "mine"?');
  expect(() => compileFilter('port http', { resolver })).toThrow('unknown service "http"');
  expect(() => compileFilter('host nobody', { resolver })).toThrow('unknown host "nobody"');
  expect(() => compileFilter('net nobody', { resolver })).toThrow('unknown network "nobody"');
  expect(() => compileFilter('ip6 net lab', { resolver })).toThrow('"ip6" has no IPv4 addresses');
  for (const [named, numbered] of [
    ['net lab', 'net 10.1.2.3'],
    ['dst net ten', 'dst net 10'],
    ['arp net ten', 'arp net 10.0.0.0/8'],
  ] as const) {
    expect(compileFilter(named, { resolver }), named).toEqual(compileFilter(numbered));
  }
  expect(() => compileFilter('ether host nobody', { resolver })).toThrow('unknown Ethernet host "nobody"');
});

test('names that objects have by nature are no services', () => {
  expect(() => compileFilter('port constructor')).toThrow('unknown service "constructor"');
  expect(() => compileFilter('ip proto toString')).toThrow('unknown IP protocol "toString"');
});

test('a gateway is a host that passes packets of others on', () => {
  const resolver: Resolver = {
    ...builtinNames,
    addresses: (name) => (name === 'two' ? ['10.9.9.9', 'fe80::1'] : name === 'far' ? ['fe80::2'] : []),
    etherAddress: (name) => (name === 'two' ? '02:00:00:00:00:02' : undefined),
  };
  const run = (filter: string, packet: Uint8Array): number =>
    runCbpf(compileFilter(filter, { resolver }), packet, packet.length);
  const own = tcpSyn.slice();
  own.set([10, 9, 9, 9], 26);
  expect(run('gateway two', tcpSyn)).not.toBe(0);
  expect(run('ip gateway two', tcpSyn)).not.toBe(0);
  expect(run('gateway two', own)).toBe(0);
  expect(run('not gateway two', own)).not.toBe(0);
  for (const [filter, message] of [
    ['gateway one', 'unknown host "one": a gateway needs an IPv4 address'],
    ['gateway far', 'unknown host "far"'],
    ['gateway 10.1.2.3', 'an address after "gateway": expected the name of a host'],
    ['tcp gateway two', '"tcp gateway": expected ip, arp, rarp or nothing before "gateway"'],
  ] as const) {
    expect(() => run(filter, tcpSyn), filter).toThrow(message);
  }
});

describe('link types', () => {
  const ip = tcpSyn.slice(14);
  const behind = (header: string): Uint8Array => Uint8Array.from([...frame(header), ...ip]);
  for (const [linkType, packet] of [
    [12, ip],
    [101, ip],
    [0, behind('02000000')],
    [108, behind('00000002')],
    [113, behind('0000 0001 0006 020000000002 0000 0800')],
    [276, behind('0800 0000 00000003 0001 00 06 020000000002 0000')],
  ] as const) {
    test(`number ${linkType}`, () => {
      const run = (filter: string): number =>
        runCbpf(compileFilter(filter, { linkType }), packet, packet.length);
      expect(run('tcp dst port 80 and src host 10.1.2.3')).not.toBe(0);
      expect(run('ip6 or arp')).toBe(0);
      expect(() => run('vlan')).toThrow('expected Ethernet');
      expect(() => run('ether host 1:2:3:4:5:6')).toThrow('has no Ethernet addresses');
    });
  }

  test('what the packets themselves tell needs no option', () => {
    const packet = behind('0800 0000 00000003 0001 04 06 020000000002 0000');
    const run = (filter: string): number =>
      runCbpf(compileFilter(filter, { linkType: 276 }), packet, packet.length);
    expect([run('outbound'), run('inbound'), run('ifindex 3'), run('ifindex 4')].map(Boolean)).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(() => compileFilter('ifindex 3')).toThrow('only Linux cooked v2 has it in the packet');
  });
});

test('a variable that nothing was assigned to is 0', () => {
  const program = compileFilter('geneve or arp');
  const isStore = ({ code }: { readonly code: number }): boolean => code === 0x02 || code === 0x03;
  const cells = program.filter(isStore).map(({ k }) => k);
  expect(program.findIndex(isStore)).toBeLessThan(program.findIndex(({ code }) => (code & 7) === 5));
  expect(new Set(cells).size).toBe(3);
  expect(runCbpf(program, arp, arp.length)).toBe(0);
});

test('a chain of more headers than are looked at does not match', () => {
  const chained = (count: number): Uint8Array =>
    frame(
      `${macs} 86dd 60000000 0020 00 40 ${'00'.repeat(32)} ${'0000010400000000'.repeat(count - 1)} 0600010400000000 0050`,
    );
  expect(matches('ip6 protochain 6', chained(8))).toBe(true);
  expect(matches('ip6 protochain 6', chained(9))).toBe(false);
});

test('a chain goes on behind an authentication header', () => {
  const authenticated = frame(
    `${macs} 86dd 60000000 0020 33 40 ${'00'.repeat(32)} 3c04000000000001 00000001aaaaaaaabbbbbbbbcccccccc 0600010400000000 0050`,
  );
  expect(matches('ip6 protochain 6', authenticated)).toBe(true);
  expect(matches('ip6 protochain 60', authenticated)).toBe(true);
  expect(matches('ip6 protochain 17', authenticated)).toBe(false);
});

describe('refusals point at the operand', () => {
  for (const [filter, message] of [
    ['port 65536', 'port 65536: expected at most 65535\n  port 65536\n       ^^^^^'],
    ['ip[0] / 0 = 1', 'division by zero\n  ip[0] / 0 = 1\n          ^'],
    ['ip[0] % (1 - 1) = 1', 'modulus by zero\n'],
    ['ip[0] << 32 = 1', 'a shift by 32 bits: expected at most 31\n  ip[0] << 32 = 1\n           ^^'],
    ['vlan 4096', 'VLAN 4096: expected at most 4095\n  vlan 4096\n  ^^^^^^^^^'],
    [
      'net 10.1/8',
      '"10.1" has bits outside its mask: expected the address of a network\n  net 10.1/8\n      ^^^^^^',
    ],
    ['net fe80::1/10', '"fe80::1/10" has bits outside its mask'],
    ['host 10.1.2.3/32', 'a mask is for networks: expected "net" before the address'],
    ['tcp host 10.1.2.3', '"tcp" has no IPv4 addresses'],
    ['ip host ::1', '"ip" has no IPv6 addresses'],
    ['ether port 80', '"ether" has no ports'],
    ['host 1:2:3:4:5:6', 'an Ethernet address: expected "ether host"'],
    ['arp proto 1', '"arp proto": expected ether, ip, ip6 or nothing before "proto"'],
    ['ah[0] = 1', 'the bytes of "ah" cannot be read this way'],
    ['ip6 broadcast', '"ip6 broadcast": expected ether, ip or nothing before "broadcast"'],
    ['ether proto \\tcp', 'unknown Ethernet protocol "tcp"'],
    ['ether', 'the link layer is in every packet'],
    ['mpls 1048576', 'MPLS label 1048576: expected at most 1048575'],
    ['pppoes 65536', 'PPPoE session 65536: expected at most 65535'],
    ['geneve 16777216', 'Geneve network 16777216: expected at most 16777215'],
    [
      'mpls and vlan',
      '"vlan" behind an MPLS label: expected it before "mpls"\n  mpls and vlan\n           ^^^^',
    ],
    ['mpls and arp', 'behind an MPLS label only IPv4 and IPv6 can be told\n  mpls and arp\n           ^^^'],
    ['pppoes and vlan', '"vlan" on PPP: expected Ethernet'],
    ['pppoes and llc', '"llc" on PPP: expected Ethernet'],
    ['pppoes and broadcast', 'PPP has no Ethernet addresses'],
    ['llc ux', 'unknown type of LLC frame "ux"'],
    ['llc sabm', 'did you mean "sabme"?'],
    ['geneve and ip protochain 6', 'behind headers of variable length: expected it before "geneve"'],
    ['tcp protochain 6', '"tcp protochain": expected ip, ip6 or nothing before "protochain"'],
    ['isis proto \\lsp', 'IS-IS protocol "lsp": expected its number'],
    ['decnet host box', 'DECnet host "box": expected its address'],
    ['decnet src 1.2/8', 'DECnet addresses have no mask'],
    [Array(6).fill('geneve').join(' and '), 'too many times "geneve" in one filter'],
  ] as const) {
    test(filter, () => {
      expect(() => compileFilter(filter)).toThrow(CompileError);
      expect(() => compileFilter(filter)).toThrow(message);
    });
  }

  test('a link type that filters do not know', () => {
    expect(() => compileFilter('tcp', { linkType: 105 })).toThrow(UnsupportedError);
  });
});

test('a list too long for one jump still goes everywhere', () => {
  const hosts = Array.from({ length: 300 }, (_, i) => `10.2.${i >> 8}.${i & 255}`);
  const program = compileFilter(`src host ${hosts.join(' or ')} or 10.1.2.3`);
  validateCbpf(program);
  expect(program.length).toBeGreaterThan(300);
  expect(runCbpf(program, tcpSyn, tcpSyn.length)).toBe(262144);
  expect(runCbpf(program, tagged, tagged.length)).toBe(0);
});

test('a filter that needs too many instructions is refused', () => {
  const hosts = Array.from({ length: 2000 }, (_, i) => `10.2.${i >> 8}.${i & 255}`);
  expect(() => compileFilter(`host ${hosts.join(' or ')}`)).toThrow('instructions: expected at most 4096');
}, 60_000);

test('any text compiles to a valid program or is refused with a diagnostic', () => {
  const word = fc.constantFrom(
    ...[
      'tcp',
      'port',
      'host',
      'net',
      '80',
      '10.1.2.3',
      '::1',
      '1:2:3:4:5:6',
      '(',
      ')',
      '[',
      ']',
      ':',
      '=',
      '&',
      '%',
      '-',
      'not',
    ],
    ...[
      'and',
      'or',
      'src',
      'dst',
      'vlan',
      'len',
      'ip',
      'ether',
      'proto',
      '\\tcp',
      'foo',
      '0x',
      '99999999999',
      'byte',
      '/',
      'mask',
    ],
  );
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    fc.string({ maxLength: 30 }),
  );
  fc.assert(
    fc.property(text, (filter) => {
      try {
        validateCbpf(compileFilter(filter));
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
        const { span } = error.diagnostics[0]!;
        expect(span.start).toBeLessThanOrEqual(span.end);
        expect(span.end).toBeLessThanOrEqual(filter.length);
      }
    }),
    { numRuns: 3000, seed: 1 },
  );
});
