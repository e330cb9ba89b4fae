/**
 * Where librte_bpf is absent, or makes no native code, filters and scripts run in an interpreter, and that is said. Where it refuses
 * a program, so is what is known of its reason.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSample } from './captures.ts';
import { hone, startHone, startProcess, until } from './hone.ts';
import { missingDpdk, portCounter, smallEal, startTestpmd, type Testpmd } from './testpmd.ts';

const missing = missingDpdk();
const PACKETS = 2000;
const SCRIPT = `
  BEGIN { printf("begin\\n"); }
  dpdk:rx_packet /udp || tcp/ { @n[args.port, ip.src] = count(); @l = stats(args.len); @s = hist(args.len); }
  dpdk:rx_packet /udp.dstport == 53 && ++@dns == 1/ { printf("%s\\n", ntop(ip.dst)); }
  dpdk:rx_packet { @last[args.queue] = args.len; @all = count(); }`;

describe.skipIf(missing !== undefined)(`engines${missing ? ` (${missing})` : ''}`, () => {
  const sample = writeSample('engines.pcap', PACKETS, 3);
  let folder: string;
  let app: Testpmd | undefined;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hone-engines-'));
    for (const name of ['hide-symbols', 'refuse-programs']) {
      const source = join(import.meta.dirname, `${name}.c`);
      const flags = ['-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
      execFileSync('gcc', [...flags, '-o', join(folder, `${name}.so`), source]);
    }
  });
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function attach(library: string, hidden = ''): Promise<Testpmd> {
    app = await startTestpmd({
      agent: 'none',
      vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
      env: { LD_PRELOAD: join(folder, `${library}.so`), HIDDEN_SYMBOLS: hidden },
    });
    const { code, stderr } = await hone('attach', String(app.pid));
    expect(code, stderr).toBe(0);
    return app;
  }

  test.each([
    ['native code', 'nothing', undefined],
    ['no JIT', 'rte_bpf_get_jit', /: librte_bpf makes no native code there: programs run in its interpreter/],
    ['no librte_bpf', 'rte_bpf_', /: there is no librte_bpf: programs run in the agent's interpreter/],
  ])('%s', async (_, hidden, note) => {
    const one = await attach('hide-symbols', hidden);
    const trace = startHone(['trace', '-p', String(one.pid), '-e', SCRIPT]);
    const file = join(folder, 'engines.pcapng');
    const port = `${one.pid}/net_pcap0`;
    const capture = startHone(['capture', '-q', '-i', port, '-f', 'udp or tcp', '-w', file]);
    await capture.stderrMatches(/Capturing on/);
    await until('the trace to be attached', () => trace.stdout().includes('begin'));
    await one.command('start');
    await until('the file to pass', async () => (await portCounter(one, 0, 'RX-packets')) === PACKETS);
    trace.child.kill('SIGINT');
    capture.child.kill('SIGINT');
    const [traced, captured] = [await trace.finished(), await capture.finished()];
    const wanted = await hone('trace', '--read', sample.file, '-e', SCRIPT);
    expect(wanted.stdout).toMatch(/@all: 2000\n/);
    expect(traced.stdout).toBe(wanted.stdout);
    for (const { code, stderr } of [traced, captured]) {
      expect(code, stderr).toBe(0);
      if (note === undefined) expect(stderr).not.toMatch(/librte_bpf/);
      else expect(stderr).toMatch(note);
    }
    const packets = await hone('read', file, '--count');
    const accepted = await hone('read', sample.file, '-f', 'udp or tcp', '--count');
    expect(packets.stdout).toBe(accepted.stdout);
  });

  test('an application that is not linked with librte_bpf gets it for a filter', async () => {
    const example = join(folder, 'forwarder');
    execFileSync('make', ['-C', join(import.meta.dirname, '../../examples/forwarder'), `OUT=${example}`]);
    const nulls = [0, 1].map((port) => `--vdev=net_null${port},size=64`);
    const eal = smallEal(`hone-engines-${process.pid}`);
    const forwarder = startProcess(example, [...eal, '-d', 'librte_net_null.so.23', ...nulls]);
    try {
      await until('the forwarder', () => forwarder.stdout().includes('forwarding between 2 ports'), 60_000);
      const maps = () => readFileSync(`/proc/${forwarder.pid}/maps`, 'utf8');
      const attached = await hone('attach', String(forwarder.pid));
      expect(attached.code, attached.stderr).toBe(0);
      expect(maps()).not.toMatch(/librte_bpf/);
      const capture = ['capture', '-q', '-i', `${forwarder.pid}/0`, '-a', 'packets:1', '-w', '/dev/null'];
      const all = await hone(...capture);
      expect(all.code, all.stderr).toBe(0);
      expect(maps()).not.toMatch(/librte_bpf/);
      const filtered = await hone(...capture, '-f', 'ether[0] = 0');
      expect(filtered.code, filtered.stderr).toBe(0);
      expect(filtered.stderr).not.toMatch(/interpreter/);
      expect(maps()).toMatch(/librte_bpf/);
    } finally {
      forwarder.child.kill('SIGINT');
      await forwarder.finished();
    }
  });

  test('a librte_bpf that refuses', async () => {
    const { pid } = await attach('refuse-programs');
    const captured = await hone('capture', '-i', `${pid}/0`, '-f', 'udp', '-w', '/dev/null');
    expect(captured.code).toBe(1);
    expect(captured.stderr).toMatch(
      /librte_bpf refuses the program of \d+ instructions: Operation not supported\n/,
    );
    const traced = await hone('trace', '-p', String(pid), '-e', 'dpdk:rx_burst { @ = count(); }');
    expect(traced.code).toBe(1);
    expect(traced.stderr).toMatch(
      /librte_bpf refuses the program of \d+ instructions: Operation not supported; the log of .*\ndpdk:rx_burst\n +0: /,
    );
  });
});
