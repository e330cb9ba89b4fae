/** The capture reader against tshark, over every file of the corpora. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { createCaptureReader } from './capture-reader.ts';

const corpora =
  process.env.HONE_CORPORA ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url));
const TSHARK = 'tshark';
const haveTshark = spawnSync(TSHARK, ['--version']).status === 0;
const run = promisify(execFile);

const files = ['pcapng', 'pcap'].flatMap((folder) =>
  existsSync(join(corpora, folder))
    ? readdirSync(join(corpora, folder))
        .filter((name) => /\.pcap(ng)?$/.test(name))
        .map((name) => `${folder}/${name}`)
    : [],
);

function isPcapng(file: string): boolean {
  return readFileSync(join(corpora, file))[0] === 0x0a;
}

const FIELDS = ['frame.time_epoch', 'frame.cap_len', 'frame.len'];

/** One line a packet: time, captured length, original length, interface; and whether the file is whole. */
function ownLines(
  bytes: Uint8Array,
  chunkLength: number,
): { lines: string[]; damage: FormatError | undefined } {
  const reader = createCaptureReader();
  const lines: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += chunkLength) {
      const chunk = bytes.slice(at, at + chunkLength);
      reader.push(chunk);
      for (let record = reader.read(); record !== undefined; record = reader.read()) {
        if (record.type !== 'packet') continue;
        const time = record.timestampNs;
        const text =
          time === undefined
            ? ''
            : `${time / 1_000_000_000n}.${String(time % 1_000_000_000n).padStart(9, '0')}`;
        lines.push([text, record.capturedLength, record.originalLength, record.interface.index].join('\t'));
      }
      chunk.fill(0xee); // what was pushed may be used again once read() has returned undefined
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { lines, damage: error };
  }
  return { lines, damage: undefined };
}

async function tsharkLines(path: string, ...fields: string[]): Promise<{ lines: string[]; cut: boolean }> {
  const args = [
    '-n',
    '-r',
    path,
    '-T',
    'fields',
    ...[...FIELDS, ...fields].flatMap((field) => ['-e', field]),
  ];
  // Nothing but the frame itself is needed: dissectors are the slow part.
  const result = await run(TSHARK, [...args, '--disable-protocol', 'eth'], { maxBuffer: 1 << 28 }).then(
    ({ stdout }) => ({ stdout, cut: false }),
    (error: { stdout: string }) => ({ stdout: error.stdout, cut: true }),
  );
  return { lines: result.stdout.split('\n').filter((line) => line !== ''), cut: result.cut };
}

test.concurrent.for(files.filter((file) => isPcapng(file)))(
  '%s: packets, times, lengths and interfaces as tshark has them',
  { timeout: 60_000 },
  async (file, ctx) => {
    if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
    const path = join(corpora, file);
    const bytes = new Uint8Array(readFileSync(path));
    const own = ownLines(bytes, 1 << 20);
    const theirs = await tsharkLines(path, 'frame.interface_id');
    // The rows without an interface are custom blocks.
    expect(own.lines).toEqual(theirs.lines.filter((row) => !row.endsWith('\t')));
    expect(own.damage !== undefined).toBe(theirs.cut);
    expect(ownLines(bytes, 7)).toEqual(own);
  },
);

/** To start tshark for each of them would take a minute: it reads those that are whole from one file. */
test('the pcap files: packets, times and lengths as tshark has them', { timeout: 120_000 }, async (ctx) => {
  if (!haveTshark) ctx.skip('needs tshark: apt-get install tshark');
  const folder = mkdtempSync(join(tmpdir(), 'hone-reader-'));
  try {
    const whole: string[] = [];
    const lines: string[] = [];
    for (const file of files.filter((name) => !isPcapng(name))) {
      const path = join(corpora, file);
      const bytes = new Uint8Array(readFileSync(path));
      const own = ownLines(bytes, 1 << 20);
      expect(ownLines(bytes, 7)).toEqual(own);
      // All are of interface 0.
      const rows = own.lines.map((line) => line.replace(/\t0$/, ''));
      if (own.damage === undefined) {
        whole.push(path);
        lines.push(...rows);
      } else expect(await tsharkLines(path)).toEqual({ lines: rows, cut: true });
    }
    const merged = join(folder, 'all.pcapng');
    await run('mergecap', ['-a', '-w', merged, ...whole]);
    expect(await tsharkLines(merged)).toEqual({ lines, cut: false });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the corpora are there', (ctx) => {
  if (files.length === 0) ctx.skip(`no corpora at ${corpora}`);
  expect(files.length).toBeGreaterThan(150);
});
