/**
 * The points in docs/tracepoints.md, below its mark, are those of src/tracepoints, and what it says of options and keys holds. After
 * a change: npm run generate
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerTracepoints } from '../../src/cli/tracepoints.ts';
import { dataplanePoints, dpdkPoints, formatPoint, parsePointTable } from '../../src/tracepoints/index.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const MARK = '<!-- What follows is generated from src/tracepoints: npm run generate -->';
const page = read('docs/tracepoints.md');
const head = page.slice(0, page.indexOf(MARK));

test('docs/tracepoints.md', async () => {
  expect(page).toContain(MARK);
  const parts = [
    `${head}${MARK}`,
    '## Points of every DPDK application',
    'The agent finds them by itself; nothing has to be built anew.',
    ...dpdkPoints.map((point) => formatPoint(point, undefined)),
    '## Points that applications declare',
    'Provider `dataplane`: functions `hone_dataplane_NAME()` of [hone/dataplane.h](../native/agent/include/hone/dataplane.h), in the order of their arguments.',
    ...dataplanePoints.map((point) => formatPoint(point, point.name.slice('app:'.length))),
  ];
  await expect(`${parts.join('\n\n')}\n`).toMatchFileSnapshot('../../docs/tracepoints.md');
});

test('every option is in the page', () => {
  const program = new Command();
  registerTracepoints(program);
  const [command] = program.commands;
  const options = [command!, ...command!.commands].flatMap((one) => one.options);
  expect(options.length).toBe(3);
  for (const { short, long } of options) expect(head).toContain(`\`${short}\`, \`${long}`);
});

test('the table in the page is a table, and its faults are those that are shown', () => {
  const [, json] = /^```json\n([\s\S]*?)^```$/m.exec(head)!;
  expect(parsePointTable(json!, 'p').points[0]!.name).toBe('drop');
  const shown = head.split('\n').filter((line) => line.includes('points.json: points['));
  const spoiled = json!.replace('"uint16_t"', '"uint61_t"').replace('"level"', '"levl"');
  let message = '';
  try {
    parsePointTable(spoiled, 'points.json');
  } catch (error) {
    message = (error as Error).message;
  }
  expect(shown.map((line) => line.replace('hone tracepoints: ', ''))).toEqual(message.split('\n'));
});
