/** `hone trace` as people type it: on a real application, on files, and with what is wrong. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSample } from './captures.ts';
import { hone, sleep, startHone, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const missing = missingDpdk();

describe.skipIf(missing !== undefined)(`on testpmd${missing ? ` (${missing})` : ''}`, () => {
  let app: Testpmd | undefined;
  afterEach(async () => {
    await app?.kill();
    app = undefined;
  });

  const start = async () => {
    app = await startTestpmd({ vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'] });
    await app.command('start');
    return app;
  };

  test('a histogram of bursts, a map by port, the price', async () => {
    const { pid } = await start();
    const { code, stdout, stderr } = await hone(
      ...['trace', '-p', String(pid), '--duration', '1', '-e'],
      'dpdk:rx_burst { @ = hist(args.nb_rx); @n[args.port] = count(); @p = sum(args.nb_rx); }',
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(
      /^Attaching 1 probe\.\.\.\n\n\n@: \n\[32, 64\) +\d+ \|@{52}\|\n\n@n\[[01]\]: \d+\n@n\[[01]\]: \d+\n@p: \d+\n$/,
    );
    const [, zero, one] = /@n\[\d\]: (\d+)\n@n\[\d\]: (\d+)/.exec(stdout)!;
    const [, packets] = /@p: (\d+)/.exec(stdout)!;
    expect(Number(packets)).toBe(32 * (Number(zero) + Number(one)));
    expect(stderr).toMatch(/^probe +hits +ns a hit +of the threads\ndpdk:rx_burst +\d+ +[\d.]+ +[\d.]+ %\n$/);
  });

  test('lines, exit, intervals and END; nothing is left behind', async () => {
    const { pid } = await start();
    const { code, stdout } = await hone(
      ...['trace', '-q', '-p', String(pid), '-e'],
      'BEGIN { printf("begin\\n"); } dpdk:rx_burst { @n = count(); } ' +
        'interval:ms:200 { print(@n); clear(@n); @t = count(); printf("tick\\n"); } ' +
        'interval:ms:700 { exit(); } END { printf("end\\n"); clear(@n); clear(@t); }',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Attaching 5 probes\.\.\.\nbegin\n(@n: [1-9]\d*\ntick\n){3}end\n\n\n@n: 0\n@t: 0\n$/,
    );
    const again = await hone(
      'trace',
      '-q',
      '-p',
      String(pid),
      '-e',
      'dpdk:rx_packet { printf("%d\\n", args.len); exit(); }',
    );
    expect(again.stdout).toBe('Attaching 1 probe...\n64\n\n\n');
  });

  test('an application that ends: what was gathered is printed, exit code 0 with a note', async () => {
    const { pid, kill } = await start();
    const trace = startHone(['trace', '-q', '-p', String(pid), '-e', 'dpdk:rx_burst { @n = count(); }']);
    await until('the trace has started', () => trace.stdout().includes('Attaching'));
    await sleep(300);
    await kill();
    const { code, stdout, stderr } = await trace.finished();
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/@n: [1-9]\d*\n$/);
    expect(stderr).toMatch(/has ended\n$/);
  });
});

describe('on a file', () => {
  let file: string;
  beforeAll(() => {
    file = writeSample('trace-command.pcap', 500).file;
  });

  test('counts, JSON, metrics, a file for the output', async () => {
    const script = 'dpdk:rx_packet { @n = count(); }';
    const text = await hone('trace', '--read', file, '-e', script);
    expect(text).toMatchObject({ code: 0, stderr: '', stdout: 'Attaching 1 probe...\n\n\n@n: 500\n' });
    const json = await hone('trace', '--read', file, '-f', 'json', '-e', script);
    expect(json.stdout).toContain('{"type": "map", "data": {"@n": 500}}\n');
    const metrics = await hone('trace', '--read', file, '-f', 'prometheus', '-e', script);
    expect(metrics.stdout).toBe('# TYPE hone_n_total counter\nhone_n_total 500\n');
  });

  test.each([
    [['-e', 'dpdk:rx_burst { @ = count(); }'], 'a recorded file has no probe dpdk:rx_burst'],
    [['-e', 'dpdk:rx_packet { @ = count(; }'], 'expected an expression, got ";"'],
    [['nosuch.bt'], 'cannot read nosuch.bt'],
    [['-e', 'BEGIN { exit(); }', '-o', '/nowhere/x'], '/nowhere/x'],
  ])('%j is refused on one line and a caret', async (words, message) => {
    const { code, stdout, stderr } = await hone('trace', '--read', file, ...words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`hone trace: `);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});
