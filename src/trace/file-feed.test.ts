/** Scripts on recorded files: what they print is what the packets say, at the packet at which they say it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileForTest } from '../../test/fakes/trace-feed.ts';
import { formatIpv4, sampleTraffic } from '../packet/index.ts';
import { encodeEnhancedPacket, encodeInterfaceDescription, encodeSectionHeader } from '../pcapng/index.ts';
import { bpftraceOrder, TextFormat } from '../script/index.ts';
import { AgentSource } from './agent-source.ts';
import { FileFeed } from './file-feed.ts';
import { TraceFile } from './trace-file.ts';
import { TraceSession } from './trace-session.ts';

const packets = [...sampleTraffic({ packets: 5000 })].map(({ frame, timestampNs }, n) => ({
  frame,
  timestampNs,
  port: n % 3 === 0 ? 1 : 0,
  queue: n % 5,
  // Runs of one direction, and single ones.
  isOut: n % 100 < 50 ? n % 2 === 0 : n % 100 < 75,
}));
const firstNs = packets[0]!.timestampNs;
const received = packets.filter(({ isOut }) => !isOut);

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-trace-'));
  path = join(folder, 'sample.pcapng');
  const ethernet = { linkType: 1, snaplen: 0, options: { if_tsresol: 9 } };
  writeFileSync(
    path,
    Buffer.concat([
      encodeSectionHeader(),
      encodeInterfaceDescription(ethernet),
      encodeInterfaceDescription(ethernet),
      encodeInterfaceDescription({ ...ethernet, linkType: 228 }),
      encodeEnhancedPacket({
        interfaceId: 2,
        timestamp: firstNs,
        originalLength: 20,
        data: new Uint8Array(20),
      }),
      ...packets.map(({ frame, timestampNs, port, queue, isOut }) =>
        encodeEnhancedPacket({
          interfaceId: port,
          timestamp: timestampNs,
          originalLength: frame.length + 4,
          data: frame,
          options: {
            epb_flags: isOut ? 2 : 1,
            epb_queue: queue,
            epb_hash: [{ tag: 4, bytes: Uint8Array.of(queue, 1, 0, 0) }],
          },
        }),
      ),
    ]),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function trace(source: string): Promise<string> {
  const script = compileForTest(source);
  const file = await TraceFile.open(path);
  const agent = new AgentSource({
    script,
    startFeed: async (request) => new FileFeed(file, request, script.events),
    nowNs: () => file.nowNs,
    pid: 1,
  });
  const naming = { timeOffsetNs: 0n };
  let text = '';
  const session = new TraceSession({
    script,
    source: agent,
    format: new TextFormat(naming, bpftraceOrder),
    naming,
    sink: {
      write: (more) => {
        text += more;
      },
      frame: () => {},
      flush: async () => {},
    },
    nowNs: () => agent.nowNs(),
    durationMs: undefined,
    snapshotMs: undefined,
  });
  const { error, end } = await session.run();
  expect(error).toBeUndefined();
  expect(['over', 'exit']).toContain(end);
  expect(file.passedOver).toBe(1);
  return text.replace(/^Attaching.*\n/, '');
}

function countBy(
  list: readonly (typeof packets)[number][],
  key: (packet: (typeof packets)[number]) => string,
) {
  const counts = new Map<string, number>();
  for (const packet of list) counts.set(key(packet), (counts.get(key(packet)) ?? 0) + 1);
  return Object.fromEntries(counts);
}

/** `@x[key]: 5` */
const mapOf = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/^@\w*\[(.*)\]: (\d+)$/gm)].map(([, key, value]) => [key, Number(value)]),
  );

test('arguments are what the file says', async () => {
  const text = await trace(
    'dpdk:rx_packet { @[args.port, args.queue, args.hash, args.nb_segs] = count(); @len = sum(args.len); }',
  );
  expect(mapOf(text)).toEqual(countBy(received, ({ port, queue }) => `${port}, ${queue}, ${queue + 256}, 1`));
  expect(text).toContain(`@len: ${received.reduce((sum, { frame }) => sum + frame.length + 4, 0)}\n`);
});

test('both directions, ports and queues that a probe names', async () => {
  const text = await trace(
    'dpdk:rx_packet { @["rx"] = count(); } dpdk:tx_packet { @["tx"] = count(); } ' +
      'dpdk:rx_packet:1 { @["port 1"] = count(); } dpdk:rx_packet:*:3 { @["queue 3"] = count(); }',
  );
  expect(mapOf(text)).toEqual({
    rx: received.length,
    tx: packets.length - received.length,
    'port 1': received.filter(({ port }) => port === 1).length,
    'queue 3': received.filter(({ queue }) => queue === 3).length,
  });
});

test('fields of packets', async () => {
  const text = await trace('dpdk:rx_packet /ip.proto == 6/ { @[ip.src] = count(); }');
  const tcp = received.flatMap((packet) => {
    const { frame } = packet;
    // Tags are passed over.
    const ip = frame[12] === 0x81 && frame[13] === 0 ? 18 : 14;
    return frame[ip - 2] === 8 && frame[ip - 1] === 0 && frame[ip + 9] === 6 ? [{ ...packet, ip }] : [];
  });
  expect(tcp.some(({ ip }) => ip === 18)).toBe(true);
  const ipOf = new Map<unknown, number>(tcp.map(({ frame, ip }) => [frame, ip]));
  const source = ({ frame }: (typeof packets)[number]) =>
    formatIpv4(frame.subarray(ipOf.get(frame)! + 12, ipOf.get(frame)! + 16));
  expect(mapOf(text)).toEqual(countBy(tcp, source));

  const web = await trace('dpdk:rx_packet /ip.proto == 6 && tcp.dport == 443/ { @[ip.src] = count(); }');
  const toWeb = tcp.filter(({ frame, ip }) => {
    const port = ip + 4 * (frame[ip]! & 15) + 2;
    return frame[port] === 443 >> 8 && frame[port + 1] === (443 & 255);
  });
  expect(toWeb.length).toBeGreaterThan(50);
  expect(mapOf(web)).toEqual(countBy(toWeb, source));
});

test('lines stand in the order of the packets', async () => {
  const text = await trace(
    'dpdk:rx_packet { printf("%d %d\\n", args.len, nsecs); } dpdk:tx_packet { printf("%d %d\\n", args.len, nsecs); }',
  );
  expect(text.trimEnd().split('\n')).toEqual(
    packets.map(({ frame, timestampNs }) => `${frame.length + 4} ${timestampNs}`),
  );
});

test('print, clear and exit are exact to the packet', async () => {
  const text = await trace(
    'dpdk:rx_packet { @n = count(); @seen = @seen + 1; if (@seen % 700 == 0) { print(@n); clear(@n); } if (@seen == 1500) { exit(); } }',
  );
  expect(text).toBe('@n: 700\n@n: 700\n\n\n@n: 100\n@seen: 1500\n');
});

test('intervals come at their time in the file', async () => {
  const text = await trace(
    'BEGIN { printf("%d\\n", nsecs); } dpdk:rx_packet { @n = count(); } interval:ms:100 { print(@n); clear(@n); }',
  );
  const [begin, ...counts] = text.split('\n\n\n')[0]!.split('\n');
  expect(begin).toBe(String(firstNs));
  const periods = Number(packets.at(-1)!.timestampNs - firstNs) / 100e6;
  expect(periods).toBeGreaterThan(2);
  const want = Array.from({ length: Math.floor(periods) }, (_, period) => {
    const inPeriod = received.filter(
      ({ timestampNs }) => Math.floor(Number(timestampNs - firstNs) / 100e6) === period,
    );
    return `@n: ${inPeriod.length}`;
  });
  expect(counts).toEqual(want);
});

test('a file without Ethernet packets, and a point that files do not have', async () => {
  const empty = join(folder, 'empty.pcapng');
  writeFileSync(empty, encodeSectionHeader());
  await expect(TraceFile.open(empty)).rejects.toThrow('no Ethernet packets');
  const script = compileForTest('dpdk:rx_burst { @ = count(); }');
  const file = await TraceFile.open(path);
  const source = new AgentSource({
    script,
    startFeed: async (request) => new FileFeed(file, request, script.events),
    nowNs: () => file.nowNs,
    pid: 1,
  });
  await expect(source.start()).rejects.toThrow('dpdk:rx_burst does not happen in a recorded file');
  file.close();
});
