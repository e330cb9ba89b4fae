/**
 * hone record, as a person runs it, on dpdk-testpmd and on a replay: what babeltrace2 finds in the folder is what happened, whoever
 * of the two sides dies and however full the disk or a ring is.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeSample } from './captures.ts';
import { readEvents } from './events.ts';
import { hone, type Running, run, sleep, startHone, until } from './hone.ts';
import {
  heldMemory,
  missingDpdk,
  portCounter,
  startTestpmd,
  type Testpmd,
  type TestpmdOptions,
} from './testpmd.ts';

const hasBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;

let folder: string;
let recordings = 0;
let app: Testpmd | undefined;
let running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-record-'));
});
beforeEach((context) => {
  if (!hasBabeltrace) context.skip('needs babeltrace2: apt-get install babeltrace2');
});
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
  await app?.kill();
  app = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = () => join(folder, `recording-${recordings++}`);

interface Counts {
  readonly events: number;
  readonly discarded: number;
  readonly streams: number;
  readonly stderr: string;
}

/** What babeltrace2 counts in a trace, and everything that it says against it. */
function count(path: string): Counts {
  const args = [path, '-c', 'sink.utils.counter', '--params=step=+0'];
  const { stdout, stderr } = spawnSync('babeltrace2', args, { encoding: 'utf8' });
  const of = (what: RegExp) => Number(what.exec(stdout)?.[1] ?? 0);
  return {
    events: of(/^ *(\d+) Event messages?$/m),
    discarded: of(/^ *(\d+) Discarded event messages?$/m),
    streams: of(/^ *(\d+) Stream beginning messages?$/m),
    stderr,
  };
}

/** One line an event; nothing may be wrong with the trace, save that events were lost. */
function lines(path: string): string[] {
  const { stdout, stderr } = spawnSync('babeltrace2', [path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  expect(stderr.replace(/^WARNING: Tracer discarded \d+ events? between .*\n/gm, '').trim()).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** Sum of what babeltrace2 says was discarded. */
function discarded(path: string): number {
  const { stderr } = spawnSync('babeltrace2', [path], { encoding: 'utf8', maxBuffer: 1 << 30 });
  return [...stderr.matchAll(/discarded (\d+) event/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}

async function start(options: Partial<TestpmdOptions> = {}): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'], ...options });
  return app;
}

/** Begins a recording of testpmd and waits until it runs. */
async function record(path: string, ...args: readonly string[]): Promise<Running> {
  const one = startHone(['record', '-p', String(app!.pid), '-o', path, ...args]);
  running.push(one);
  await one.stderrMatches(/^Recording /m);
  return one;
}

async function end(one: Running, signal: NodeJS.Signals = 'SIGINT') {
  one.child.kill(signal);
  return one.finished();
}

/** The last lines of a recording: what was recorded, what was discarded. */
function summary(stderr: string): { readonly recorded: number; readonly discarded: number } {
  const [, recorded, lost] = /^Events recorded: (\d+), discarded: (\d+)$/m.exec(stderr) ?? [];
  return { recorded: Number(recorded), discarded: Number(lost) };
}

/** What matched, of a line of the table. */
function matched(stderr: string, point: string): number {
  return Number(new RegExp(`^${point} +\\S+ +\\d+ +(\\d+)`, 'm').exec(stderr)?.[1]);
}

const forwarded = () => portCounter(app!, 0, 'RX-packets');

describe('of an application', () => {
  beforeEach((context) => {
    const missing = missingDpdk();
    if (missing !== undefined) context.skip(missing);
  });

  test('every burst is there, of every lcore; signals end it with 0', async () => {
    await start();
    const path = fresh();
    const one = await record(path, '-e', 'dpdk:*_burst');
    await app!.command('start');
    await sleep(300);
    await app!.command('stop');
    const { code, stderr } = await end(one, 'SIGTERM');
    expect(code).toBe(0);
    const { recorded, discarded: lost } = summary(stderr);
    expect(recorded).toBeGreaterThan(10_000);
    expect(lost).toBe(0);
    expect(count(path)).toMatchObject({ events: recorded, discarded: 0, streams: 1, stderr: '' });
    expect(matched(stderr, 'dpdk:rx_burst') + matched(stderr, 'dpdk:tx_burst')).toBe(recorded);
    const sum = lines(path).reduce(
      (packets, line) =>
        packets + Number(/rx\.burst\.nonempty.*port_id = 0,.*nb_rx = (\d+)/.exec(line)?.[1] ?? 0),
      0,
    );
    expect(sum).toBe(await forwarded());
    await until('the agent to let go', () => heldMemory(app!.pid).length === 0);
  });

  test('predicates: as many as a trace counts', async () => {
    const { file } = writeSample('record.pcap', 5000, 7);
    await start({ vdevs: [`net_pcap0,rx_pcap=${file},tx_pcap=/dev/null`, 'net_null1,no-rx=1'] });
    const path = fresh();
    const one = await record(
      path,
      ...[
        '-e',
        'dpdk:rx_packet:0 /ip.proto == 6 && args.len > 100/',
        '-e',
        'dpdk:rx_packet:0 /udp.dport == 53/',
      ],
    );
    const traced = startHone([
      ...['trace', '-q', '-p', String(app!.pid), '-e'],
      'dpdk:rx_packet:0 /(ip.proto == 6 && args.len > 100) || udp.dport == 53/ { @ = count(); }',
    ]);
    running.push(traced);
    await until('the trace to run', () => traced.stdout().includes('Attaching'));
    await sleep(200);
    await app!.command('start');
    await sleep(500);
    await app!.command('stop');
    const { stderr } = await end(one);
    const { stdout } = await end(traced);
    const wanted = Number(/^@: (\d+)$/m.exec(stdout)?.[1]);
    expect(wanted).toBeGreaterThan(100);
    expect(summary(stderr)).toEqual({ recorded: wanted, discarded: 0 });
    expect(count(path)).toMatchObject({ events: wanted, stderr: '' });
  });

  test('packets beside: each packet event is one of the file, with its length and its time', async () => {
    const { file } = writeSample('record-packets.pcap', 3000, 9);
    await start({ vdevs: [`net_pcap0,rx_pcap=${file},tx_pcap=/dev/null`, 'net_null1,no-rx=1'] });
    const path = fresh();
    const one = await record(
      path,
      '-e',
      'dpdk:rx_packet /args.len < 200/',
      '-i',
      '0',
      '--packets',
      '-f',
      'less 600',
    );
    await app!.command('start');
    await sleep(500);
    await app!.command('stop');
    const { code, stderr } = await end(one);
    expect(code, stderr).toBe(0);
    const fields = ['frame.time_epoch', 'frame.len', 'frame.packet_id'].flatMap((field) => ['-e', field]);
    const shown = execFileSync(
      'tshark',
      ['-n', '-r', join(path, 'packets.pcapng'), '-T', 'fields', ...fields],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const packets = new Map(
      shown
        .trim()
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([time, length, id]) => [
          BigInt(id!),
          { time: BigInt(time!.replace('.', '')), length: Number(length) },
        ]),
    );
    expect(packets.size).toBeGreaterThan(2000);
    const { stdout } = spawnSync('babeltrace2', ['--clock-seconds', path], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    const events = [...stdout.matchAll(/^\[(\d+)\.(\d+)\].* len = (\d+),.* packet_id = (\d+)/gm)];
    expect(events.length).toBe(summary(stderr).recorded);
    expect(events.length).toBeGreaterThan(500);
    for (const [, seconds, ns, length, id] of events) {
      expect(packets.get(BigInt(id!))).toEqual({ time: BigInt(`${seconds}${ns}`), length: Number(length) });
    }
  });

  test('a thread that comes late has a stream of its own', async () => {
    await start({ lcores: ['--lcores', '0,1@1,2@1'], app: ['--nb-cores=2'] });
    await app!.command('set nbcore 1');
    await app!.command('start');
    const path = fresh();
    const one = await record(path, '-e', 'dpdk:rx_burst /args.port == 1/', '-e', 'dpdk:rx_burst:0');
    await sleep(100);
    await app!.command('stop');
    await app!.command('set nbcore 2');
    await app!.command('start');
    await sleep(200);
    await app!.command('stop');
    const { code, stderr } = await end(one);
    expect(code).toBe(0);
    expect(readdirSync(join(path, 'events')).filter((name) => name.startsWith('stream-'))).toHaveLength(2);
    const counted = count(path);
    expect(counted).toMatchObject({ events: summary(stderr).recorded, streams: 2, stderr: '' });
    const all = lines(path);
    for (const lcore of [1, 2]) {
      const own = all.filter((line) => line.includes(`lcore_id = ${lcore},`));
      expect(own.length).toBeGreaterThan(100);
      expect(own[0]).toMatch(
        new RegExp(`cpu_id = 1, lcore_id = ${lcore}, tid = \\d+, thread_name = "[^"]+"`),
      );
    }
  });

  test('an overrun ring: what is in the file and what was discarded is what matched', async () => {
    await start();
    const path = fresh();
    const one = await record(path, '-e', 'dpdk:rx_burst', '-B', '1');
    await app!.command('start');
    one.child.kill('SIGSTOP');
    await sleep(200);
    one.child.kill('SIGCONT');
    await sleep(100);
    await app!.command('stop');
    const { code, stderr } = await end(one);
    expect(code).toBe(0);
    const { recorded, discarded: lost } = summary(stderr);
    expect(lost).toBeGreaterThan(1000);
    expect(recorded + lost).toBe(matched(stderr, 'dpdk:rx_burst'));
    expect(count(path).events).toBe(recorded);
    expect(discarded(path)).toBe(lost);
  });

  test('the application is killed: everything up to its last events is there, and the exit code says so', async () => {
    await start();
    const path = fresh();
    const one = await record(path, '-e', 'dpdk:rx_burst');
    await app!.command('start');
    await sleep(100);
    await app!.kill();
    const { code, stderr } = await one.finished();
    expect(code).toBe(3);
    expect(stderr).toMatch(/dpdk-testpmd \d+ ended: what it recorded is complete\n$/);
    const { events, stderr: said } = count(path);
    expect(said).toBe('');
    // Whoever is killed between an event and its count has one more in the file.
    const { recorded } = summary(stderr);
    expect(Math.abs(events - recorded)).toBeLessThanOrEqual(64);
    expect(events).toBeGreaterThan(1000);
  });

  test('a host that is killed while it writes leaves whole packets; the application goes on, and can be recorded again', async () => {
    await start();
    await app!.command('start');
    let recorded = 0;
    for (let round = 0; round < 6; round++) {
      const path = fresh();
      const one = await record(path, '-e', 'dpdk:rx_packet', '-e', 'dpdk:tx_packet');
      await until('a packet', () =>
        readdirSync(join(path, 'events')).some((name) => name.startsWith('stream')),
      );
      await sleep(randomInt(20, 200));
      one.child.kill('SIGKILL');
      await one.finished();
      const { events, stderr } = count(path);
      expect(stderr).toBe('');
      expect(readEvents(path)).toEqual({ events, damages: [] });
      recorded += events;
      rmSync(path, { recursive: true });
      await until('the agent to let go', () => heldMemory(app!.pid).length === 0);
    }
    // A kill may come before the first event: not each time.
    expect(recorded).toBeGreaterThan(60_000);
    const before = await forwarded();
    await sleep(50);
    expect(await forwarded()).toBeGreaterThan(before);
  }, 180_000);

  test('the disk is full: the trace ends with its last whole packet, and the error names the file', async () => {
    await start();
    await app!.command('start');
    const disk = join(folder, 'disk');
    mkdirSync(disk, { recursive: true });
    expect((await run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk)).code).toBe(0);
    try {
      const path = join(disk, 'out');
      const { code, stderr } = await hone('record', '-p', String(app!.pid), '-o', path, '-e', 'dpdk:*_burst');
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /hone record: cannot write .*\/out\/events\/(index\/)?stream-\d+(\.idx\.part)?: no space left on device \(ENOSPC\); the file is whole/,
      );
      const { events, stderr: said } = count(path);
      expect(said).toBe('');
      expect(events).toBeGreaterThan(50_000);
      await until('the agent to let go', () => heldMemory(app!.pid).length === 0);
    } finally {
      await run('umount', disk);
    }
  });

  test('a flight recorder: snapshots when asked, when a predicate fires and at the end, each with the newest events', async () => {
    await start();
    await app!.command('start');
    const path = fresh();
    const one = await record(
      path,
      ...[
        '-e',
        'dpdk:rx_burst',
        '--overwrite',
        '-B',
        '1',
        '--snapshot-on',
        'dpdk:rx_burst:1 /args.nb_rx != 32/',
      ],
    );
    await sleep(300);
    expect(readdirSync(path)).toEqual([]);
    one.child.kill('SIGUSR1');
    await one.stderrMatches(/snapshot-1/);
    // The bursts are smaller now.
    await app!.command('stop');
    await app!.command('set burst 16');
    await app!.command('start');
    await one.stderrMatches(/snapshot-2/);
    await app!.command('stop');
    const { code, stderr } = await end(one);
    expect(code).toBe(0);
    expect(readdirSync(path)).toEqual(['snapshot-1', 'snapshot-2', 'snapshot-3']);
    for (const [n, burst] of [32, undefined, 16].entries()) {
      const trace = join(path, `snapshot-${n + 1}`);
      const all = lines(trace);
      expect(all.length).toBeGreaterThan(10_000);
      expect(all.length).toBeLessThan((2 << 20) / 20);
      if (burst !== undefined) expect(all.at(-1)).toContain(`nb_rx = ${burst},`);
    }
    expect(lines(join(path, 'snapshot-2')).some((line) => line.includes('nb_rx = 16,'))).toBe(true);
    expect(summaryOfFlight(stderr)).toBeGreaterThan(lines(join(path, 'snapshot-3')).length);
  });

  test("DPDK's own trace beside the events", async () => {
    const traces = mkdtempSync(join(tmpdir(), 'hone-rte-'));
    await start({ eal: [`--trace-dir=${traces}`] });
    const path = fresh();
    const one = await record(path, '-e', 'dpdk:rx_burst', '--rte-trace', 'lib.ethdev.st[ao][rp]*');
    await app!.command('port stop all');
    await app!.command('port start all');
    await app!.command('start');
    await sleep(100);
    await app!.command('stop');
    const { code, stderr } = await end(one);
    expect(code, stderr).toBe(0);
    const own = lines(join(path, 'rte-trace'));
    expect(own.filter((line) => line.includes('lib.ethdev.stop')).length).toBe(2);
    // Both are one recording to whoever reads the folder.
    expect(lines(path).length).toBe(own.length + summary(stderr).recorded);
    rmSync(traces, { recursive: true });
  });

  test('asked to end twice, it ends with 0', async () => {
    await start();
    await app!.command('start');
    const one = await record(fresh(), '-e', 'dpdk:rx_burst', '--packets');
    await sleep(50);
    one.child.kill('SIGINT');
    one.child.kill('SIGTERM');
    expect((await one.finished()).code).toBe(0);
  });
});

function summaryOfFlight(stderr: string): number {
  return Number(/^Events kept for snapshots: (\d+)/m.exec(stderr)?.[1]);
}

describe('of a replay', () => {
  const PACKETS = 20_000;
  let env: NodeJS.ProcessEnv;
  let file: string;

  beforeAll(() => {
    env = { ...process.env, XDG_RUNTIME_DIR: folder };
    file = writeSample('record-replay.pcap', PACKETS, 5).file;
  });

  async function replayed(path: string, ...args: readonly string[]): Promise<string> {
    const source = startHone(['replay', file, '--rate', 'max'], env);
    running.push(source);
    await source.stderrMatches(/capture with/);
    const one = startHone(['record', '-p', String(source.pid), '-o', path, ...args], env);
    running.push(one);
    const { code, stderr } = await one.finished();
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      3,
      expect.stringContaining('ended: what it recorded'),
    ]);
    return stderr;
  }

  test('each packet is an event, in the version of CTF that was asked for', async () => {
    const path = fresh();
    const stderr = await replayed(path, '-e', 'dpdk:*_packet');
    expect(summary(stderr)).toEqual({ recorded: PACKETS, discarded: 0 });
    expect(count(path)).toMatchObject({ events: PACKETS, stderr: '' });
    const other = fresh();
    expect(summary(await replayed(other, '-e', 'dpdk:*_packet', '--ctf2'))).toEqual({
      recorded: PACKETS,
      discarded: 0,
    });
    // Not by babeltrace2, whose version here is older than CTF 2.
    const script = 'dpdk:rx_packet, dpdk:tx_packet { @ = count(); @bytes = sum(args.len); }';
    const read = (folder: string) => hone('trace', '-q', '--read', folder, '-e', script);
    const { stdout } = await read(other);
    expect(stdout).toMatch(new RegExp(`^@: ${PACKETS}\n@bytes: [1-9]\\d{4,}$`, 'm'));
    expect((await read(path)).stdout).toBe(stdout);
  });

  test('predicates: as many as a trace of the file counts', async () => {
    const path = fresh();
    const condition = 'ip.proto == 17 && udp.dport == 53 || args.len > 1400';
    const { stdout } = await hone(
      'trace',
      '-q',
      '--read',
      file,
      '-e',
      `dpdk:rx_packet /${condition}/ { @ = count(); }`,
    );
    const wanted = Number(/^@: (\d+)$/m.exec(stdout)?.[1]);
    expect(wanted).toBeGreaterThan(100);
    const stderr = await replayed(path, '-e', `dpdk:rx_packet /${condition}/`);
    expect(summary(stderr)).toEqual({ recorded: wanted, discarded: 0 });
    expect(count(path)).toMatchObject({ events: wanted, stderr: '' });
  });

  test('the end behind some events, to the event', async () => {
    const source = startHone(['replay', '--sample', '--loop'], env);
    running.push(source);
    await source.stderrMatches(/capture with/);
    const path = fresh();
    const one = startHone(
      [
        'record',
        '-p',
        String(source.pid),
        '-o',
        path,
        '-e',
        'dpdk:rx_packet',
        '-a',
        'events:500',
        '-a',
        'duration:20',
      ],
      env,
    );
    running.push(one);
    expect((await one.finished()).code).toBe(0);
    expect(count(path)).toMatchObject({ events: 500, discarded: 0, stderr: '' });
  });

  test('what is wrong is said in one message, and no folder is made', async () => {
    const path = fresh();
    for (const { args, said } of [
      {
        args: ['-e', 'dpdk:rx_burts'],
        said: /an application has no probe dpdk:rx_burts, did you mean dpdk:rx_burst\?/,
      },
      { args: ['-e', 'dpdk:rx_burst /args.nb > 1/'], said: /dpdk:rx_burst has no argument nb\n.*\n +\^+\n/ },
      { args: ['-e', 'dpdk:rx_burst', '-t', 'nobody'], said: /hone record: .*/ },
    ]) {
      const { code, stdout, stderr } = await hone('record', '-o', path, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(said);
      expect(stderr).not.toContain('    at ');
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    }
    const { code, stderr } = await hone('record', '-o', folder, '-e', 'dpdk:rx_burst');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hone record: -o .*, expected a new or an empty folder\n$/);
  });
});
