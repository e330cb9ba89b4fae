import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCaptureFile } from '../../test/fakes/capture-file.ts';
import { fakePort } from '../../test/fakes/feed.ts';
import { type EnhancedPacket, encodeEnhancedPacket, encodeSectionHeader } from '../pcapng/index.ts';
import { CaptureFiles, type CaptureFilesOptions } from './capture-files.ts';
import { createPcapFormat, createPcapngFormat } from './capture-format.ts';
import { describeInterface, describeStatistics } from './describe.ts';
import { InterfaceTable } from './interface-table.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function captured(portId: number, snaplen = 262_144) {
  const port = fakePort(portId, `port${portId}`);
  return { port, name: port.name, description: 'a port', snaplen, filter: '' };
}

/** Blocks of packets whose first bytes are `marks`, `length` bytes each. */
function blocks(marks: readonly number[], length = 60, interfaceId = 0): Uint8Array {
  const packet = (mark: number): EnhancedPacket => ({
    interfaceId,
    timestamp: 1_700_000_000_000_000_000n + BigInt(mark),
    data: new Uint8Array(length).fill(mark),
  });
  return Buffer.concat(marks.map((mark) => encodeEnhancedPacket(packet(mark))));
}

async function open(options: Partial<CaptureFilesOptions> = {}) {
  const interfaces = options.interfaces ?? new InterfaceTable(1);
  if (interfaces.all.length === 0) interfaces.add(0, 0, captured(0));
  const names: string[] = [];
  const files = await CaptureFiles.open({
    path: join(folder, 'out.pcapng'),
    format: createPcapngFormat(),
    stop: {},
    rotate: undefined,
    section: encodeSectionHeader({ shb_userappl: 'test' }),
    describe: describeInterface,
    statistics: () => interfaces.all.map((entry) => describeStatistics(entry, 1n, 2n)),
    onFile: (path) => names.push(path),
    isEnding: () => false,
    givesUp: () => false,
    ...options,
    interfaces,
  });
  return { files, names, interfaces };
}

const marksOf = (path: string) => readCaptureFile(path).packets.map(({ mark }) => mark);

test('a file is section, interfaces, packets, statistics, and nobody else may read it', async () => {
  const interfaces = new InterfaceTable(1);
  interfaces.add(0, 0, { ...captured(0, 96), filter: 'tcp port 80' });
  interfaces.add(0, 1, captured(1));
  const { files, names } = await open({ interfaces });
  await files.put(0, blocks([1, 2, 3]), 3);
  Object.assign(interfaces.all[0]!, {
    written: 3,
    missed: 7n,
    counters: { seen: 20n, matched: 5n, captured: 3n, dropped: 2n },
  });
  await files.finish();

  expect(names).toEqual([join(folder, 'out.pcapng')]);
  expect(statSync(names[0]!).mode & 0o777).toBe(0o600);
  const file = readCaptureFile(names[0]!);
  expect(file.shape).toEqual(['section', 'interface', 'packet', 'statistics']);
  expect(file.packets.map(({ mark }) => mark)).toEqual([1, 2, 3]);
  const [first, second] = file.interfaces.map((record) => record.interface);
  expect(first).toMatchObject({ name: 'port0', snaplen: 96, linkType: 1, tsresol: 9 });
  expect(first!.options).toMatchObject({
    if_description: 'a port',
    if_filter: 'tcp port 80',
    if_speed: 10_000_000_000n,
    if_hardware: 'net_fake 1.0',
    if_MACaddr: Uint8Array.of(2, 0, 0, 0, 0, 0),
  });
  expect(second!.name).toBe('port1');
  expect(file.statistics[0]!.options).toEqual({
    isb_starttime: 1n,
    isb_endtime: 2n,
    isb_ifrecv: 20n,
    isb_ifdrop: 7n,
    isb_filteraccept: 5n,
    isb_osdrop: 2n,
    isb_usrdeliv: 3n,
  });
  // This port's adapter does not tell what it missed.
  expect(file.statistics[1]!.options).not.toHaveProperty('isb_ifdrop');
});

test('packets: the last file ends exactly where it should, in the middle of a burst', async () => {
  const { files, names } = await open({ rotate: { packets: 4 }, stop: { packets: 10 } });
  expect(files.admits(4, 1)).toBe(true);
  expect(files.admits(5, 1)).toBe(false);
  const counted: number[] = [];
  await files.split(0, blocks([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), (packets) => counted.push(packets));
  expect(files.full).toBe(true);
  expect(counted).toEqual([4, 4, 2]);
  await files.finish();
  expect(names.map(marksOf)).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10],
  ]);
  for (const name of names) {
    expect(readCaptureFile(name).shape).toEqual(['section', 'interface', 'packet', 'statistics']);
  }
  expect(names[2]).toMatch(/\/out_00003_\d{14}\.pcapng$/);
});

test('files: no further one is begun after the last', async () => {
  const { files, names } = await open({ rotate: { packets: 2 }, stop: { files: 2 } });
  await files.split(0, blocks([1, 2, 3, 4, 5]), () => {});
  expect(files.full).toBe(true);
  await files.finish();
  expect(names.map(marksOf)).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('files to keep: the oldest are deleted', async () => {
  const { files, names } = await open({ rotate: { packets: 1, keepFiles: 2 } });
  await files.split(0, blocks([1, 2, 3, 4]), () => {});
  await files.finish();
  expect(names).toHaveLength(5);
  expect(names.map((name) => existsSync(name))).toEqual([false, false, false, true, true]);
  expect(marksOf(names[3]!)).toEqual([4]);
});

for (const { name, format, packetBytes } of [
  { name: 'pcapng', format: createPcapngFormat, packetBytes: 92 },
  { name: 'pcap', format: createPcapFormat, packetBytes: 76 },
]) {
  test(`size in ${name}: a file ends with the packet that reaches it`, async () => {
    const { files, names } = await open({ format: format(), rotate: { bytes: 2000 } });
    const all = Array.from({ length: 100 }, (_, n) => n);
    await files.split(0, blocks(all), () => {});
    await files.finish();
    expect(names.flatMap(marksOf)).toEqual(all);
    for (const path of names.slice(0, -1)) {
      const { packets, statistics } = readCaptureFile(path);
      const bytes = readFileSync(path);
      // A block's last four bytes are its length.
      const end = bytes.length - (statistics.length > 0 ? bytes.readUInt32LE(bytes.length - 4) : 0);
      expect(end).toBeGreaterThanOrEqual(2000);
      expect(end - packetBytes).toBeLessThan(2000);
      expect(packets.length).toBeGreaterThan(0);
    }
  });
}

test('size without further files ends the capture', async () => {
  const { files, names } = await open({ stop: { bytes: 1000 } });
  await files.split(0, blocks(Array.from({ length: 50 }, (_, n) => n)), () => {});
  expect(files.full).toBe(true);
  await files.finish();
  expect(names).toHaveLength(1);
});

test('duration and interval: the next file is begun by the clocks', async () => {
  let clockMs = 0;
  let now = new Date('2024-07-04T10:00:58.500Z').getTime();
  const { files, names } = await open({
    rotate: { durationMs: 500, intervalMs: 60_000 },
    clockMs: () => clockMs,
    now: () => new Date(now),
  });
  const step = async (ms: number) => {
    clockMs += ms;
    now += ms;
    await files.tick();
  };
  await step(499);
  expect(names).toHaveLength(1);
  await step(1);
  expect(names).toHaveLength(2);
  await step(499);
  expect(names).toHaveLength(2);
  await step(1);
  expect(names).toHaveLength(3);
  // 10:00:59.500: the full minute comes before the duration's end.
  await step(400);
  await step(100);
  expect(names).toHaveLength(4);
  await step(1);
  expect(names).toHaveLength(4);
  await files.finish();
});

test('an interface that appears is in the file before its packets, and in the next file from its start', async () => {
  const { files, names, interfaces } = await open({ rotate: { packets: 2 } });
  await files.put(0, blocks([1]), 1);
  await files.announce(interfaces.add(0, 1, captured(1)));
  await files.put(0, blocks([2], 60, 1), 1);
  await files.put(0, blocks([3], 60, 1), 1);
  await files.finish();
  const [first, second] = names.map((name) => readCaptureFile(name));
  expect(first!.shape).toEqual(['section', 'interface', 'packet', 'interface', 'packet', 'statistics']);
  expect(first!.packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 1]);
  expect(second!.interfaces).toHaveLength(2);
});

test('interfaces of a second source get numbers of their own, in a copy', async () => {
  const interfaces = new InterfaceTable(2);
  interfaces.add(0, 0, captured(0));
  interfaces.add(1, 0, captured(0));
  interfaces.add(1, 1, captured(1));
  const { files, names } = await open({ interfaces });
  const given = blocks([1], 60, 1);
  const before = Buffer.from(given);
  await files.put(0, blocks([0]), 1);
  await files.put(1, given, 1);
  await files.finish();
  expect(before.equals(given)).toBe(true);
  expect(readCaptureFile(names[0]!).packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 2]);
});

test('a file that cannot be opened is named, with the reason', async () => {
  await expect(open({ path: join(folder, 'none', 'x.pcapng') })).rejects.toThrow(
    `cannot open ${folder}/none/x.pcapng for writing: no such file or directory (ENOENT)`,
  );
});

test('a named pipe is waited for until somebody reads it, or the capture is to end', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  let ending = false;
  const opening = open({ path, isEnding: () => ending });
  await sleep(60);
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] });
  const read = buffer(reader.stdout);
  const { files } = await opening;
  await files.put(0, blocks([1, 2]), 2);
  await files.finish();
  writeFileSync(join(folder, 'copy'), await read);
  expect(marksOf(join(folder, 'copy'))).toEqual([1, 2]);

  const never = open({ path, isEnding: () => ending });
  ending = true;
  await expect(never).rejects.toThrow(`nobody reads ${path} any more`);
});

test('what stood in the file before is gone', async () => {
  const long = await open();
  await long.files.put(0, blocks(Array.from({ length: 100 }, (_, n) => n)), 100);
  await long.files.finish();
  const short = await open();
  await short.files.finish();
  expect(readCaptureFile(short.names[0]!).shape).toEqual(['section', 'interface', 'statistics']);
});

test('property: however bursts and files are cut, every packet is in one file, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ packets: fc.integer({ min: 1, max: 20 }), length: fc.integer({ min: 1, max: 200 }) }),
        {
          maxLength: 30,
        },
      ),
      fc.option(fc.integer({ min: 1, max: 15 }), { nil: undefined }),
      fc.option(fc.integer({ min: 1, max: 3000 }), { nil: undefined }),
      fc.boolean(),
      async (bursts, packets, bytes, isPcap) => {
        const { files, names } = await open({
          rotate: { packets, bytes },
          format: isPcap ? createPcapFormat() : createPcapngFormat(),
        });
        const expected: number[] = [];
        for (const burst of bursts) {
          const marks = Array.from({ length: burst.packets }, (_, n) => (expected.length + n) % 251);
          expected.push(...marks);
          const given = blocks(marks, burst.length);
          if (files.admits(marks.length, given.length)) await files.put(0, given, marks.length);
          else await files.split(0, given, () => {});
        }
        await files.finish();
        const inFiles = names.map(marksOf);
        expect(inFiles.flat()).toEqual(expected);
        for (const marks of inFiles)
          expect(marks.length).toBeLessThanOrEqual(packets ?? Number.POSITIVE_INFINITY);
        for (const name of readdirSync(folder)) rmSync(join(folder, name));
      },
    ),
    { numRuns: 60 },
  );
});
