/** Traces that other tracers have written, LTTng-UST and rte_trace, read by hone and by babeltrace2: the same events. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findInputs, findStreams } from '../../src/convert/find-inputs.ts';
import { type ByteSource, openTrace } from '../../src/ctf/index.ts';
import { babeltraceText, type EventText, inOrder, parseBabeltrace } from './babeltrace-text.ts';
import { startSessiond } from './lttng.ts';

function missing(...commands: readonly (readonly [string, string])[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = commands.find(([command]) => spawnSync('which', [command]).status !== 0);
  return absent === undefined ? undefined : `needs ${absent[0]}: apt-get install ${absent[1]}`;
}

class File implements ByteSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly descriptor: number;

  constructor(path: string) {
    this.name = path;
    this.descriptor = openSync(path, 'r');
    this.sizeBytes = fstatSync(this.descriptor).size;
  }

  read(into: Uint8Array, offset: number): number {
    return readSync(this.descriptor, into, 0, into.length, offset);
  }
}

interface Reading {
  readonly events: EventText[];
  readonly discarded: bigint;
}

function ownReading(folder: string): Reading {
  const streams = findStreams(folder).map((path) => new File(path));
  const metadata = new File(join(folder, 'metadata'));
  const trace = openTrace(metadata, streams);
  const events: EventText[] = [];
  let discarded = 0n;
  for (const cursor of trace.cursors) {
    while (cursor.next()) events.push(babeltraceText(trace, cursor));
    expect(cursor.damage).toBeUndefined();
    discarded += cursor.packet.eventsDiscarded ?? 0n;
  }
  events.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
  for (const { descriptor } of [metadata, ...streams]) closeSync(descriptor);
  return { events, discarded };
}

function theirReading(folder: string): EventText[] {
  const options = ['--clock-seconds', '--no-delta', '--fields=loglevel'];
  const { stdout } = spawnSync('babeltrace2', [...options, folder], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return parseBabeltrace(stdout);
}

const PROVIDER = `
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER hone_test
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./provider.h"
#if !defined(PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define PROVIDER_H
#include <lttng/tracepoint.h>
LTTNG_UST_TRACEPOINT_ENUM(hone_test, color, LTTNG_UST_TP_ENUM_VALUES(
	lttng_ust_field_enum_value("red", 0)
	lttng_ust_field_enum_range("green", 1, 5)
	lttng_ust_field_enum_auto("blue")
	lttng_ust_field_enum_value("no color", -1)))
LTTNG_UST_TRACEPOINT_EVENT(hone_test, integers, LTTNG_UST_TP_ARGS(int, i, unsigned long long, u), LTTNG_UST_TP_FIELDS(
	lttng_ust_field_integer(signed char, s8, i)
	lttng_ust_field_integer(unsigned short, u16, i)
	lttng_ust_field_integer_hex(unsigned int, h32, i)
	lttng_ust_field_integer(long long, s64, -(long long)u)
	lttng_ust_field_integer(unsigned long long, u64, u)
	lttng_ust_field_integer_network(unsigned short, n16, i)
	lttng_ust_field_integer_network_hex(unsigned int, n32, i)))
LTTNG_UST_TRACEPOINT_EVENT(hone_test, mixed, LTTNG_UST_TP_ARGS(int, i, const char *, s, int *, a, size_t, n), LTTNG_UST_TP_FIELDS(
	lttng_ust_field_string(str, s)
	lttng_ust_field_float(float, f, i / 4.0)
	lttng_ust_field_float(double, d, i * 123.456)
	lttng_ust_field_array(int, arr, a, 3)
	lttng_ust_field_array_text(char, txt, s, 4)
	lttng_ust_field_sequence(int, seq, a, size_t, n)
	lttng_ust_field_sequence_text(char, stxt, s, size_t, n + 1)
	lttng_ust_field_enum(hone_test, color, int, col, i % 9 - 1)
	lttng_ust_field_sequence_hex(unsigned char, bytes, (const unsigned char *)s, size_t, n)))
LTTNG_UST_TRACEPOINT_EVENT(hone_test, empty, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())
#endif
#include <lttng/tracepoint-event.h>
`;

/** Bursts, and a pause between. babeltrace2 2.0 shows the text before for one of length 0: there is none. */
const PROGRAM = `
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"
#include <unistd.h>
int main(void) {
	int a[] = { 1, -2, 3, 4, 5 };
	for (int i = 0; i < 2000; i++) {
		lttng_ust_tracepoint(hone_test, integers, i, i * 1000000007ULL * 12345);
		lttng_ust_tracepoint(hone_test, mixed, i, i & 1 ? "hello" : "hello \\xc3\\xa9", a, i % 5);
		if (i % 7 == 0) lttng_ust_tracepoint(hone_test, empty);
		if (i == 1000) usleep(200000);
	}
}
`;

const noLttng = missing(
  ['babeltrace2', 'babeltrace2'],
  ['lttng', 'lttng-tools'],
  ['lttng-sessiond', 'lttng-tools'],
  ['gcc', 'gcc'],
);

describe('LTTng-UST', () => {
  let folder = '';
  let endDaemon: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    if (noLttng !== undefined) return;
    folder = mkdtempSync(join(tmpdir(), 'hone-lttng-'));
    endDaemon = await startSessiond(folder);
    writeFileSync(join(folder, 'provider.h'), PROVIDER);
    writeFileSync(join(folder, 'program.c'), PROGRAM);
  });

  afterAll(async () => {
    await endDaemon?.();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  test.for(['without', 'with'])('all kinds of fields, %s contexts', (contexts, context) => {
    if (noLttng !== undefined) context.skip(noLttng);
    const built = spawnSync('gcc', ['-o', 'program', 'program.c', '-I.', '-llttng-ust', '-ldl'], {
      cwd: folder,
    });
    if (built.status !== 0) context.skip('needs LTTng-UST: apt-get install liblttng-ust-dev');
    const session = `hone-test-${process.pid}-${contexts}`;
    const output = join(folder, contexts);
    mkdirSync(output);
    const lttng = (...words: string[]) => execFileSync('lttng', words, { stdio: 'pipe' });
    lttng('create', session, `--output=${output}`);
    try {
      lttng('enable-channel', '-u', 'c', '-s', session, '--subbuf-size=64K', '--num-subbuf=16');
      lttng('enable-event', '-u', 'hone_test:*', '-c', 'c', '-s', session);
      if (contexts === 'with')
        lttng('add-context', '-u', '-t', 'vtid', '-t', 'procname', '-t', 'ip', '-c', 'c', '-s', session);
      lttng('start', session);
      execFileSync(join(folder, 'program'));
      lttng('stop', session);
    } finally {
      lttng('destroy', session);
    }
    const [found] = findInputs(output).traces;
    const own = ownReading(found!);
    const theirs = theirReading(found!);
    expect(own.events.length).toBeGreaterThan(1000);
    expect(own.events.length + Number(own.discarded)).toBe(2000 * 2 + 286);
    expect(inOrder(own.events)).toEqual(inOrder(theirs));
  });
});

describe('rte_trace', () => {
  const noDpdk = missing(['babeltrace2', 'babeltrace2'], ['dpdk-testpmd', 'dpdk']);

  test('what dpdk-testpmd traces of itself', (context) => {
    if (noDpdk !== undefined) context.skip(noDpdk);
    const folder = mkdtempSync(join(tmpdir(), 'hone-rte-trace-'));
    try {
      const eal = [
        '-l',
        '0',
        '--no-huge',
        '-m',
        '256',
        '--no-pci',
        '--vdev=net_null0',
        '--file-prefix',
        `hone-rte-${process.pid}`,
      ];
      const trace = ['--trace=.*', `--trace-dir=${folder}`, '--trace-bufsz=1M'];
      spawnSync('dpdk-testpmd', [...eal, ...trace, '--', '--total-num-mbufs=2048', '-i'], {
        input: 'start tx_first\nstop\nquit\n',
      });
      const [name] = readdirSync(folder);
      expect(name).toBeDefined();
      const own = inOrder(ownReading(join(folder, name!)).events);
      const theirs = inOrder(theirReading(join(folder, name!)));
      expect(own.length).toBeGreaterThan(100);
      expect(own.map(({ text }) => text).sort()).toEqual(theirs.map(({ text }) => text).sort());
      // babeltrace2 goes from cycles to nanoseconds through a double, and by parts.
      own.forEach(({ timeNs }, index) => {
        expect(Math.abs(Number(timeNs - theirs[index]!.timeNs))).toBeLessThanOrEqual(2);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
