/** What a script gives over a recorded file does not depend on how its bytes come, nor on how many packets run in one call. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleTraffic } from '../../src/packet/index.ts';
import {
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeSectionHeader,
} from '../../src/pcapng/index.ts';
import type { ByteSource } from '../../src/read/index.ts';
import { bpftraceOrder, TextFormat } from '../../src/script/index.ts';
import { AgentSource } from '../../src/trace/agent-source.ts';
import { FileFeed } from '../../src/trace/file-feed.ts';
import { TraceFile } from '../../src/trace/trace-file.ts';
import { TraceSession } from '../../src/trace/trace-session.ts';
import { compileForTest } from '../fakes/trace-feed.ts';

const frames = [...sampleTraffic({ packets: 200 })].map(({ frame }) => frame);

/** Maps, keys, state, lines, what interrupts a batch, what comes by time, an early end. */
const SCRIPTS = [
  'dpdk:rx_packet { @n = count(); @[ip.src, ip.dst] = sum(args.len); @h = hist(args.len); }',
  'dpdk:rx_packet { @seen++; @last[args.port, args.queue] = @seen; } dpdk:tx_packet { @seen++; @out = max(@seen); }',
  'dpdk:rx_packet { printf("%d %d\\n", args.len, nsecs); } dpdk:tx_packet /ip.proto == 17/ { printf("%d\\n", udp.dstport); }',
  'dpdk:rx_packet { @n = sum(args.len); @seen++; if (@seen % 3 == 0) { print(@n); clear(@n); } }',
  'dpdk:rx_packet { @n = count(); } dpdk:tx_packet { @n = count(); } interval:us:50 { print(@n); clear(@n); }',
  'dpdk:rx_packet:1 { @seen++; if (@seen == 7) { exit(); } } dpdk:rx_packet:*:2 { @q = stats(args.len); }',
];

const packet = fc.record({
  frame: fc.constantFrom(...frames),
  gapNs: fc.constantFrom(0, 1, 1_000, 40_000),
  port: fc.nat(1),
  queue: fc.nat(2),
  isOut: fc.boolean(),
});
type Packet = typeof packet extends fc.Arbitrary<infer T> ? T : never;

function fileOf(packets: readonly Packet[]): Uint8Array {
  const ethernet = encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_tsresol: 9 } });
  let timestamp = 1_000_000_000n;
  return Buffer.concat([
    encodeSectionHeader(),
    ethernet,
    ethernet,
    ...packets.map(({ frame, gapNs, port, queue, isOut }) => {
      timestamp += BigInt(gapNs);
      const options = { epb_flags: isOut ? 2 : 1, epb_queue: queue };
      return encodeEnhancedPacket({ interfaceId: port, timestamp, data: frame, options });
    }),
  ]);
}

/** Gives pieces of these sizes, over and over. */
function sourceOf(bytes: Uint8Array, pieces: readonly number[]): ByteSource {
  let at = 0;
  let turn = 0;
  return {
    name: 'packets',
    takenBytes: 0,
    sizeBytes: bytes.length,
    read(target) {
      const piece = bytes.subarray(at, at + Math.min(pieces[turn++ % pieces.length]!, target.length));
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    close: () => {},
  };
}

async function trace(text: string, bytes: Uint8Array, pieces: readonly number[], rows: number) {
  const script = compileForTest(text);
  const file = await TraceFile.from(sourceOf(bytes, pieces));
  const source = new AgentSource({
    script,
    startFeed: async (request) => new FileFeed(file, request, script.events, rows),
    nowNs: () => file.nowNs,
    pid: 1,
  });
  const naming = { timeOffsetNs: 0n };
  let printed = '';
  const session = new TraceSession({
    script,
    source,
    format: new TextFormat(naming, bpftraceOrder),
    naming,
    sink: {
      write: (more) => {
        printed += more;
      },
      frame: () => {},
      flush: async () => {},
    },
    nowNs: () => source.nowNs(),
    durationMs: undefined,
    snapshotMs: undefined,
  });
  const { error, end } = await session.run();
  return { printed, error, end, hits: source.costs().map(({ hits }) => hits) };
}

test.each(SCRIPTS)('%s', async (text) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(packet, { minLength: 1, maxLength: 120 }),
      fc.array(fc.integer({ min: 16, max: 5000 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 2, max: 40 }),
      async (packets, pieces, rows) => {
        const bytes = fileOf(packets);
        const want = await trace(text, bytes, [bytes.length], 1);
        expect(want.error).toBeUndefined();
        expect(await trace(text, bytes, pieces, rows)).toEqual(want);
      },
    ),
    { numRuns: 40 },
  );
});
