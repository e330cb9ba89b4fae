import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type SamplePacket, sampleTraffic } from './sample.ts';

const TSHARK = 'tshark';
const haveTshark = spawnSync(TSHARK, ['--version']).status === 0;

function pcapOf(packets: Iterable<SamplePacket>): Uint8Array {
  const header = Buffer.alloc(24);
  for (const [i, word] of [0xa1b23c4d, 0x00040002, 0, 0, 262_144, 1].entries())
    header.writeUInt32LE(word, 4 * i);
  const pieces = [header];
  for (const { timestampNs, frame } of packets) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(timestampNs / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(timestampNs % 1_000_000_000n), 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    pieces.push(record, Buffer.from(frame));
  }
  return Buffer.concat(pieces);
}

test('equal seeds give equal packets, other seeds others', () => {
  const first = [...sampleTraffic({ packets: 500, seed: 7 })];
  expect([...sampleTraffic({ packets: 500, seed: 7 })]).toEqual(first);
  expect([...sampleTraffic({ packets: 500, seed: 8 })]).not.toEqual(first);
  expect(first).toHaveLength(500);
});

test('times rise, and frames have the sizes of Ethernet', () => {
  let last = 0n;
  const sizes = new Set<number>();
  for (const { timestampNs, frame } of sampleTraffic({ packets: 5_000 })) {
    expect(timestampNs).toBeGreaterThan(last);
    last = timestampNs;
    expect(frame.length).toBeGreaterThanOrEqual(60);
    expect(frame.length).toBeLessThanOrEqual(1_518);
    sizes.add(frame.length);
  }
  expect(sizes.size).toBeGreaterThan(100);
});

test('tshark finds nothing malformed, good checksums, and every kind of traffic', {
  timeout: 60_000,
}, (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const folder = mkdtempSync(join(tmpdir(), 'hone-sample-'));
  try {
    const file = join(folder, 'sample.pcap');
    writeFileSync(file, pcapOf(sampleTraffic({ packets: 20_000, seed: 42 })));
    const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
    const report = execFileSync(
      TSHARK,
      ['-n', '-r', file, ...checks, '-q', '-z', 'expert,warn', '-z', 'io,phs'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(report).not.toMatch(/^(Errors|Warns) \(/m);
    expect(report).not.toContain('malformed');
    for (const protocol of [
      'vlan',
      'ip',
      'ipv6',
      'arp',
      'tcp',
      'udp',
      'http',
      'tls',
      'dns',
      'icmp',
      'icmpv6',
      'vxlan',
    ]) {
      expect(report).toMatch(new RegExp(`^ +${protocol} +frames:`, 'm'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
