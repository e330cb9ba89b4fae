import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatIpv6, formatMac, parseIp, parseMac } from './address.ts';

test.for([
  // The cases of RFC 5952, section 4.
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['1:0:0:0:0:0:0:0', '1::'],
  ['0:0:0:0:0:ffff:a00:1', '::ffff:10.0.0.1'],
  ['0:0:0:0:0:0:a00:1', '::10.0.0.1'],
] as const)('%s is written %s', ([long, short]) => {
  expect(formatIpv6(parseIp(long))).toBe(short);
});

test('an address survives being written and read', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((all) => {
    all[0] = 0x20; // no dotted end
    return all;
  });
  fc.assert(
    fc.property(bytes, (address) => {
      expect(parseIp(formatIpv6(address))).toEqual(address);
    }),
  );
  const zeros = Uint8Array.from([0x20, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  expect(parseIp(formatIpv6(zeros))).toEqual(zeros);
});

test('MAC addresses', () => {
  expect(formatMac(parseMac('02:00:0a:ff:00:01'))).toBe('02:00:0a:ff:00:01');
});
