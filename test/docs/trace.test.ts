/** The scripts and messages in docs/trace.md are those of the compiler. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { compileScript } from '../../src/script/index.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/trace.md', import.meta.url)), 'utf8');
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
