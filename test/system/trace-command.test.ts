/** `hone trace` as people type it: on a real application, on files, and with what is wrong. */
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSample } from './captures.ts';
import { hone, mainFile, run, sleep, startHone, until } from './hone.ts';
import { forwardsOn, heldMemory, missingDpdk, portCounter, startTestpmd, type Testpmd } from './testpmd.ts';

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

  test('packets shorter than what scripts look at, and in segments: the same as in the file', async () => {
    const sample = writeSample('trace-heads.pcap', 400, 14);
    // Heads of 32, 96 and 224 bytes, before buffers with room for 192.
    const script =
      'dpdk:rx_packet { @p[ip.proto] = count(); } ' +
      'dpdk:rx_packet { @f[ip.src, tcp.dstport, udp.dstport, tcp.flags, vlan.id] = sum(args.len); } ' +
      'dpdk:rx_packet { @b[buf(200)] = count(); }';
    app = await startTestpmd({
      vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
      app: ['--mbuf-size=320'],
    });
    const trace = startHone(['trace', '-q', '-p', String(app.pid), '-e', script]);
    await until('the trace has started', () => trace.stdout().includes('Attaching'));
    await app.command('start');
    await until('the file to pass', async () => (await portCounter(app!, 1, 'TX-packets')) === 400);
    trace.child.kill('SIGINT');
    const live = await trace.finished();
    const recorded = await hone('trace', '-q', '--read', sample.file, '-e', script);
    const linesOf = ({ stdout }: { readonly stdout: string }) =>
      stdout.split('\n').filter((line) => line.startsWith('@'));
    expect(live.code, live.stderr).toBe(0);
    expect(linesOf(live).length).toBeGreaterThan(100);
    expect(linesOf(live).sort()).toEqual(linesOf(recorded).sort());
  });

  test('killed at any moment, it leaves nothing in the application, which goes on', async () => {
    const { pid } = await start();
    const script =
      'dpdk:rx_packet { @[args.hash, args.index] = count(); } dpdk:tx_burst { @s = sum(args.nb_tx); }';
    for (let round = 0; round < 4; round++) {
      const trace = startHone(['trace', '-q', '-p', String(pid), '-e', script]);
      if (round > 0) {
        await until('the trace has started', () => trace.stdout().includes('Attaching'));
        expect(heldMemory(pid)).not.toEqual([]);
        await sleep(37 * round);
      } else await sleep(150);
      trace.child.kill('SIGKILL');
      expect((await trace.finished()).signal).toBe('SIGKILL');
      await until('the agent to let go', () => heldMemory(pid).length === 0);
    }
    await forwardsOn(app!);
    const { code, stdout, stderr } = await hone(
      ...['trace', '-q', '-p', String(pid), '--duration', '0.3', '-e'],
      'dpdk:rx_burst { @[args.port] = count(); } END { printf("%d ports\\n", len(@)); clear(@); }',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Attaching 2 probes\.\.\.\n2 ports\n/);
    expect(heldMemory(pid)).toEqual([]);
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
    const length = await hone(
      ...['trace', '--read', file, '-e'],
      'dpdk:rx_packet { @n++; @[@n % 3] = count(); } END { printf("%d keys\\n", len(@)); print(len(@)); clear(@); }',
    );
    expect(length.stdout).toContain('\n3 keys\n3\n');
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

describe('what is wrong with a script', () => {
  // Whatever is written there, a person gets one line, the place, perhaps a hint.
  const pieces = [
    ...[
      'dpdk:rx_packet',
      'dpdk:rx_burst:0:0',
      'BEGIN',
      'interval:s:1',
      'app:x:y',
      'uprobe:/bin/true:main',
      '/',
    ],
    ...[
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      '@',
      '@x',
      '$a',
      '$1',
      '=',
      '+=',
      '++',
      '?',
      ':',
      ',',
      ';',
      '==',
      '&&',
      '*',
    ],
    ...[
      'count()',
      'hist(',
      'lhist(args.len, 0, 9999999999, 1)',
      'printf("%s %d\\n",',
      'len(@x)',
      'print(',
      'unroll(999)',
    ],
    ...[
      'args.len',
      'args->nope',
      'ip.src',
      'tcp.nope',
      '18446744073709551616',
      '0x',
      '-9223372036854775808',
      '1/0',
    ],
    ...['"', '"\\x', "'", '\\', '\u0001', '\u{1f980}', '/*', '//', '#include <x>', '`', 'while (1) {}'],
    ...[
      '(uint8)',
      '((((((((((((((((((((((((((((((((',
      'if (',
      'else',
      'delete(@x',
      '1..2',
      '10.0.0.0/8',
      '::1',
      '(1, 2).9',
    ],
  ];
  const script = fc
    .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 })
    .map((words) => words.join(' '));

  test('hostile scripts: one clear line and exit code 1, or they compile; never a stack trace', async () => {
    const scripts = fc.sample(script, { numRuns: 24, seed: Date.now() });
    const results = await Promise.all(
      [scripts.slice(0, 12), scripts.slice(12)].map(async (half) => {
        const done = [];
        for (const text of half) done.push({ text, ...(await hone('trace', '-d', '-e', text)) });
        return done;
      }),
    );
    for (const { text, code, signal, stdout, stderr } of results.flat()) {
      const said = `${JSON.stringify(text)}:\n${stderr}`;
      expect(signal, said).toBeNull();
      expect(stderr, said).not.toMatch(/defect of hone|^ +at |\bundefined\b|TypeError|RangeError/m);
      if (code === 0) continue;
      expect({ code, stdout }, said).toEqual({ code: 1, stdout: '' });
      expect(stderr, said).toMatch(/^hone trace: \S.*\n/);
      expect(stderr.match(/^hone/gm), said).toHaveLength(1);
    }
  });

  test.each([
    [
      'dpdk:rx_brst { @ = count(); }',
      'an application has no probe dpdk:rx_brst, did you mean dpdk:rx_burst?',
    ],
    [
      'dpdk:rx_burst { @ = sum(args.nb_rxx); }',
      'dpdk:rx_burst has no argument nb_rxx',
      'did you mean nb_rx?',
    ],
    ['dpdk:rx_packet { @[ip.sorce] = count(); }', 'no field ip.sorce', 'did you mean ip.src?'],
    ['dpdk:rx_burst { @ = rand; }', 'rand works only in the kernel, and this script runs in the application'],
    ['dpdk:rx_burst { @[cpu] = count(); }', 'cpu works only in the kernel'],
  ])('%s', async (text, message, hint = '') => {
    const { code, stdout, stderr } = await hone('trace', '-d', '-e', text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`hone trace: ${message}`);
    expect(stderr).toMatch(/\n +\^+\n/);
    expect(stderr).toContain(hint);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'without the right to use bpf(2): which capability is missing',
    async () => {
      const words = [...['--bounding-set', '-all', '--inh-caps', '-all'], process.execPath, mainFile];
      const { code, stdout, stderr } = await run(
        'setpriv',
        ...words,
        'trace',
        '-e',
        'profile:hz:99 { @ = count(); }',
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(
        /^hone trace: bpf\(BPF_\w+\) is not permitted: it needs CAP_BPF .*lacks CAP_BPF.*\n$/,
      );
    },
  );
});
