import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findInputs, findStreams } from './find-inputs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-inputs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function make(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
}

/** Paths below the folder. */
function found(path = ''): { captures: string[]; traces: string[] } {
  const { captures, traces } = findInputs(join(folder, path));
  const below = (paths: readonly string[]) => paths.map((one) => one.slice(folder.length + 1));
  return { captures: below(captures), traces: below(traces) };
}

test('a recording with all that lies beside its events', () => {
  make('packets.pcapng', 'events/metadata', 'events/stream-0', 'events/index/stream-0.idx');
  make('snapshot-1/metadata', 'rte-trace/rte-1/metadata', 'notes.txt');
  expect(found()).toEqual({
    captures: ['packets.pcapng'],
    traces: ['events', 'rte-trace/rte-1', 'snapshot-1'],
  });
});

test('what LTTng nests, and a trace by its metadata', () => {
  make('ust/uid/0/64-bit/metadata', 'kernel/metadata');
  expect(found().traces).toEqual(['kernel', 'ust/uid/0/64-bit']);
  expect(found('kernel').traces).toEqual(['kernel']);
  expect(found('kernel/metadata').traces).toEqual(['kernel/']);
});

test('streams are the files beside the metadata, but for captures and what is hidden', () => {
  make('metadata', 'stream_0', 'stream_1', '.hidden', 'packets.pcapng.gz', 'index/stream_0.idx');
  expect(findStreams(folder).map((path) => path.slice(folder.length + 1))).toEqual(['stream_0', 'stream_1']);
});

test('other files are captures, whatever their name; standard input is one', () => {
  make('x');
  expect(found('x').captures).toEqual(['x']);
  expect(findInputs('-')).toEqual({ path: '-', captures: ['-'], traces: [] });
});

test('the whole of a disk is no recording', () => {
  for (let n = 0; n < 17; n++) mkdirSync(join(folder, `${n}`));
  for (let n = 0; n < 17 * 1000; n++) closeSync(openSync(join(folder, `${n % 17}`, `${n}`), 'w'));
  expect(() => found()).toThrow(/more than 16384 files and folders in it, expected a recording/);
});

test('nothing to read', () => {
  make('notes.txt');
  expect(() => found()).toThrow('expected a trace (a file named metadata) or a capture in this folder');
  expect(() => found('nowhere')).toThrow(/cannot read .*nowhere: no such file or directory/);
});
