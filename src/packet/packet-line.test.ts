import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  composeArp,
  composeEthernet,
  composeIcmp,
  composeIpv4,
  composeIpv6,
  composeTcp,
  composeUdp,
  composeVxlan,
  type NetworkPacket,
  type Segment,
} from './compose.ts';
import { formatPacketLine } from './packet-line.ts';
import { sampleTraffic } from './sample.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

const MACS = { source: '02:00:00:00:00:01', destination: '02:00:00:00:00:02' };
const IPV4 = { source: '10.0.0.1', destination: '10.0.0.2' };

function line(packet: NetworkPacket, vlanIds: readonly number[] = []): string {
  const frame = composeEthernet({ ...MACS, vlans: vlanIds.map((id) => ({ id })) }, packet);
  return formatPacketLine(frame, frame.length);
}

function sctp(...chunks: readonly number[]): Segment {
  return { protocol: 132, bytes: Uint8Array.of(0, 7, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, ...chunks) };
}

const syn = composeTcp({ sourcePort: 1234, destinationPort: 80, sequence: 1, flags: 'S' });
const ping = composeIcmp({ type: 8, rest: 0x0001_0002 }, new Uint8Array(56));

describe('one packet of each kind', () => {
  test.for<[string, string]>([
    ['IP 10.0.0.1.1234 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0', line(composeIpv4(IPV4, syn))],
    [
      'vlan 5, p 0, IP 10.0.0.1.1234 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0',
      line(composeIpv4(IPV4, syn), [5]),
    ],
    [
      'vlan 5, p 0, vlan 6, p 0, IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 2, length 64',
      line(composeIpv4(IPV4, ping), [5, 6]),
    ],
    [
      'IP6 2001:db8::1.53 > 2001:db8::2.5353: UDP, length 3',
      line(
        composeIpv6(
          { source: '2001:db8::1', destination: '2001:db8::2' },
          composeUdp({ sourcePort: 53, destinationPort: 5353 }, new Uint8Array(3)),
        ),
      ),
    ],
    [
      'ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01, length 46',
      line(
        composeArp({
          operation: 'reply',
          senderMac: MACS.source,
          senderIp: '10.0.0.1',
          targetMac: MACS.destination,
          targetIp: '10.0.0.2',
        }),
      ),
    ],
    [
      'IP 10.0.0.1.7 > 10.0.0.2.9: sctp (1) [COOKIE ECHO], (2) [DATA]',
      line(composeIpv4(IPV4, sctp(10, 0, 0, 5, 1, 0, 0, 0, 0, 3, 0, 4))),
    ],
    [
      'IP 10.0.0.1.7 > 10.0.0.2.9: sctp (1) [Unknown chunk type: 0x63], [bad chunk length 3, too short, < 4]',
      line(composeIpv4(IPV4, sctp(0x63, 0, 0, 3, 1, 2, 3, 4))),
    ],
    [
      'IP 10.0.0.1.5 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 77: ' +
        'IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 2, length 64',
      line(
        composeIpv4(
          IPV4,
          composeUdp(
            { sourcePort: 5, destinationPort: 4789 },
            composeVxlan(77, composeEthernet(MACS, composeIpv4(IPV4, ping))),
          ),
        ),
      ),
    ],
    [
      '02:00:00:00:00:01 > 02:00:00:00:00:02, 802.3, length 3',
      line({ etherType: 3, bytes: Uint8Array.of(0x42, 0x42, 3) }),
    ],
    ['PPPoE PADI', line({ etherType: 0x8863, bytes: Uint8Array.of(0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0) })],
    [
      'PPPoE  [ses 0x7] ppp-proto-0xc021',
      line({ etherType: 0x8864, bytes: Uint8Array.of(0x11, 0, 0, 7, 0, 6, 0xc0, 0x21, 1, 1, 0, 4) }),
    ],
    [
      'IP 10.0.0.1 > 10.0.0.2: GREv1, length 8',
      line(composeIpv4(IPV4, { protocol: 47, bytes: Uint8Array.of(0x20, 1, 0x88, 0x0b, 0, 0, 0, 9) })),
    ],
  ])('%s', ([want, got]) => {
    expect(got).toBe(want);
  });
});

test('a Hop-by-Hop Options header after another one ends the line', () => {
  const bytes = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0);
  const packet = composeIpv6({ source: '::1', destination: '::2' }, { protocol: 60, bytes });
  expect(line(packet)).toBe('IP6 ::1 > ::2: DSTOPT [HBH not first] (invalid)');
});

test('TCP options that are wrong are said so, and end the list', () => {
  const options = [2, 4, 5, 180, 8, 3, 9, 30, 40, 1];
  const segment = composeTcp({ sourcePort: 1, destinationPort: 2, sequence: 0, flags: '.', options });
  expect(line(composeIpv4(IPV4, segment))).toBe(
    'IP 10.0.0.1.1 > 10.0.0.2.2: Flags [.], ack 0, win 64240, options [mss 1460,TS 0x09[len 3],bad opt], length 0',
  );
});

test('TCP options that were not captured', () => {
  const segment = composeTcp({
    sourcePort: 1,
    destinationPort: 2,
    sequence: 0,
    flags: '.',
    options: [2, 4, 5, 180],
  });
  const frame = composeEthernet(MACS, composeIpv4(IPV4, segment));
  expect(formatPacketLine(frame.subarray(0, 57), frame.length)).toBe(
    'IP 10.0.0.1.1 > 10.0.0.2.2: Flags [.], ack 0, win 64240, options [ [|tcp]',
  );
});

test('a hostile packet of thousands of packets is opened a few levels deep', () => {
  const header = composeIpv4(IPV4, { protocol: 4, bytes: new Uint8Array(0) }).bytes;
  const bytes = new Uint8Array(65_500);
  for (let at = 0; at + 20 <= bytes.length; at += 20) {
    bytes.set(header, at);
    new DataView(bytes.buffer).setUint16(at + 2, bytes.length - at);
  }
  const text = line({ etherType: 0x0800, bytes });
  expect(text).toBe(`${'IP 10.0.0.1 > 10.0.0.2: '.repeat(9)}[nested too deep]`);
});

test('any bytes give one line', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(0xffff), (frame, originalLength) => {
      expect(formatPacketLine(frame, originalLength)).not.toMatch(/\n|undefined|NaN/);
    }),
    { numRuns: 2_000 },
  );
});

const samples = [...sampleTraffic({ packets: 300, seed: 5 })].map(({ frame }) => frame);

test('damaged packets give one line', () => {
  const damage = fc.array(fc.tuple(fc.nat(119), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...samples), damage, fc.nat(1_600), (sample, changes, length) => {
      const frame = sample.slice(0, length);
      for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
      expect(formatPacketLine(frame, sample.length)).not.toMatch(/\n|undefined|NaN/);
    }),
    { numRuns: 5_000 },
  );
});
