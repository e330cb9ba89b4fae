/**
 * Packets for the comparison of fields with tshark: every protocol of the field table over every link type that can
 * carry it, as text in hexadecimal. Deterministic.
 */

export interface FieldPacket {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  readonly originalLength: number;
}

const hexLength = (text: string): number => text.replace(/\s/g, '').length / 2;
const word = (value: number, bytes = 2): string => value.toString(16).padStart(2 * bytes, '0');

function ip4(protocol: number, payload: string, { fragment = '4000', options = '' } = {}): string {
  const headerLength = 20 + hexLength(options);
  const length = word(headerLength + hexLength(payload));
  const start = `4${(headerLength / 4).toString(16)}2e ${length} 1a2b ${fragment} 3f ${word(protocol, 1)} 1234`;
  return `${start} 0a010203 c0a80105 ${options} ${payload}`;
}

function ip6(next: number, payload: string): string {
  const addresses = '20010db8000000000000000000000001 fe80000000000000020000fffe000001';
  return `6b312345 ${word(hexLength(payload))} ${word(next, 1)} 3f ${addresses} ${payload}`;
}

function udp(source: number, destination: number, payload: string): string {
  return `${word(source)} ${word(destination)} ${word(8 + hexLength(payload))} 1234 ${payload}`;
}

function tcp(options = '', payload = '', flags = '18'): string {
  const offset = ((20 + hexLength(options)) / 4).toString(16);
  return `c001 4e21 f0000001 f0000002 ${offset}1${flags} fde8 1234 0007 ${options} ${payload}`;
}

const MACS = '0a0000000002 020000000001';
const PLAIN = udp(40_001, 40_002, 'cafebabe');
const ether = (type: string, payload: string): string => `${MACS} ${type} ${payload}`;
const over4 = (protocol: number, payload: string): string => ether('0800', ip4(protocol, payload));
const over6 = (next: number, payload: string): string => ether('86dd', ip6(next, payload));
const INNER = over4(17, PLAIN);

const SCTP_DATA = '00030014 00000009 0005 0006 0000002e cafebabe';
const SCTP_INIT = '01000014 11223344 00010000 000a 000b 00000077';
const TCP_OPTIONS = [
  '020405b4',
  '020405b4 0402 080a 0000000a 0000000b 01 030307',
  '0101 050a 00000001 00000002',
  '0101 0512 00000001 00000002 00000003 00000004',
  '0101 080a fffffffe ffffffff',
  '020405b4 00000000',
  '22020000',
  '020305b4',
  'fd080102 03040506',
];

const ETHERNET: readonly string[] = [
  over4(17, PLAIN),
  over6(17, PLAIN),
  ...TCP_OPTIONS.flatMap((options) => [over4(6, tcp(options, 'deadbeef')), over6(6, tcp(options))]),
  ...['00', '01', '02', '04', '08', '10', '20', '40', '80', 'ff'].map((flags) =>
    over4(6, tcp('', '', flags)),
  ),
  ether('0800', ip4(17, PLAIN, { options: '9404 0000' })),
  ether('0800', ip4(17, PLAIN, { fragment: '2000' })),
  ether('0800', ip4(17, PLAIN, { fragment: '0007' })),
  ether('0800', ip4(6, tcp(), { fragment: '8000' })),
  // Tags, labels, sessions
  ether('8100', `6005 0800 ${ip4(17, PLAIN)}`),
  ether('8100', `1fff 86dd ${ip6(17, PLAIN)}`),
  ether('88a8', `e064 8100 b0c8 0800 ${ip4(6, tcp())}`),
  ether('9100', `0064 8100 00c8 0800 ${ip4(17, PLAIN)}`),
  ether('8100', `0064 0026 4242 03 0000 00 00 00 8000000000000000`),
  ether('8847', `00064140 ${ip4(17, PLAIN)}`),
  ether('8847', `c80c8c3f 00064140 ${ip6(17, PLAIN)}`),
  ether('8848', `00064140 ${ip4(17, PLAIN)}`),
  ether('8864', `1100 0007 ${word(2 + hexLength(ip4(17, PLAIN)))} 0021 ${ip4(17, PLAIN)}`),
  ether('8864', `1100 00ab ${word(2 + hexLength(ip6(17, PLAIN)))} 0057 ${ip6(17, PLAIN)}`),
  ether('8864', '1100 00ab 000a c021 0901 0008 12345678'),
  ether('8863', '1109 0000 0004 0101 0000'),
  // 802.3
  ether('0026', '4242 03 0000 00 00 00 8000000000000000'),
  ether('0006', 'f0f0 0100 0000'),
  ether('0008', 'aaaa03 00000c 2000'),
  ether(word(8 + hexLength(ip4(17, PLAIN))), `aaaa03 000000 0800 ${ip4(17, PLAIN)}`),
  // ARP
  ether('0806', '0001 0800 06 04 0001 020000000001 0a010203 000000000000 c0a80105'),
  ether('0806', '0001 0800 06 04 0002 020000000001 0a010203 020000000002 c0a80105'),
  ether('8035', '0001 0800 06 04 0003 020000000001 00000000 020000000001 00000000'),
  // ICMP
  ...['0800', '0000'].map((type) => over4(1, `${type} 1234 0102 0304 cafebabe`)),
  over4(1, `0304 1234 0000 05dc ${ip4(17, PLAIN)}`),
  over4(1, `0301 1234 00000000 ${ip4(6, tcp())}`),
  over4(1, `0501 1234 0a010204 ${ip4(17, PLAIN)}`),
  over4(1, `0b00 1234 00000000 ${ip4(17, PLAIN)}`),
  over4(1, `0d00 1234 0102 0304 00000001 00000002 00000003`),
  over6(58, '8000 1234 0102 0304 cafebabe'),
  over6(58, '8100 1234 0102 0304 cafebabe'),
  over6(58, `0200 1234 000005dc ${ip6(17, PLAIN)}`),
  over6(58, `0104 1234 00000000 ${ip6(6, tcp())}`),
  over6(58, '8700 1234 00000000 fe800000000000000000000000000002'),
  over6(58, '8800 1234 60000000 fe800000000000000000000000000002'),
  over4(2, '1164 1234 e0000001'),
  over4(2, '1600 1234 e0000001'),
  // Extension headers
  over6(0, `1100 0502 0000 0100 ${PLAIN}`),
  over6(60, `1100 0104 0000 0000 ${PLAIN}`),
  over6(0, `3c00 0104 0000 0000 1101 0104 0000 0000 0104 0000 0000 0000 ${PLAIN}`),
  over6(43, `1102 0400 00000000 20010db8000000000000000000000009 ${PLAIN}`),
  over6(44, `1100 0001 12345678 ${PLAIN}`),
  over6(44, `1100 05a8 12345678 ${PLAIN}`),
  over6(44, `0600 0000 12345678 ${tcp()}`),
  over6(59, ''),
  // IPsec
  over4(50, '00000101 00000007 000102030405060708090a0b0c0d0e0f'),
  over6(50, '00000101 00000007 000102030405060708090a0b0c0d0e0f'),
  over4(51, `11040000 00000101 00000007 0102030405060708090a0b0c ${PLAIN}`),
  over6(51, `06040000 00000101 00000007 0102030405060708090a0b0c ${tcp()}`),
  // SCTP
  over4(132, `c001 4e21 12345678 9abcdef0 ${SCTP_INIT}`),
  over4(132, `c001 4e21 12345678 9abcdef0 ${SCTP_DATA}`),
  over6(132, `c001 4e21 12345678 9abcdef0 03000010 00000001 00000002 0000 0000 ${SCTP_DATA}`),
  over4(132, 'c001 4e21 12345678 9abcdef0 0a000008 cafebabe 0b000004'),
  // Tunnels
  over4(4, ip4(17, PLAIN)),
  over4(41, ip6(17, PLAIN)),
  over6(41, ip6(6, tcp())),
  over6(4, ip4(17, PLAIN)),
  over4(47, `0000 0800 ${ip4(17, PLAIN)}`),
  over4(47, `2000 86dd 0000abcd ${ip6(17, PLAIN)}`),
  over4(47, `b000 6558 1234 0000 0000abcd 00000009 ${INNER}`),
  over6(47, `1000 8847 00000009 00064140 ${ip4(17, PLAIN)}`),
  over4(17, udp(40_001, 4_789, `08000000 abcdef00 ${INNER}`)),
  over6(17, udp(40_001, 4_789, `88000007 00000500 ${over6(6, tcp())}`)),
  over4(17, udp(40_001, 6_081, `0000 6558 abcdef00 ${INNER}`)),
  over4(17, udp(40_001, 6_081, `0240 0800 abcdef00 0108 0001 12345678 ${ip4(17, PLAIN)}`)),
  over6(17, udp(6_081, 40_001, `0080 86dd 00000700 ${ip6(17, PLAIN)}`)),
  over4(17, udp(2_152, 2_152, `30ff ${word(hexLength(ip4(17, PLAIN)))} 12345678 ${ip4(17, PLAIN)}`)),
  over4(
    17,
    udp(2_152, 2_152, `32ff ${word(4 + hexLength(ip6(17, PLAIN)))} 12345678 0007 0000 ${ip6(17, PLAIN)}`),
  ),
  over4(
    17,
    udp(
      2_152,
      2_152,
      `34ff ${word(8 + hexLength(ip4(6, tcp())))} 12345678 0000 0085 01 0009 00 ${ip4(6, tcp())}`,
    ),
  ),
  over4(17, udp(2_152, 2_152, '3201 0004 00000000 0007 0000')),
];

const OTHER_LINKS: readonly (readonly [number, string])[] = [
  [0, `02000000 ${ip4(17, PLAIN)}`],
  [0, `1e000000 ${ip6(6, tcp())}`],
  [0, `00000002 ${ip4(17, PLAIN)}`],
  [108, `00000002 ${ip4(17, PLAIN)}`],
  [108, `00000018 ${ip6(17, PLAIN)}`],
  [101, ip4(17, PLAIN)],
  [101, ip6(6, tcp())],
  [228, ip4(6, tcp())],
  [229, ip6(17, PLAIN)],
  [113, `0000 0001 0006 020000000001 0000 0800 ${ip4(17, PLAIN)}`],
  [113, `0004 0304 0000 0000000000000000 86dd ${ip6(6, tcp())}`],
  [
    113,
    '0001 0001 0006 020000000001 0000 0806 0001 0800 06 04 0001 020000000001 0a010203 000000000000 c0a80105',
  ],
  [276, `0800 0000 00000007 0001 00 06 0200000000010000 ${ip4(17, PLAIN)}`],
  [276, `86dd 0000 00000007 0304 04 00 0000000000000000 ${ip6(6, tcp())}`],
  [276, `8100 0000 00000007 0001 03 06 0200000000010000 6005 0800 ${ip4(17, PLAIN)}`],
];

export function fieldPackets(): FieldPacket[] {
  const all = [...ETHERNET.map((text) => [1, text] as const), ...OTHER_LINKS];
  return all.map(([linkType, text]) => {
    const bytes = Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
    return { linkType, bytes, originalLength: bytes.length };
  });
}
