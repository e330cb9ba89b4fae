/** The composed bytes themselves; that whole frames are right is held against tshark in against-tools.test.ts. */
import { expect, test } from 'vitest';
import { internetChecksum } from './checksum.ts';
import { composeEthernet, composeIpv4, composeTcp, composeUdp, composeVxlan } from './compose.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test('the example of RFC 1071, section 3', () => {
  expect(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(
    0xddf2 ^ 0xffff,
  );
});

test('pieces sum up as one, and an odd byte counts as the upper half of a word', () => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5);
  expect(internetChecksum(whole.subarray(0, 2), whole.subarray(2))).toBe(internetChecksum(whole));
  expect(internetChecksum(whole)).toBe((0x0102 + 0x0304 + 0x0500) ^ 0xffff);
});

test('an IPv4 header', () => {
  const { bytes } = composeIpv4(
    { source: '192.168.0.1', destination: '192.168.0.199', dontFragment: true },
    { protocol: 17, bytes: new Uint8Array(95) },
  );
  expect(hex(bytes.subarray(0, 20))).toBe('450000730000400040' + '11b861c0a80001c0a800c7');
});

test('a UDP checksum that comes out as 0 is sent as 0xffff', () => {
  const ip = { source: '0.0.0.0', destination: '0.0.0.0' };
  const ports = { sourcePort: 0, destinationPort: 0 };
  // Protocol 17, and twice the length, 10: this payload makes the sum 0xffff.
  const payload = Uint8Array.of(0xff, 0xff - 17 - 20);
  const { bytes } = composeIpv4(ip, composeUdp(ports, payload));
  expect(hex(bytes.subarray(20))).toBe('0000' + '0000' + '000a' + 'ffff' + 'ffda');
});

test('TCP flags and padded options', () => {
  const { bytes } = composeTcp({
    sourcePort: 1,
    destinationPort: 2,
    sequence: 0xffff_ffff,
    acknowledgement: 0x8000_0000,
    flags: 'S.EW',
    window: 3,
    options: [3, 3, 7],
  });
  expect(hex(bytes)).toBe(
    '0001' + '0002' + 'ffffffff' + '80000000' + '60d2' + '0003' + '0000' + '0000' + '03030700',
  );
});

test('frames are padded to 60 bytes, and tags stand outermost first', () => {
  const frame = composeEthernet(
    {
      source: '02:00:00:00:00:01',
      destination: 'ff:ff:ff:ff:ff:ff',
      vlans: [{ id: 5, priority: 7, tpid: 0x88a8 }, { id: 0xfff }],
    },
    { etherType: 0x88b5, bytes: Uint8Array.of(1) },
  );
  expect(hex(frame)).toBe(`ffffffffffff020000000001${'88a8e005'}${'81000fff'}88b501${'00'.repeat(37)}`);
});

test('a VXLAN header', () => {
  expect(hex(composeVxlan(0xabcdef, Uint8Array.of(9)))).toBe('0800000' + '0abcdef00' + '09');
});
