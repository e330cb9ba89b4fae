/** Every accessor of every view, over bytes that make each value different. */
import { describe, expect, test } from 'vitest';
import { ArpView } from './arp.ts';
import { EthernetView } from './ethernet.ts';
import { GeneveView } from './geneve.ts';
import { GreView } from './gre.ts';
import { GtpView } from './gtp.ts';
import { IcmpView } from './icmp.ts';
import { AhView, EspView } from './ipsec.ts';
import { Ipv4View } from './ipv4.ts';
import { Ipv6ExtensionView, Ipv6FragmentView, Ipv6View } from './ipv6.ts';
import { LinuxSll2View, LinuxSllView } from './linux-sll.ts';
import { LlcView } from './llc.ts';
import { MplsView } from './mpls.ts';
import { NullLoopbackView } from './null-loopback.ts';
import { Part } from './part.ts';
import { PppoeView } from './pppoe.ts';
import { SctpChunkView, SctpView } from './sctp.ts';
import { TcpView, tryTcpOption } from './tcp.ts';
import { UdpView } from './udp.ts';
import { isVlanType, VlanView } from './vlan.ts';
import { VxlanView } from './vxlan.ts';

/** A part that does not start at the first of its bytes. */
function part(hex: string, length?: number): Part {
  const bytes = Buffer.from(`ee${hex.replaceAll(' ', '')}`, 'hex');
  return new Part(bytes, 1, bytes.length, length ?? bytes.length - 1);
}

function shown(value: unknown): unknown {
  if (value instanceof Part) return hexOf(value.borrow(0, value.end - value.start));
  return value instanceof Uint8Array ? hexOf(value) : value;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

type View = Record<string, unknown>;

const VIEWS: readonly {
  name: string;
  bytes: string;
  /** One byte less and there is no view. */
  header: number;
  of: (part: Part) => object | undefined;
  want: Record<string, unknown>;
}[] = [
  {
    name: 'Ethernet',
    bytes: '010203040506 0708090a0b0c 0800 ff',
    header: 14,
    of: EthernetView.tryOf,
    want: {
      borrowDestination: '010203040506',
      borrowSource: '0708090a0b0c',
      etherType: 0x0800,
      payload: 'ff',
    },
  },
  {
    name: 'VLAN',
    bytes: 'b123 86dd ff',
    header: 4,
    of: VlanView.tryOf,
    want: { id: 0x123, priority: 5, dropEligible: true, etherType: 0x86dd, payload: 'ff' },
  },
  {
    name: 'MPLS',
    bytes: '12345 b40 ff',
    header: 4,
    of: MplsView.tryOf,
    want: { label: 0x12345, trafficClass: 5, bottomOfStack: true, ttl: 0x40, payload: 'ff' },
  },
  {
    name: 'PPPoE',
    bytes: '11 09 0102 0001 aabb',
    header: 6,
    of: PppoeView.tryOf,
    want: { code: 9, sessionId: 0x0102, payloadLength: 1, payload: 'aa' },
  },
  {
    name: 'ARP',
    bytes: '0001 0800 06 04 0002 010203040506 0a000001 0708090a0b0c 0a000002',
    header: 28,
    of: ArpView.tryOf,
    want: {
      hardwareType: 1,
      protocolType: 0x0800,
      hardwareLength: 6,
      protocolLength: 4,
      operation: 2,
      length: 28,
      borrowSenderHardware: '010203040506',
      borrowSenderProtocol: '0a000001',
      borrowTargetHardware: '0708090a0b0c',
      borrowTargetProtocol: '0a000002',
    },
  },
  {
    name: 'IPv4',
    bytes: '46 03 001a 1234 6001 40 11 abcd 0a000001 0a000002 01010101 aabbcc',
    header: 20,
    of: Ipv4View.tryOf,
    want: {
      version: 4,
      headerLength: 24,
      trafficClass: 3,
      totalLength: 26,
      identification: 0x1234,
      dontFragment: true,
      moreFragments: true,
      fragmentOffset: 8,
      ttl: 64,
      protocol: 17,
      checksum: 0xabcd,
      borrowSource: '0a000001',
      borrowDestination: '0a000002',
      payload: 'aabb',
    },
  },
  {
    name: 'IPv6',
    bytes: `6ab cdef1 0002 11 40 ${'01'.repeat(16)} ${'02'.repeat(16)} aabbcc`,
    header: 40,
    of: Ipv6View.tryOf,
    want: {
      version: 6,
      trafficClass: 0xab,
      flowLabel: 0xcdef1,
      payloadLength: 2,
      nextHeader: 17,
      hopLimit: 64,
      borrowSource: '01'.repeat(16),
      borrowDestination: '02'.repeat(16),
      payload: 'aabb',
    },
  },
  {
    name: 'IPv6 extension',
    bytes: '11 00 010203040506 aa',
    header: 8,
    of: Ipv6ExtensionView.tryOf,
    want: { nextHeader: 17, length: 8, payload: 'aa' },
  },
  {
    name: 'IPv6 fragment',
    bytes: '11 00 05a9 01020304 aa',
    header: 8,
    of: Ipv6FragmentView.tryOf,
    want: {
      nextHeader: 17,
      fragmentOffset: 1448,
      moreFragments: true,
      identification: 0x01020304,
      payload: 'aa',
    },
  },
  {
    name: 'ICMP',
    bytes: '08 01 0203 8405 0607 aa',
    header: 8,
    of: IcmpView.tryOf,
    want: {
      type: 8,
      code: 1,
      checksum: 0x0203,
      identifier: 0x8405,
      sequence: 0x0607,
      rest: 0x84050607,
      payload: 'aa',
    },
  },
  {
    name: 'TCP',
    bytes: '0102 0304 85060708 890a0b0c 60 12 0d0e 0f10 1112 01010402 aa',
    header: 20,
    of: TcpView.tryOf,
    want: {
      sourcePort: 0x0102,
      destinationPort: 0x0304,
      sequence: 0x85060708,
      acknowledgement: 0x890a0b0c,
      headerLength: 24,
      flags: 0x12,
      window: 0x0d0e,
      checksum: 0x0f10,
      urgentPointer: 0x1112,
      optionsPart: '01010402',
      payload: 'aa',
    },
  },
  {
    name: 'UDP',
    bytes: '0102 0304 0009 0506 aabb',
    header: 8,
    of: UdpView.tryOf,
    want: { sourcePort: 0x0102, destinationPort: 0x0304, length: 9, checksum: 0x0506, payload: 'aa' },
  },
  {
    name: 'SCTP',
    bytes: '0102 0304 85060708 090a0b0c aa',
    header: 12,
    of: SctpView.tryOf,
    want: { sourcePort: 0x0102, destinationPort: 0x0304, verificationTag: 0x85060708, payload: 'aa' },
  },
  {
    name: 'SCTP chunk',
    bytes: '0a 03 0005 aabbccdd ee',
    header: 4,
    of: SctpChunkView.tryOf,
    want: { type: 10, flags: 3, length: 5, following: 'ee' },
  },
  {
    name: 'GRE with all fields',
    bytes: 'b000 0800 01020000 00000009 00000005 aa',
    header: 16,
    of: GreView.tryOf,
    want: {
      version: 0,
      protocol: 0x0800,
      headerLength: 16,
      checksum: 0x0102,
      offset: 0,
      key: 9,
      sequence: 5,
      payload: 'aa',
    },
  },
  {
    name: 'GRE with none',
    bytes: '0000 86dd aa',
    header: 4,
    of: GreView.tryOf,
    want: {
      version: 0,
      protocol: 0x86dd,
      headerLength: 4,
      checksum: undefined,
      offset: undefined,
      key: undefined,
      sequence: undefined,
      payload: 'aa',
    },
  },
  {
    name: 'VXLAN',
    bytes: '08 000000 abcdef 00 aa',
    header: 8,
    of: VxlanView.tryOf,
    want: { flags: 8, vni: 0xabcdef, payload: 'aa' },
  },
  {
    name: 'GENEVE with options',
    bytes: '42 c0 6558 abcdef 00 0102030405060708 aa',
    header: 8,
    of: GeneveView.tryOf,
    want: {
      version: 1,
      headerLength: 16,
      flags: 0xc0,
      protocol: 0x6558,
      vni: 0xabcdef,
      optionsPart: '0102030405060708',
      payload: 'aa',
    },
  },
  {
    name: 'GTP with a sequence number and an extension header',
    bytes: '36 ff 0010 89abcdef 1234 00 85 01 1009 00 45',
    header: 8,
    of: GtpView.tryOf,
    want: {
      version: 1,
      isGtp: true,
      flags: 0x36,
      messageType: 255,
      payloadLength: 16,
      teid: 0x89abcdef,
      sequence: 0x1234,
      tryHeaderLength: 16,
    },
  },
  {
    name: 'AH',
    bytes: '06 04 0000 81020304 85060708 010203040506070809101112 aa',
    header: 12,
    of: AhView.tryOf,
    want: { nextHeader: 6, headerLength: 24, spi: 0x81020304, sequence: 0x85060708, payload: 'aa' },
  },
  {
    name: 'ESP',
    bytes: '81020304 85060708 aa',
    header: 8,
    of: EspView.tryOf,
    want: { spi: 0x81020304, sequence: 0x85060708 },
  },
  {
    name: 'Linux cooked',
    bytes: '0004 0001 0006 0102030405060000 0800 aa',
    header: 16,
    of: LinuxSllView.tryOf,
    want: { packetType: 4, hardwareType: 1, protocol: 0x0800, payload: 'aa' },
  },
  {
    name: 'Linux cooked, second form',
    bytes: '86dd 0000 00000007 0304 02 06 0102030405060000 aa',
    header: 20,
    of: LinuxSll2View.tryOf,
    want: { packetType: 2, hardwareType: 0x0304, interfaceIndex: 7, protocol: 0x86dd, payload: 'aa' },
  },
  {
    name: 'BSD loopback of a little-endian machine',
    bytes: '1e000000 60',
    header: 4,
    of: NullLoopbackView.tryOf,
    want: { family: 30, ipVersion: 6, payload: '60' },
  },
  {
    name: 'BSD loopback in network order',
    bytes: '00000002 45',
    header: 4,
    of: NullLoopbackView.tryOf,
    want: { family: 2, ipVersion: 4, payload: '45' },
  },
  {
    name: 'LLC with SNAP',
    bytes: 'aa aa 03 00000c 2000 ee',
    header: 3,
    of: LlcView.tryOf,
    want: {
      destinationSap: 0xaa,
      sourceSap: 0xaa,
      control: 3,
      headerLength: 8,
      isSnap: true,
      organization: 12,
      protocol: 0x2000,
    },
  },
  {
    name: 'LLC of a numbered frame',
    bytes: '04 05 02 01 ee',
    header: 4,
    of: LlcView.tryOf,
    want: {
      destinationSap: 4,
      sourceSap: 5,
      control: 0x0102,
      headerLength: 4,
      isSnap: false,
      organization: undefined,
      protocol: undefined,
    },
  },
];

describe.for(VIEWS)('$name', ({ bytes, header, of, want }) => {
  test('every accessor', () => {
    const view = of(part(bytes)) as View;
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(view)));
    const got = accessors
      .filter(([name]) => name !== 'constructor')
      .map(([name, { get, value }]) => [name, shown((get ?? value).call(view))]);
    expect(Object.fromEntries(got)).toEqual(want);
  });

  test('no view of one byte less', () => {
    const whole = part(bytes);
    expect(of(new Part(whole.bytes, whole.start, whole.start + header, 1000))).toBeDefined();
    expect(of(new Part(whole.bytes, whole.start, whole.start + header - 1, 1000))).toBeUndefined();
  });
});

test('the EtherTypes of tags', () => {
  expect([0x8100, 0x88a8, 0x9100, 0x9200, 0x0800].map(isVlanType)).toEqual([true, true, true, true, false]);
});

describe('parts', () => {
  test('keep the length on the wire apart from what was captured', () => {
    const whole = part('0102030405', 100);
    expect(whole.after(2)).toMatchObject({ start: 3, end: 6, length: 98 });
    expect(whole.after(50)).toMatchObject({ start: 6, end: 6, length: 50 });
    expect(whole.after(200)).toMatchObject({ start: 6, end: 6, length: 0 });
    expect(whole.limit(3)).toMatchObject({ start: 1, end: 4, length: 3 });
    expect(whole.limit(30)).toMatchObject({ start: 1, end: 6, length: 30 });
    expect([whole.has(5), whole.has(6)]).toEqual([true, false]);
  });

  test('numbers are unsigned and in network order', () => {
    const whole = part('fffefdfc');
    expect([whole.u8(0), whole.u16(0), whole.u24(0), whole.u32(0)]).toEqual([
      0xff, 0xfffe, 0xfffefd, 0xfffefdfc,
    ]);
  });
});

describe('TCP options', () => {
  test.for([
    ['020405b4 01', { kind: 2, length: 4 }, '05b4'],
    ['01 020405b4', { kind: 1, length: 1 }, ''],
    ['00', { kind: 0, length: 1 }, ''],
    ['0402', { kind: 4, length: 2 }, ''],
  ] as const)('%s', ([hex, want, data]) => {
    const option = tryTcpOption(part(hex));
    if (typeof option === 'string') throw new Error(option);
    expect(option).toMatchObject(want);
    expect(shown(option.data)).toBe(data);
  });

  test.for([
    ['02', 1, 'bad'],
    ['0201', 2, 'bad'],
    ['0205 0000', 4, 'bad'],
    ['02', 4, 'truncated'],
    ['0204 05', 4, 'truncated'],
    ['', 4, 'truncated'],
  ] as const)('%s of %i bytes is %s', ([hex, length, want]) => {
    expect(tryTcpOption(part(hex, length))).toBe(want);
  });
});
