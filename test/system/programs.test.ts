/** Programs that clang made of C beside packets: in a replay, in a real application, and on files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compileC, hasClang, needsClang } from '../conformance/clang.ts';
import { countWithTcpdump, folder, readPackets, writeSample } from './captures.ts';
import { hone, type Running, startHone, until } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

const runtime = join(folder, 'runtime-programs');
const object = join(folder, 'dns.o');
const dns = `#include <hone/packet.h>
SEC("filter") int dns(struct hone_packet *p)
{
	if (load_half(p, 12) != 0x0800 || load_byte(p, 23) != 17 || load_half(p, 20) & 0x1fff)
		return 0;
	__u32 udp = 14 + (load_byte(p, 14) & 15) * 4;
	return load_half(p, udp) == 53 || load_half(p, udp + 2) == 53;
}
SEC("filter") int large(struct hone_packet *p) { return p->pkt_len > 500; }`;

let running: Running[] = [];
let app: Testpmd | undefined;

beforeAll(() => {
  mkdirSync(runtime, { recursive: true });
  if (hasClang) writeFileSync(object, compileC(dns));
});

beforeEach((context) => {
  if (!hasClang) context.skip(needsClang);
});

afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  running = [];
  await app?.kill();
  app = undefined;
});

afterAll(() => rmSync(runtime, { recursive: true, force: true }));

test('in a replay', async () => {
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
  const sample = writeSample('programs-replay.pcap', 1000, 5);
  const source = startHone(['replay', sample.file, '--rate', 'max'], env);
  running.push(source);
  await source.stderrMatches(/capture with/);
  const file = join(folder, 'programs-replay.pcapng');
  const capture = startHone(
    ['capture', '-i', `${source.pid}/all`, '--bpf', `${object}:dns`, '-w', file],
    env,
  );
  running.push(capture);
  // The replay ends after its packets, which the capture says with 3.
  expect((await capture.finished()).code).toBe(3);
  const expected = countWithTcpdump(sample.file, 'ip and udp port 53');
  expect(readPackets(file)).toHaveLength(expected);
  expect(expected).toBeGreaterThan(0);
});

test('in testpmd', async (context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
  const sample = writeSample('programs.pcap', 2000, 9);
  app = await startTestpmd({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const file = join(folder, 'programs.pcapng');
  const port = `${app.prefix}/net_pcap0`;
  const capture = startHone(['capture', '-i', port, '--bpf', `${object}:large`, '-w', file]);
  running.push(capture);
  await capture.stderrMatches(/Capturing on/);
  await app.command('start');
  const { command } = app;
  await until('the file to pass', async () =>
    (await command('show port stats 1')).includes('TX-packets: 2000 '),
  );
  capture.child.kill('SIGINT');
  expect((await capture.finished()).code).toBe(0);
  const expected = countWithTcpdump(sample.file, 'len > 500');
  expect(readPackets(file)).toHaveLength(expected);
  expect(expected).toBeGreaterThan(0);
});

test('on a file, and what is refused', async () => {
  const sample = writeSample('programs-read.pcap', 1000, 5);
  const expected = countWithTcpdump(sample.file, 'ip and udp port 53');
  const counted = await hone('read', sample.file, '--bpf', `${object}:dns`, '--count');
  expect(counted).toMatchObject({ code: 0, stdout: `${expected} packets\n` });
  for (const [argv, message] of [
    [['read', sample.file, '--bpf', object], 'the object has several programs: expected one of dns, large'],
    [['read', sample.file, '--bpf', `${object}:dsn`], 'the object has no program dsn'],
    [['capture', '--bpf', sample.file], 'expected an ELF object, got something else'],
    [['capture', '--bpf', '/nowhere.o'], 'ENOENT'],
  ] as const) {
    const { code, stderr } = await hone(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/--bpf/);
    expect(stderr).not.toContain('    at ');
  }
});
