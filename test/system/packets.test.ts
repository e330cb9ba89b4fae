/** What is in the file is what passed the ports: packets, directions, times, filters, metadata. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { capinfos, countWithTcpdump, folder, packetOptions, readPackets, writeSample } from './captures.ts';
import { hone, type Running, run, startHone, startProcess, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd, type TestpmdOptions } from './testpmd.ts';

const missing = missingDpdk();
let app: Testpmd | undefined;
let captures: Running[] = [];

/** A port of the application under test, whatever else runs on this machine. */
const port = (name: string) => `${app!.prefix}/${name}`;

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const { child } of captures) child.kill('SIGKILL');
  captures = [];
  await app?.kill();
  app = undefined;
});

async function start(options: TestpmdOptions): Promise<Testpmd> {
  app = await startTestpmd(options);
  return app;
}

/** Returns once the capture is live. */
async function capture(...args: string[]): Promise<Running> {
  const running = startHone(['capture', ...args]);
  captures.push(running);
  await running.stderrMatches(/Capturing on/);
  return running;
}

async function finish(running: Running) {
  running.child.kill('SIGINT');
  const result = await running.finished();
  expect(result.stderr).not.toContain('    at ');
  expect(result.code).toBe(0);
  return result;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('attached to a running testpmd: the packets of a file, both directions, with the times of the file', async () => {
  const sample = writeSample('attach.pcap', 500);
  const { pid, command } = await start({
    agent: 'none',
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  expect((await hone('attach', String(pid))).code).toBe(0);
  const file = join(folder, 'attach.pcapng');
  const running = await capture('-i', port('net_pcap0'), '-i', port('1'), '-w', file);
  await command('start');
  await until('the file to pass', async () =>
    (await command('show port stats 1')).includes('TX-packets: 500 '),
  );
  const { stderr } = await finish(running);
  expect(stderr).toMatch(/Packets captured: 1000\b/);

  const packets = readPackets(file);
  const received = packets.filter(({ direction }) => direction === 'in');
  const sent = packets.filter(({ direction }) => direction === 'out');
  expect(received.map((one) => [one.interfaceName, one.timestampNs, one.hex])).toEqual(
    sample.packets.map(({ timestampNs, frame }) => ['net_pcap0', timestampNs, hex(frame)]),
  );
  expect(sent.map((one) => [one.interfaceName, one.hex])).toEqual(
    sample.packets.map(({ frame }) => ['net_null0', hex(frame)]),
  );
  const now = BigInt(Date.now()) * 1_000_000n;
  for (const { timestampNs } of sent) {
    expect(timestampNs).toBeGreaterThan(now - 60_000_000_000n);
    expect(timestampNs).toBeLessThan(now + 1_000_000n);
  }
  expect(capinfos(file).get('Number of packets')).toBe('1000');
});

test('a filter captures what tcpdump lets through, JITed, both directions, and counts the rest', async () => {
  const sample = writeSample('filter.pcap', 3000, 7);
  const filters = [
    'tcp port 80',
    'vlan and udp',
    'ip6',
    'icmp or arp',
    'tcp[13] & 2 != 0 and len > 60',
    'not ip',
  ];
  for (const filter of filters) {
    const expected = countWithTcpdump(sample.file, filter);
    const { command, kill } = await start({
      vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
    });
    const file = join(folder, 'filter.pcapng');
    const running = await capture('-i', port('net_pcap0'), '-f', filter, '-w', file);
    await command('start');
    await until('the file to pass', async () =>
      (await command('show port stats 1')).includes('TX-packets: 3000 '),
    );
    await finish(running);
    expect(readPackets(file), filter).toHaveLength(expected);
    expect(expected, filter).toBeGreaterThan(0);
    expect(readFileSync(file).includes(filter), filter).toBe(true);
    await kill();
  }
});

test('-s cuts, -c stops at the packet, -P writes pcap, --meta says what pcapng cannot', async () => {
  const sample = writeSample('options.pcap', 200, 3);
  const { command } = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null,infinite_rx=1`, 'net_null0,no-rx=1'],
  });
  await command('start');
  const cut = join(folder, 'cut.pcapng');
  const first = await hone(
    'capture',
    '-i',
    'net_pcap0',
    '-Q',
    'in',
    '-s',
    '60',
    '-c',
    '137',
    '-w',
    cut,
    '--meta',
  );
  expect(first.code).toBe(0);
  const packets = readPackets(cut);
  expect(packets).toHaveLength(137);
  for (const { captured, length } of packets) expect(captured).toBe(Math.min(length, 60));
  expect(packetOptions(cut).comments).toHaveLength(137);
  expect(packetOptions(cut).comments[0]).toMatch(/^ptype=\S+( rx=\S+)? segs=1$/);
  const classic = join(folder, 'classic.pcap');
  expect((await hone('capture', '-i', port('net_pcap0'), '-P', '-c', '50', '-w', classic)).code).toBe(0);
  expect(capinfos(classic).get('File type')).toContain('nsecpcap');
  expect(readPackets(classic)).toHaveLength(50);
  const lines = await hone('capture', '-i', port('net_pcap0'), '-c', '5');
  expect(lines.stdout.trim().split('\n')).toHaveLength(5);
});

test('frames longer than a buffer are gathered from their segments', async () => {
  const sample = writeSample('segments.pcap', 300, 13);
  const { command } = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
    app: ['--mbuf-size=320'],
  });
  const file = join(folder, 'segments.pcapng');
  const running = await capture('-i', port('net_pcap0'), '-Q', 'in', '-w', file, '--meta');
  await command('start');
  await until('the file to pass', async () =>
    (await command('show port stats 0')).includes('RX-packets: 300 '),
  );
  await finish(running);
  expect(readPackets(file).map((packet) => packet.hex)).toEqual(
    sample.packets.map(({ frame }) => hex(frame)),
  );
  const segments = packetOptions(file).comments.map((comment) => Number(/segs=(\d+)/.exec(comment)?.[1]));
  expect(segments).toHaveLength(300);
  expect(Math.max(...segments)).toBeGreaterThan(3);
});

test('several lcores, several queues, ports together: everything, in order of time', async () => {
  const { file: queue } = writeSample('queue.pcap', 20_000);
  const { command } = await start({
    lcores: ['--lcores', '0@0,1@1,2@1'],
    vdevs: [
      `net_pcap0,rx_pcap=${queue},rx_pcap=${queue},tx_pcap=/dev/null,tx_pcap=/dev/null`,
      'net_null0,no-rx=1',
    ],
    app: ['--rxq=2', '--txq=2', '--nb-cores=2'],
  });
  const file = join(folder, 'lcores.pcapng');
  const running = await capture('-i', port('all'), '-w', file, '-s', '40', '--time-stamp-type', 'host');
  await command('start');
  await until('both files to pass', async () =>
    (await command('show port stats 0')).includes('RX-packets: 40000 '),
  );
  await finish(running);
  expect(capinfos(file).get('Strict time order')).toBe('True');
  const { queues } = packetOptions(file);
  expect([0, 1].map((queue) => queues.filter((one) => one === queue).length)).toEqual([40_000, 40_000]);
  expect(readPackets(file).filter(({ direction }) => direction === 'in')).toHaveLength(40_000);
});

test('two captures of one port at once, each with its own filter and length', async () => {
  const sample = writeSample('two.pcap', 2000, 11);
  const { command } = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const files = [join(folder, 'two-a.pcapng'), join(folder, 'two-b.pcapng')] as const;
  const a = await capture('-i', port('net_pcap0'), '-f', 'tcp', '-s', '54', '-w', files[0]);
  const b = await capture('-i', port('net_pcap0'), '-f', 'udp', '-w', files[1]);
  await command('start');
  await until('the file to pass', async () =>
    (await command('show port stats 1')).includes('TX-packets: 2000 '),
  );
  await finish(a);
  await finish(b);
  const [tcp, udp] = [readPackets(files[0]), readPackets(files[1])];
  expect(tcp).toHaveLength(countWithTcpdump(sample.file, 'tcp'));
  expect(udp).toHaveLength(countWithTcpdump(sample.file, 'udp'));
  for (const { captured } of tcp) expect(captured).toBeLessThanOrEqual(54);
  for (const { captured, length } of udp) expect(captured).toBe(length);
});

test('per-interface filters and lengths, defaults before any -i', async () => {
  const sample = writeSample('each.pcap', 1000, 5);
  const { command } = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const file = join(folder, 'each.pcapng');
  const running = await capture(
    '-f',
    'tcp',
    '-i',
    port('0'),
    '-s',
    '60',
    '-i',
    port('1'),
    '-f',
    'udp',
    '-w',
    file,
  );
  await command('start');
  await until('the file to pass', async () =>
    (await command('show port stats 1')).includes('TX-packets: 1000 '),
  );
  await finish(running);
  const packets = readPackets(file);
  const [zero, one] = ['net_pcap0', 'net_null0'].map((name) =>
    packets.filter((p) => p.interfaceName === name),
  );
  expect(zero).toHaveLength(countWithTcpdump(sample.file, 'tcp'));
  expect(one).toHaveLength(countWithTcpdump(sample.file, 'udp'));
  expect(Math.max(...zero!.map(({ captured }) => captured))).toBe(60);
  expect(Math.max(...one!.map(({ captured }) => captured))).toBeGreaterThan(60);
});

const links = ['hone-va', 'hone-vb'] as const;

beforeAll(async () => {
  if (missing !== undefined) return;
  await run('ip', 'link', 'del', links[0]);
  await run('ip', 'link', 'add', links[0], 'type', 'veth', 'peer', 'name', links[1]);
  for (const link of links) {
    // The kernel's own chatter is not what was sent.
    await run('sysctl', '-q', '-w', `net.ipv6.conf.${link}.disable_ipv6=1`);
    await run('ip', 'link', 'set', link, 'arp', 'off', 'multicast', 'off', 'up');
  }
});

afterAll(async () => {
  if (missing === undefined) await run('ip', 'link', 'del', links[0]);
});

test('over veth: what tcpdump saw on the wire, at its times; tags that the driver stripped are back', async () => {
  const sample = writeSample('veth.pcap', 300, 9);
  const { command } = await start({
    vdevs: [
      `net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`,
      `net_af_packet0,iface=${links[0]}`,
      `net_af_packet1,iface=${links[1]}`,
      'net_null0,no-rx=1',
    ],
  });
  await command('port stop 2');
  await command('port config 2 rx_offload vlan_strip on');
  await command('port start 2');
  const wire = join(folder, 'wire.pcap');
  const tcpdump = startProcess('tcpdump', [
    '-i',
    links[1],
    '-Q',
    'in',
    '-w',
    wire,
    '--nano',
    '-U',
    // Its ring has a slot of that size for each packet: room for all of them at once.
    '-s',
    '2048',
    '-B',
    '32768',
  ]);
  await tcpdump.stderrMatches(/listening on/);
  const file = join(folder, 'veth.pcapng');
  const tagged = join(folder, 'tagged.pcapng');
  const running = await capture('-i', port('net_af_packet1'), '-Q', 'in', '-w', file);
  const vlan = await capture('-i', port('net_af_packet1'), '-Q', 'in', '-f', 'vlan', '-w', tagged, '--meta');
  await command('start');
  await until('the packets to arrive', async () =>
    (await command('show port stats 3')).includes('TX-packets: 300 '),
  );
  await finish(running);
  await finish(vlan);
  await until('tcpdump to have written as many', () => readPackets(wire).length >= readPackets(file).length);
  tcpdump.child.kill('SIGINT');
  await tcpdump.finished();

  const [seen, captured] = [readPackets(wire), readPackets(file)];
  expect(captured.map((packet) => packet.hex)).toEqual(seen.map((packet) => packet.hex));
  for (const [index, packet] of captured.entries()) {
    const late = packet.timestampNs - seen[index]!.timestampNs;
    expect(late).toBeGreaterThan(-1_000_000n);
    expect(late).toBeLessThan(1_000_000_000n);
    expect(packet.captured).toBe(packet.length);
  }
  const tags = sample.packets.filter(({ frame }) => frame[12] === 0x81 && frame[13] === 0);
  expect(tags.length).toBeGreaterThan(0);
  const found = readPackets(tagged);
  expect(found.map((packet) => packet.hex)).toEqual(tags.map(({ frame }) => hex(frame)));
  expect(packetOptions(tagged).comments.every((comment) => comment.includes('vlan_stripped'))).toBe(true);
});
