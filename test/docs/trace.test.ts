/** The scripts and messages in docs/trace.md and README.md are those of the compiler, the options those of the command. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { addTraceOptions } from '../../src/cli/trace-options.ts';
import { compileScript } from '../../src/script/index.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = read('docs/trace.md');
const blocks = Array.from(page.matchAll(/^```\n([^`]*)^```$/gm), ([, text]) => text!);

function messageOf(script: string): string {
  try {
    compileScript(script, {
      form: 'agent',
      positional: [],
      findPoints: ({ parts }) => dpdkPoints.filter((point) => point.name === parts.join(':')),
    });
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  return '';
}

test('the first script of the section compiles', () => {
  const script = blocks.find((text) => text.startsWith('dpdk:rx_burst'));
  expect(messageOf(script!)).toBe('');
});

test('the messages are those of the script above them', () => {
  const block = blocks.find((text) => text.includes('did you mean nb_rx?'))!;
  const [, script, message] = /^\$ hone trace -e '([^']*)'\n([\s\S]*)\n$/.exec(block)!;
  expect(messageOf(script!)).toBe(message);
});

/** Those whose probes need neither an application nor the kernel to be found. */
const commands = [page, read('README.md')]
  .flatMap((text) => [...text.matchAll(/hone trace [^\n']*-e '([^']*)'/g)].map(([, script]) => script!))
  .filter((script) => script.includes('dpdk:') && !script.includes('nb_tx'));

test.each(commands)('%s', (script) => {
  expect(messageOf(script)).toBe('');
});

test('one-liners are found', () => {
  expect(commands.length).toBeGreaterThan(8);
});

test('every option of the command is in the table, and no other', () => {
  const command = new Command();
  addTraceOptions(command);
  const section = page.slice(page.indexOf('## Options'), page.indexOf('## Ten one-liners'));
  const named = [...section.matchAll(/^\| (.*?[^\\]) \|/gm)].flatMap(([, cell]) => [
    ...cell!.matchAll(/`(--?[a-z]+)/g),
  ]);
  const flags = command.options.map(({ short, long }) => short ?? long);
  expect(named.map(([, flag]) => flag).sort()).toEqual(flags.sort());
});
