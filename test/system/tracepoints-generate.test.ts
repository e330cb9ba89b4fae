/** `hone tracepoints generate`: what it writes compiles for every tracer, in C and C++, and what is wrong leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hone } from './hone.ts';

const project = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-generate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Every type, an enumeration, the most arguments and texts that there may be, a point without arguments. */
const table = {
  provider: 'sample',
  prefix: 'smp',
  meaning: 'Points of every kind.',
  enumerations: [
    {
      name: 'color',
      type: 'uint32_t',
      values: [
        { label: 'red', value: 0, meaning: 'stop' },
        { label: 'green', value: 2147483647 },
      ],
    },
  ],
  points: [
    { name: 'nothing', meaning: 'never' },
    {
      name: 'everything',
      meaning:
        'a meaning that is longer than a line of a comment may be, so that it has to be broken somewhere in its middle, at a space',
      level: 'warning',
      arguments: [
        'uint8_t',
        'uint16_t',
        'uint32_t',
        'uint64_t',
        'int8_t',
        'int16_t',
        'int32_t',
        'int64_t',
        'text',
        'color',
      ].map((type, n) => ({ name: `value_${n}`, type, meaning: `of ${type}` })),
    },
    {
      name: 'texts',
      meaning: 'four of them',
      arguments: ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'text', meaning: name })),
    },
  ],
};

const PROGRAM = `
#include "sample.h"
int main(void)
{
	smp_nothing();
	smp_everything(1, 2, 3, 4, -1, -2, -3, -4, "text", SMP_COLOR_GREEN);
	smp_texts("1", "2", "3", "4");
	return 0;
}
`;

async function generate(): Promise<string[]> {
  writeFileSync(join(folder, 'points.json'), JSON.stringify(table));
  const { code, stdout, stderr } = await hone(
    'tracepoints',
    'generate',
    join(folder, 'points.json'),
    '-o',
    folder,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

describe.each([
  ['agent and USDT', [], []],
  ['LTTng-UST', ['-DHONE_TRACE_LTTNG'], ['sample-lttng.c']],
  ['none', ['-DHONE_TRACE_NONE'], []],
] as const)('%s', (title, flags, sources) => {
  test.each([
    ['gcc', 'c', ['-std=gnu11', '-O2']],
    ['gcc', 'c', ['-std=gnu11', '-O0']],
    ['g++', 'c++', ['-std=c++11', '-O2']],
    ['clang', 'c', ['-std=gnu11', '-O2']],
  ] as const)('%s, %s, %j', async (compiler, language, options) => {
    if (spawnSync(compiler, ['--version']).status !== 0) return expect.soft(compiler).toBe('clang');
    if (title === 'LTTng-UST' && spawnSync('pkg-config', ['--exists', 'lttng-ust']).status !== 0) return;
    await generate();
    writeFileSync(join(folder, 'main.c'), PROGRAM);
    const include = ['-I', folder, '-I', project('native/agent/include')];
    const result = spawnSync(
      compiler,
      [
        ...['-x', language, ...options, '-Wall', '-Wextra', '-Werror', ...flags, ...include],
        ...['-o', join(folder, 'program'), join(folder, 'main.c')],
        ...(sources.length > 0 ? ['-x', 'c', ...sources.map((name) => join(folder, name))] : []),
        ...(sources.length > 0 ? ['-x', 'none', '-llttng-ust', '-ldl'] : []),
      ],
      { encoding: 'utf8' },
    );
    expect(result.stderr).toBe('');
    expect(spawnSync(join(folder, 'program')).status).toBe(0);
    if (flags.length > 0) return;
    const listed = await hone('tracepoints', join(folder, 'program'), '-s', 'agent');
    expect(listed.stdout).toMatch(
      /^agent +app:sample +everything +- +uint8 value_0, uint16 value_1, uint32 value_2, uint64 value_3, int8 value_4, int16 value_5, int32 value_6, int64 value_7, string value_8, uint32 value_9$/m,
    );
    expect(listed.stdout).toMatch(/^agent +app:sample +nothing +-$/m);
  });
});

test('the files that it names, and no others', async () => {
  const paths = await generate();
  expect(paths).toEqual(
    ['sample.h', 'sample-lttng.h', 'sample-lttng.c', 'sample.md'].map((name) => join(folder, name)),
  );
  expect(readdirSync(folder).sort()).toEqual([
    'points.json',
    'sample-lttng.c',
    'sample-lttng.h',
    'sample.h',
    'sample.md',
  ]);
  expect(readFileSync(join(folder, 'sample.md'), 'utf8')).toContain('### app:sample:everything');
});

test('a table with faults: a line for each, and nothing is written', async () => {
  writeFileSync(
    join(folder, 'bad.json'),
    '{"provider":"x-y","points":[{"name":"a","meaning":"b","levl":"info"}]}',
  );
  const { code, stdout, stderr } = await hone(
    'tracepoints',
    'generate',
    join(folder, 'bad.json'),
    '-o',
    folder,
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr.trimEnd().split('\n').length).toBe(2);
  expect(stderr).toContain('provider: got "x-y"');
  expect(stderr).toContain('points[0]: got "levl", which means nothing here: did you mean "level"?');
  expect(readdirSync(folder)).toEqual(['bad.json']);
});

test.each([
  ['a file that is not there', ['nowhere.json'], /ENOENT/],
  ['a folder in the place of the file', ['.'], /EISDIR/],
  ['a folder that cannot be made', ['points.json', '-o', 'points.json/x'], /ENOTDIR/],
])('%s', async (_, args, message) => {
  writeFileSync(join(folder, 'points.json'), JSON.stringify(table));
  const [file, option, output] = args.map((arg) => (arg.startsWith('-') ? arg : join(folder, arg)));
  const { code, stderr } = await hone(
    'tracepoints',
    'generate',
    file!,
    ...(option ? [option, output!] : ['-o', folder]),
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n').length).toBe(1);
});

test('a file that is in the way: none of the others is changed', async () => {
  await generate();
  const before = readFileSync(join(folder, 'sample.h'), 'utf8');
  rmSync(join(folder, 'sample-lttng.h'));
  mkdirSync(join(folder, 'sample-lttng.h'));
  writeFileSync(join(folder, 'points.json'), JSON.stringify({ ...table, meaning: 'Changed.' }));
  const { code } = await hone('tracepoints', 'generate', join(folder, 'points.json'), '-o', folder);
  expect(code).toBe(1);
  expect(readFileSync(join(folder, 'sample.h'), 'utf8')).toBe(before);
  expect(readdirSync(folder).filter((name) => /\.\d+$/.test(name))).toEqual([]);
});

test("the example's files are made of its table", async () => {
  const example = project('examples/forwarder');
  const { code } = await hone('tracepoints', 'generate', join(example, 'points.json'), '-o', folder);
  expect(code).toBe(0);
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(example, name), 'utf8'), name).toBe(readFileSync(join(folder, name), 'utf8'));
  }
});
