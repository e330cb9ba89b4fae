/** Blocks as bytes, as our reader reads them again, and as capinfos and tshark read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createCaptureReader } from './capture-reader.ts';
import {
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
} from './encode-blocks.ts';
import { OPTIONS } from './option-table.ts';
import type { CaptureRecord } from './records.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

const TSHARK = 'tshark';
const CAPINFOS = 'capinfos';
const haveTshark = spawnSync(TSHARK, ['--version']).status === 0;

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function readAll(...blocks: readonly Uint8Array[]): CaptureRecord[] {
  const reader = createCaptureReader();
  reader.push(Buffer.concat(blocks));
  const records: CaptureRecord[] = [];
  for (let record = reader.read(); record !== undefined; record = reader.read()) records.push(record);
  reader.end();
  return records;
}

test('the bytes of a Section Header Block', () => {
  expect(hex(encodeSectionHeader({ shb_os: 'Linux' }))).toBe(
    '0a0d0d0a' +
      '2c000000' +
      '4d3c2b1a' +
      '0100' +
      '0000' +
      'ffffffffffffffff' +
      '0300' +
      '0500' +
      '4c696e7578' +
      '000000' +
      '0000' +
      '0000' +
      '2c000000',
  );
});

test('the bytes of an Interface Description Block', () => {
  const block = encodeInterfaceDescription({
    linkType: 1,
    snaplen: 128,
    options: { if_name: 'p0', if_tsresol: 9, if_filter: 'tcp', if_speed: 0x1_0000_0002n },
  });
  expect(hex(block)).toBe(
    '01000000' +
      '3c000000' +
      '0100' +
      '0000' +
      '80000000' +
      '0200' +
      '0200' +
      '7030' +
      '0000' +
      '0800' +
      '0800' +
      '0200000001000000' +
      '0900' +
      '0100' +
      '09' +
      '000000' +
      '0b00' +
      '0400' +
      '00746370' +
      '0000' +
      '0000' +
      '3c000000',
  );
});

test('the bytes of an Enhanced Packet Block', () => {
  const block = encodeEnhancedPacket({
    interfaceId: 2,
    timestamp: 0x1234_5678_9abc_def0n,
    data: Uint8Array.of(1, 2, 3, 4, 5),
    originalLength: 99,
    options: { epb_hash: [{ tag: 5, bytes: Uint8Array.of(1, 2, 3, 4) }], epb_queue: 7 },
  });
  expect(hex(block)).toBe(
    '06000000' +
      '40000000' +
      '02000000' +
      '78563412' +
      'f0debc9a' +
      '05000000' +
      '63000000' +
      '0102030405' +
      '000000' +
      '0300' +
      '0500' +
      '0501020304' +
      '000000' +
      '0600' +
      '0400' +
      '07000000' +
      '0000' +
      '0000' +
      '40000000',
  );
});

test('the bytes of an Interface Statistics Block: times have their high word first', () => {
  const block = encodeInterfaceStatistics({
    interfaceId: 1,
    timestamp: 0x0000_0001_0000_0002n,
    options: { isb_starttime: 0x0000_0003_0000_0004n, isb_ifrecv: 5n },
  });
  expect(hex(block)).toBe(
    '05000000' +
      '34000000' +
      '01000000' +
      '01000000' +
      '02000000' +
      '0200' +
      '0800' +
      '03000000' +
      '04000000' +
      '0400' +
      '0800' +
      '0500000000000000' +
      '0000' +
      '0000' +
      '34000000',
  );
});

/** What any block may have; 32473 is the number for examples (RFC 5612). */
const CUSTOM = {
  opt_custom_text: [{ pen: 32_473, data: 'goes along' }],
  opt_custom_bytes: [{ pen: 32_473, data: Uint8Array.of(1, 2, 3) }],
  opt_custom_text_here: [{ pen: 32_473, data: 'stays' }],
  opt_custom_bytes_here: [{ pen: 32_473, data: Uint8Array.of() }],
} as const;

const SECTION = {
  ...CUSTOM,
  shb_hardware: 'DPDK 22.11.11',
  shb_os: 'Linux',
  shb_userappl: 'hone 0.1.0',
  opt_comment: ['dpdk-testpmd -l 0,1', 'Grüße'],
} as const;

const INTERFACE = {
  ...CUSTOM,
  opt_comment: ['first port'],
  if_name: 'net_null0',
  if_description: 'port 0',
  if_IPv4addr: [Uint8Array.of(10, 0, 0, 1, 255, 255, 255, 0)],
  if_IPv6addr: [Uint8Array.from({ length: 17 }, (_, i) => i)],
  if_MACaddr: Uint8Array.of(2, 0, 0, 0, 0, 1),
  if_EUIaddr: Uint8Array.of(2, 0, 0, 0xff, 0xfe, 0, 0, 1),
  if_speed: 100_000_000_000n,
  if_tsresol: 9,
  if_tzone: Uint8Array.of(0, 0, 0, 0),
  if_filter: 'tcp port 80',
  if_os: 'Linux 6.1',
  if_fcslen: 4,
  if_tsoffset: -5n,
  if_hardware: 'net_null, firmware 1',
  if_txspeed: 1n,
  if_rxspeed: 0xffff_ffff_ffff_ffffn,
  if_iana_tzname: 'UTC',
} as const;

const PACKET = {
  ...CUSTOM,
  opt_comment: ['mark 5', 'second'],
  epb_flags: 1,
  epb_hash: [{ tag: 5, bytes: Uint8Array.of(0xef, 0xbe, 0xad, 0xde) }],
  epb_dropcount: 3n,
  epb_packetid: 0x1122_3344_5566_7788n,
  epb_queue: 7,
  epb_verdict: [
    { tag: 0, bytes: Uint8Array.of(0) },
    { tag: 1, bytes: new Uint8Array(8) },
  ],
  epb_processid_threadid: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0),
} as const;

const STATISTICS = {
  ...CUSTOM,
  opt_comment: ['at the end'],
  isb_starttime: 1_704_067_200_000_000_000n,
  isb_endtime: 1_704_067_201_000_000_000n,
  isb_ifrecv: 10n,
  isb_ifdrop: 1n,
  isb_filteraccept: 9n,
  isb_osdrop: 2n,
  isb_usrdeliv: 7n,
} as const;

test('these cases have every option of the table', () => {
  for (const [block, values] of [
    ['SHB', SECTION],
    ['IDB', INTERFACE],
    ['EPB', PACKET],
    ['ISB', STATISTICS],
  ] as const) {
    expect(new Set(Object.keys(values))).toEqual(
      new Set([...Object.keys(OPTIONS.any), ...Object.keys(OPTIONS[block])]),
    );
  }
});

test('every option comes back as it was given', () => {
  const [section, description, packet, statistics] = readAll(
    encodeSectionHeader(SECTION),
    encodeInterfaceDescription({ linkType: 1, snaplen: 65_535, options: INTERFACE }),
    encodeEnhancedPacket({
      interfaceId: 0,
      timestamp: 5_000_000_007n,
      data: new Uint8Array(61),
      options: PACKET,
    }),
    encodeInterfaceStatistics({ interfaceId: 0, timestamp: 6_000_000_000n, options: STATISTICS }),
  );
  expect(section).toMatchObject({ type: 'section', littleEndian: true, sectionLength: undefined });
  expect(section).toHaveProperty('options', SECTION);
  expect(description).toMatchObject({
    type: 'interface',
    interface: { index: 0, id: 0, linkType: 1, snaplen: 65_535, tsresol: 9, name: 'net_null0' },
  });
  expect(description).toHaveProperty('interface.options', INTERFACE);
  // if_tsoffset is -5 s.
  expect(packet).toMatchObject({ type: 'packet', timestampNs: 7n, capturedLength: 61, originalLength: 61 });
  expect(packet).toHaveProperty('options', PACKET);
  expect(statistics).toMatchObject({ type: 'statistics', timestampNs: 1_000_000_000n });
  expect(statistics).toHaveProperty('options', STATISTICS);
});

test('absent, empty and undefined options are not written', () => {
  const none = encodeSectionHeader();
  expect(hex(none)).toBe(
    '0a0d0d0a' + '20000000' + '4d3c2b1a01000000ffffffffffffffff' + '00000000' + '20000000',
  );
  expect(encodeSectionHeader({ shb_os: '', shb_hardware: undefined, opt_comment: [] })).toEqual(none);
  expect(encodeSectionHeader({ opt_comment: ['', ''] })).toEqual(none);
});

test('text too long for an option is cut at a character', () => {
  const [section] = readAll(encodeSectionHeader({ opt_comment: [`${'x'.repeat(65_534)}é and more`] }));
  expect(section).toHaveProperty('options.opt_comment', ['x'.repeat(65_534)]);
});

test('a filter that is no text comes back as it is', () => {
  const program = Uint8Array.of(1, 6, 0, 0, 0, 0, 0, 4, 0);
  const [, description] = readAll(
    encodeSectionHeader(),
    encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_filter: program } }),
  );
  expect(description).toHaveProperty('interface.options.if_filter', program);
});

test('an address of the wrong length is refused', () => {
  const options = { if_MACaddr: new Uint8Array(5) };
  expect(() => encodeInterfaceDescription({ linkType: 1, snaplen: 0, options })).toThrow(
    new RangeError('got 5 bytes, expected 6'),
  );
});

test('capinfos and tshark read the same from a file', (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const folder = mkdtempSync(join(tmpdir(), 'hone-pcapng-'));
  try {
    const file = join(folder, 'all.pcapng');
    const { if_tsoffset: _, if_fcslen: __, ...options } = INTERFACE;
    const data = new Uint8Array(60).fill(0xff);
    writeFileSync(
      file,
      Buffer.concat([
        encodeSectionHeader(SECTION),
        encodeInterfaceDescription({ linkType: 1, snaplen: 60, options }),
        encodeEnhancedPacket({
          interfaceId: 0,
          timestamp: 1_704_067_200_123_456_789n,
          data,
          originalLength: 1_500,
          options: PACKET,
        }),
        encodeInterfaceStatistics({
          interfaceId: 0,
          timestamp: 1_704_067_201_000_000_000n,
          options: STATISTICS,
        }),
      ]),
    );
    const run = (tool: string, ...args: string[]): string =>
      execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const about = run(CAPINFOS, file);
    for (const fact of [
      /Capture hardware: +DPDK 22\.11\.11$/m,
      /Capture oper-sys: +Linux$/m,
      /Capture application: +hone 0\.1\.0$/m,
      /Capture comment: +dpdk-testpmd -l 0,1$/m,
      /Capture comment: +Grüße$/m,
      /Name = net_null0$/m,
      /Description = port 0$/m,
      /Hardware = net_null, firmware 1$/m,
      /Encapsulation = Ethernet/m,
      /Speed = 100000000000$/m,
      /Capture length = 60$/m,
      /Time precision = nanoseconds \(9\)$/m,
      /Filter string = tcp port 80$/m,
      /Operating system = Linux 6\.1$/m,
      /Number of stat entries = 1$/m,
    ]) {
      expect(about).toMatch(fact);
    }
    const fields = [
      ['frame.time_epoch', '1704067200.123456789'],
      ['frame.cap_len', '60'],
      ['frame.len', '1500'],
      ['frame.interface_name', 'net_null0'],
      ['frame.interface_description', 'port 0'],
      ['frame.packet_flags', '0x00000001'],
      ['frame.packet_flags_direction', '0x00000001'],
      ['frame.packet_id', String(PACKET.epb_packetid)],
      ['frame.interface_queue', '7'],
      ['frame.drop_count', '3'],
      ['frame.comment', 'mark 5,second'],
    ] as const;
    const shown = run(TSHARK, '-r', file, '-T', 'fields', ...fields.flatMap(([field]) => ['-e', field]));
    expect(shown.replace('\n', '').split('\t')).toEqual(fields.map(([, value]) => value));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
