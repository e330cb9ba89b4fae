import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError, UnsupportedError } from '../base/index.ts';
import { formatCbpf, runCbpf, validateCbpf } from '../bpf/index.ts';
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
  ]) {
    expect(runCbpf(compileFilter(filter, { resolver }), tcpSyn, tcpSyn.length), filter).not.toBe(0);
  }
  expect(() => compileFilter('udp port mine', { resolver })).toThrow('service "mine" is of tcp, not of udp');
  expect(() => compileFilter('port mime', { resolver })).toThrow('did you mean "mine"?');
  expect(() => compileFilter('port http', { resolver })).toThrow('unknown service "http"');
  expect(() => compileFilter('host nobody', { resolver })).toThrow('unknown host "nobody"');
});

test('names that objects have by nature are no services', () => {
  expect(() => compileFilter('port constructor')).toThrow('unknown service "constructor"');
  expect(() => compileFilter('ip proto toString')).toThrow('unknown IP protocol "toString"');
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
  ] as const) {
    test(filter, () => {
      expect(() => compileFilter(filter)).toThrow(CompileError);
      expect(() => compileFilter(filter)).toThrow(message);
    });
  }

  test('a link type that is not Ethernet', () => {
    expect(() => compileFilter('tcp', { linkType: 113 })).toThrow(UnsupportedError);
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
