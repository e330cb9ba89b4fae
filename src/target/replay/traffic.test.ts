import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError, SysError, UsageError } from '../../base/index.ts';
import {
  type EnhancedPacket,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodePcapFileHeader,
  encodeSectionHeader,
  writePcapRecordHeader,
} from '../../pcapng/index.ts';
import { concatBytes } from '../message-body.ts';
import { openFileTraffic, openSampleTraffic, type ReplayPacket, type Traffic } from './traffic.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-traffic-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, ...parts: Uint8Array[]): string {
  const path = join(folder, name);
  writeFileSync(path, concatBytes(parts));
  return path;
}

const section = encodeSectionHeader();
const port = (name?: string, linkType = 1) =>
  encodeInterfaceDescription({
    linkType,
    snaplen: 0,
    options: { if_tsresol: 9, ...(name !== undefined && { if_name: name, if_speed: 2_500_000_000n }) },
  });
const packet = (interfaceId: number, timestamp: bigint, more: Partial<EnhancedPacket> = {}) =>
  encodeEnhancedPacket({ interfaceId, timestamp, data: Uint8Array.of(interfaceId, 1, 2, 3), ...more });

function readAll(traffic: Traffic): ReplayPacket[] {
  const packets: ReplayPacket[] = [];
  for (let one = traffic.read(); one !== undefined; one = traffic.read()) packets.push(one);
  return packets;
}

function play(path: string): { ports: string[]; packets: ReplayPacket[] } {
  const traffic = openFileTraffic(path);
  const packets = readAll(traffic);
  traffic.rewind();
  expect(readAll(traffic)).toEqual(packets);
  traffic.close();
  return { ports: traffic.ports.map(({ name }) => name), packets };
}

describe('ports', () => {
  test('are the Ethernet interfaces by name, or by the name of the file', () => {
    const blocks = [
      section,
      port(),
      port('eth7', 147),
      port('eth7'),
      packet(1, 5n),
      packet(2, 6n),
      packet(0, 7n),
    ];
    const { ports, packets } = play(file('ports.pcapng', ...blocks));
    expect(ports).toEqual(['eth7', 'ports']);
    expect(packets.map(({ portId }) => portId)).toEqual([0, 1]);
  });

  test('of one name in several sections are one', () => {
    const one = [section, port('eth0'), packet(0, 5n)];
    const two = [section, port('eth1'), port('eth0'), packet(1, 6n), packet(0, 7n)];
    const { ports, packets } = play(file('sections.pcapng', ...one, ...two));
    expect(ports).toEqual(['eth0', 'eth1']);
    expect(packets.map(({ portId }) => portId)).toEqual([0, 0, 1]);
  });

  test('have the speed of the interface', () => {
    const traffic = openFileTraffic(file('speed.pcapng', section, port('eth0'), packet(0, 5n)));
    expect(traffic.ports[0]).toMatchObject({ portId: 0, speedMbps: 2500 });
    traffic.close();
  });

  test('of a pcap file are one, with its name', () => {
    const header = new Uint8Array(16);
    writePcapRecordHeader(new DataView(header.buffer), 0, 1, 500, 4, 60);
    const { ports, packets } = play(
      file('old.pcap', encodePcapFileHeader(1, 0), header, Uint8Array.of(1, 2, 3, 4)),
    );
    expect(ports).toEqual(['old']);
    expect(packets).toEqual([
      {
        portId: 0,
        queueId: 0,
        direction: 'in',
        data: Uint8Array.of(1, 2, 3, 4),
        originalLength: 60,
        hash: undefined,
        offsetNs: 0,
      },
    ]);
  });
});

test('time is counted from the first packet and never goes back', () => {
  const times = [1_000n, 1_700n, 900n, 1_800n];
  const { packets } = play(file('times.pcapng', section, port('e'), ...times.map((time) => packet(0, time))));
  expect(packets.map(({ offsetNs }) => offsetNs)).toEqual([0, 700, 700, 800]);
});

test('direction, queue and hash are those of the block', () => {
  const hash = [
    { tag: 2, bytes: Uint8Array.of(1, 2, 3, 4, 5) },
    { tag: 5, bytes: Uint8Array.of(4, 3, 2, 0x81) },
  ];
  const marked = packet(0, 5n, { options: { epb_flags: 0xff02, epb_queue: 7, epb_hash: hash } });
  const { packets } = play(file('marked.pcapng', section, port('e'), marked));
  expect(packets[0]).toMatchObject({
    direction: 'out',
    queueId: 7,
    hash: { algorithm: 5, value: 0x8102_0304 },
  });
});

describe('what cannot be played', () => {
  test.each([
    ['nothing in it', [section, port('e')], UsageError, /no Ethernet packets/],
    ['no Ethernet', [section, port('e', 101), packet(0, 1n)], UsageError, /no Ethernet packets/],
    [
      'no capture',
      [new TextEncoder().encode('hello, world')],
      FormatError,
      /wrong\.pcapng: not a capture file/,
    ],
    ['a damaged start', [section, port('e').subarray(0, 9)], FormatError, /wrong\.pcapng: .*cut short/],
  ])('%s', (_, blocks, kind, message) => {
    const path = file('wrong.pcapng', ...blocks);
    expect(() => openFileTraffic(path)).toThrow(kind);
    expect(() => openFileTraffic(path)).toThrow(message);
  });

  test('what is not there, or no file', () => {
    expect(() => openFileTraffic(join(folder, 'none'))).toThrow(SysError);
    expect(() => openFileTraffic(folder)).toThrow(/EISDIR/);
  });
});

test('the sample is the same each time and each round', () => {
  const traffic = openSampleTraffic();
  const first = Array.from({ length: 100 }, () => traffic.read());
  traffic.rewind();
  expect(Array.from({ length: 100 }, () => traffic.read())).toEqual(first);
  expect(readAll(traffic)).toHaveLength(19_900);
  traffic.rewind();
  expect(readAll(traffic)).toHaveLength(20_000);
});
