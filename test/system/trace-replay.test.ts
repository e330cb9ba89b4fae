/** The same scripts on the same packets: a replay live, its file read, and testpmd that receives the file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSample } from './captures.ts';
import { hone, type Running, startHone, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const PACKETS = 20_000;
/**
 * Aggregations and keys of every kind, state that programs read, lines. What reads the state stands in one clause: an
 * application runs a clause on all packets of a burst before the next one.
 */
const SCRIPT = `
  dpdk:rx_packet { @n = count(); @bytes = sum(args.len); @sizes = hist(args.len); @lengths = stats(args.len); }
  dpdk:rx_packet /ip.proto == 6/ { @tcp[ip.src, tcp.dstport] = count(); @most[ip.dst] = max(args.len); }
  dpdk:rx_packet /udp.dstport == 53/ { @dns[args.port] = lhist(args.len, 0, 1500, 100); }
  dpdk:rx_packet {
    @last[args.len] = @seen; @seen++;
    if (@seen % 3 == 0) { @thirds[args.len % 5] = avg(args.len); }
    if (@seen % 1000 == 0) { printf("%d packets, the last of %d bytes\\n", @seen, args.len); }
  }`;

let folder: string;
let file: string;
let env: NodeJS.ProcessEnv;
let running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-trace-replay-'));
  env = { ...process.env, XDG_RUNTIME_DIR: folder };
  file = writeSample('trace-replay.pcap', PACKETS, 5).file;
});
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Lines in an order of their own: entries with the same value may stand in any. */
const linesOf = (stdout: string) => stdout.split('\n').sort();

const ofFile = async (script: string) => {
  const { code, stdout, stderr } = await hone('trace', '-q', '--read', file, '-e', script);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

/** Played as fast as it goes, once the trace is there. */
async function replayed(script: string): Promise<string> {
  const source = startHone(['replay', file, '--rate', 'max'], env);
  running.push(source);
  await source.stderrMatches(/capture with/);
  const one = startHone(['trace', '-q', '-p', String(source.pid), '-e', script], env);
  running.push(one);
  const { code, stdout, stderr } = await one.finished();
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/has ended\n$/);
  const { stderr: said } = await source.finished();
  expect(said).toContain(`${PACKETS} packets played`);
  return stdout;
}

test('a replay live gives what its file gives', async () => {
  const want = await ofFile(SCRIPT);
  expect(want).toContain(`@n: ${PACKETS}\n`);
  expect(want).toContain(`${PACKETS} packets, the last of`);
  expect(linesOf(await replayed(SCRIPT))).toEqual(linesOf(want));
});

test('bursts, polls, intervals and the price', async () => {
  const source = startHone(['replay', '--sample', '--loop', '--rate', '50000'], env);
  running.push(source);
  await source.stderrMatches(/capture with/);
  const { code, stdout, stderr } = await startHone(
    [
      ...['trace', '-p', String(source.pid), '--duration', '1', '-e'],
      'dpdk:rx_burst { @bursts = count(); @in = sum(args.nb_rx); @most = max(args.max); } dpdk:rx_poll { @polls = count(); } ' +
        'dpdk:rx_packet { @packets = count(); } interval:ms:100 { printf("tick\\n"); }',
    ],
    env,
  ).finished();
  expect(code, stderr).toBe(0);
  const numberOf = (map: string) => Number(new RegExp(`^@${map}: (\\d+)$`, 'm').exec(stdout)?.[1]);
  expect(numberOf('bursts')).toBeGreaterThan(0);
  expect(numberOf('polls')).toBe(numberOf('bursts'));
  expect(numberOf('packets')).toBe(numberOf('in'));
  expect(numberOf('most')).toBe(32);
  expect(stdout.match(/^tick$/gm)!.length).toBeGreaterThan(5);
  expect(stderr).toMatch(new RegExp(`^dpdk:rx_packet +${numberOf('packets')} +[\\d.]+ `, 'm'));
});

test('a point of an application is refused', async () => {
  const source = startHone(['replay', '--sample', '--loop'], env);
  running.push(source);
  await source.stderrMatches(/capture with/);
  const { code, stdout, stderr } = await startHone(
    ['trace', '-p', String(source.pid), '-e', 'app:shop:sale { @ = count(); }'],
    env,
  ).finished();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^hone trace: replay .* has no probe app:shop:sale/);
});

const missing = missingDpdk();

describe.skipIf(missing !== undefined)(`on testpmd${missing ? ` (${missing})` : ''}`, () => {
  let app: Testpmd | undefined;
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });

  test('an application that receives the file gives the same, too', async () => {
    app = await startTestpmd({
      vdevs: [`net_pcap0,rx_pcap=${file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
    });
    const one = startHone(['trace', '-q', '-p', String(app.pid), '-e', SCRIPT]);
    running.push(one);
    await until('the trace has started', () => one.stdout().includes('Attaching'));
    await app.command('start');
    await until('the file to pass', async () =>
      (await app!.command('show port stats 1')).includes(`TX-packets: ${PACKETS} `),
    );
    one.child.kill('SIGINT');
    const { code, stdout, stderr } = await one.finished();
    expect(code, stderr).toBe(0);
    expect(linesOf(stdout)).toEqual(linesOf(await replayed(SCRIPT)));
  });
});
