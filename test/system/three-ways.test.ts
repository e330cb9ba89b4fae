/**
 * The example forwarder built for three tracers, each asked what it saw of the same packets: hone and bpftrace beside each other,
 * LTTng, and none. What they count is what the forwarder counted itself.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ElfImage } from '../../src/target/elf/elf-image.ts';
import { readUsdtProbes } from '../../src/target/kernel/usdt-notes.ts';
import { Sampler } from '../../src/watch/index.ts';
import { hone, run, sleep, startHone, startProcess, until } from './hone.ts';
import { missingLttng, startLttng } from './lttng.ts';
import { missingDpdk, smallEal } from './testpmd.ts';

const source = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** What one port receives. The numbers differ, so that one that is mistaken for another is seen. */
const PACKETS = { good: 700, ttl: 200, arp: 110, short: 30 };
const PORTS = 2;

let folder: string;
let started = 0;
let children: ChildProcess[] = [];
/** Ends what a test has begun outside of it. */
let cleanUp: (() => void | Promise<void>)[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-three-ways-'));
  writeFileSync(join(folder, 'in.pcap'), makePcap());
});

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  for (const action of cleanUp.reverse()) await action();
  cleanUp = [];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function missingTools(
  ...tools: readonly (readonly [command: string, packaged: string])[]
): string | undefined {
  for (const [command, packaged] of tools) {
    if (spawnSync('which', [command]).status !== 0) return `needs ${command}: apt-get install ${packaged}`;
  }
  return undefined;
}

/** Packets of 60 bytes (the short ones of 20), shuffled evenly; little-endian pcap. */
function makePcap(): Buffer {
  const ether = (type: number) => Buffer.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, type >> 8, type & 0xff]);
  const ip = (ttl: number) => {
    const header = Buffer.alloc(46);
    header.set([0x45, 0, 0, 46, 0, 0, 0, 0, ttl, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    return Buffer.concat([ether(0x0800), header]);
  };
  const kinds = [
    { packet: ip(64), count: PACKETS.good },
    { packet: ip(1), count: PACKETS.ttl },
    { packet: Buffer.concat([ether(0x0806), Buffer.alloc(46)]), count: PACKETS.arp },
    { packet: Buffer.concat([ether(0x0800), Buffer.alloc(6)]), count: PACKETS.short },
  ];
  const placed = kinds.flatMap(({ packet, count }) =>
    Array.from({ length: count }, (_, n) => ({ packet, place: (n + 0.5) / count })),
  );
  const head = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const records = placed
    .sort((a, b) => a.place - b.place)
    .flatMap(({ packet }) => {
      const record = Buffer.alloc(16);
      record.writeUInt32LE(packet.length, 8);
      record.writeUInt32LE(packet.length, 12);
      return [record, packet];
    });
  return Buffer.concat([head, ...records]);
}

function build(variant: 'LTTNG' | 'NONE' | undefined): string {
  const binary = join(folder, `forwarder-${variant ?? 'default'}`);
  execFileSync('make', ['-C', source, `OUT=${binary}`, ...(variant === undefined ? [] : [`${variant}=1`])]);
  return binary;
}

interface Held {
  readonly pid: number;
  /** Lets it forward, ends it when `during` is over, and tells what it printed of both ports together. */
  forward(during?: () => Promise<unknown>): Promise<{ readonly forwarded: number; readonly dropped: number }>;
}

/** A forwarder that waits for a line before it takes the first packet. */
async function hold(command: string, args: readonly string[], env = process.env): Promise<Held> {
  const vdevs = Array.from({ length: PORTS }, (_, n) => [
    '--vdev',
    `net_pcap${n},rx_pcap=${join(folder, 'in.pcap')},tx_pcap=${join(folder, `out${n}.pcap`)}`,
  ]);
  const child = spawn(
    command,
    [...args, ...smallEal(`three-${process.pid}-${++started}`), ...vdevs.flat(), ...['--', '--hold']],
    { env, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  let stdout = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await until('the forwarder', () => stdout.includes('holding'), 60_000);
  const below = execFileSync('sh', ['-c', `ps -o pid= --ppid ${child.pid} || true`], {
    encoding: 'utf8',
  }).trim();
  const pid = command === process.execPath ? Number(below) : child.pid!;
  return {
    pid,
    async forward(during = () => sleep(500)) {
      child.stdin!.write('\n');
      await until('forwarding', () => stdout.includes('forwarding between'));
      await during();
      process.kill(pid, 'SIGTERM');
      await ended;
      const lines = [...stdout.matchAll(/^port \d: forwarded (\d+), dropped (\d+)$/gm)];
      expect(lines.length, stdout).toBe(PORTS);
      const sum = (group: number) => lines.reduce((total, line) => total + Number(line[group]), 0);
      return { forwarded: sum(1), dropped: sum(2) };
    },
  };
}

/** Whether the kernel has put its breakpoint on every place of these probes. */
function areArmed(pid: number, binary: string, names: readonly string[]): boolean {
  const image = new ElfImage(binary);
  const probes = readUsdtProbes(image).filter(({ provider, name }) => names.includes(`${provider}:${name}`));
  image.close();
  expect(probes.length).toBeGreaterThanOrEqual(names.length);
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const base = Number.parseInt(maps.split('\n').find((line) => line.endsWith(binary))!, 16);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const byte = Buffer.alloc(1);
    return probes.every(({ address }) => {
      readSync(memory, byte, 0, 1, base + address);
      return byte[0] === 0xcc;
    });
  } finally {
    closeSync(memory);
  }
}

interface Sums {
  readonly forwarded: number;
  readonly dropped: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** By hone/dataplane.h: malformed 1, unsupported 2, ttl 4. */
const EXPECTED: Sums = {
  forwarded: PORTS * PACKETS.good,
  dropped: PORTS * (PACKETS.ttl + PACKETS.arp + PACKETS.short),
  reasons: { 1: PORTS * PACKETS.short, 2: PORTS * PACKETS.arp, 4: PORTS * PACKETS.ttl },
};

/** Maps of JSON lines, hone's and bpftrace's alike. */
function readMaps(stdout: string): Sums {
  const data = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"type": "map"'))
    .map((line) => (JSON.parse(line) as { data: Record<string, unknown> }).data);
  const maps = Object.assign({}, ...data) as Record<string, unknown>;
  return {
    forwarded: Number(maps['@forwarded']),
    dropped: Number(maps['@dropped']),
    reasons: maps['@reasons'] as Record<string, number>,
  };
}

test('agent and USDT: hone and bpftrace, beside each other, count what the forwarder counted', async (context) => {
  const missing = missingTools(['bpftrace', 'bpftrace']);
  if (missing !== undefined) context.skip(missing);
  const binary = build(undefined);
  const held = await hold(process.execPath, [main, 'run', '--', binary]);
  const script = (probe: (name: string) => string, argument: (n: number, name: string) => string) =>
    [
      `${probe('forwarder:burst_end')} { @forwarded = sum(${argument(2, 'sent')}); }`,
      `${probe('forwarder:drop')} { @dropped = count(); }`,
      `${probe('dataplane:drop')} { @reasons[${argument(2, 'reason')}] = count(); }`,
    ].join(' ');
  const bpftrace = startProcess('bpftrace', [
    ...['-f', 'json', '-p', String(held.pid), '-e'],
    script(
      (name) => `usdt:${binary}:${name}`,
      (n) => `arg${n}`,
    ),
  ]);
  children.push(bpftrace.child);
  const hone = startHone([
    ...['trace', '-q', '-f', 'json', '-p', String(held.pid), '-e'],
    `${script(
      (name) => `app:${name}`,
      (_, name) => `args.${name}`,
    )} interval:ms:100 { printf("tick\\n"); }`,
  ]);
  children.push(hone.child);
  const names = ['forwarder:burst_end', 'forwarder:drop', 'dataplane:drop'];
  await until(
    'bpftrace',
    () => bpftrace.stdout().includes('attached_probes') && areArmed(held.pid, binary, names),
  );
  await until('hone', () => hone.stdout().includes('tick'));
  const counted = await held.forward();
  const seen = { hone: await hone.finished(), bpftrace: await bpftrace.finished() };
  expect(counted).toEqual({ forwarded: EXPECTED.forwarded, dropped: EXPECTED.dropped });
  expect(readMaps(seen.hone.stdout), seen.hone.stderr).toEqual(EXPECTED);
  expect(readMaps(seen.bpftrace.stdout), seen.bpftrace.stderr).toEqual(EXPECTED);
}, 180_000);

test('what the application drops, by reason, as hone top and the page read it', async () => {
  const held = await hold(process.execPath, [main, 'run', '--', build(undefined)]);
  const sampler = await Sampler.open(String(held.pid), () => {});
  const drops = async () => (await sampler.read())[0]?.drops ?? [];
  try {
    expect(await drops()).toEqual([]);
    let seen: Awaited<ReturnType<typeof drops>> = [];
    await held.forward(async () => {
      while (seen.reduce((sum, { packets }) => sum + packets, 0) < EXPECTED.dropped) seen = await drops();
    });
    const wanted = { malformed: PACKETS.short, unsupported: PACKETS.arp, ttl: PACKETS.ttl };
    for (let port = 0; port < PORTS; port++) {
      const ofPort = seen.filter(({ portId }) => portId === port);
      expect(Object.fromEntries(ofPort.map(({ reason, packets }) => [reason, packets]))).toEqual(wanted);
    }
  } finally {
    sampler.close();
  }
}, 60_000);

test('LTTng: events of the trace are those of the forwarder, babeltrace2 has nothing to complain about', async (context) => {
  const missing = missingLttng();
  if (missing !== undefined) context.skip(missing);
  const binary = build('LTTNG');
  const session = await startLttng({ home: join(folder, 'lttng'), events: 'dataplane:*,forwarder:*' });
  cleanUp.push(session.remove);
  const counted = await (await hold(binary, [], session.env)).forward();
  session.stop();
  const read = await run('babeltrace2', session.trace);
  expect({ code: read.code, stderr: read.stderr }).toEqual({ code: 0, stderr: '' });
  const events = read.stdout.split('\n');
  const of = (name: string) => events.filter((line) => line.includes(` ${name}: `));
  const reasons = new Map<string, number>();
  for (const line of of('dataplane:drop')) {
    // An enumeration: ( "ttl" : container = 4 )
    const [, label, value] = /reason = \( "(\w+)" : container = (\d+) \)/.exec(line)!;
    reasons.set(`${label} ${value}`, (reasons.get(`${label} ${value}`) ?? 0) + 1);
  }
  expect(counted).toEqual({ forwarded: EXPECTED.forwarded, dropped: EXPECTED.dropped });
  expect(of('forwarder:forward').length).toBe(EXPECTED.forwarded);
  expect(of('forwarder:drop').length).toBe(EXPECTED.dropped);
  expect(Object.fromEntries(reasons)).toEqual({
    'malformed 1': EXPECTED.reasons[1],
    'unsupported 2': EXPECTED.reasons[2],
    'ttl 4': EXPECTED.reasons[4],
  });
  expect(of('forwarder:drop')[0]).toMatch(/reason = "(short|no IPv4|TTL)", pkt_len = \d+/);
  expect(of('dataplane:stage_begin').length).toBe(of('dataplane:stage_end').length);
  expect(of('dataplane:lcore_busy').length).toBeGreaterThan(0);
  // The same script as of the application itself, on the trace.
  const script =
    'app:forwarder:forward { @forwarded = count(); } app:forwarder:drop { @dropped = sum(args.pkt_len > 0); }' +
    'app:dataplane:drop { @reason[args.reason] = count(); }';
  const traced = await hone('trace', '-q', '-f', 'json', '--read', session.trace, '-e', script);
  expect(traced.stderr).toBe('');
  const maps = traced.stdout.split('\n').filter((line) => line.includes('"type": "map"'));
  expect(Object.assign({}, ...maps.map((line) => JSON.parse(line).data))).toEqual({
    '@forwarded': EXPECTED.forwarded,
    '@dropped': EXPECTED.dropped,
    '@reason': { 1: EXPECTED.reasons[1], 2: EXPECTED.reasons[2], 4: EXPECTED.reasons[4] },
  });
}, 180_000);

test('none: it forwards, and nothing of its points is in the file', async () => {
  const binary = build('NONE');
  const counted = await (await hold(binary, [])).forward();
  expect(counted).toEqual({ forwarded: EXPECTED.forwarded, dropped: EXPECTED.dropped });
  const sections = execFileSync('readelf', ['-SW', binary], { encoding: 'utf8' });
  expect(sections).not.toMatch(/stapsdt|note\.hone|hone_hooks|lttng/);
  expect(execFileSync('nm', ['-u', binary], { encoding: 'utf8' })).not.toContain('lttng');
}, 180_000);
