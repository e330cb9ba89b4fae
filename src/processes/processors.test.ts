import { expect, test } from 'vitest';
import { parseProcessorList, usableProcessors } from './processors.ts';

test.each([
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['0-1,4,6-7', [0, 1, 4, 6, 7]],
])('%s', (text, processors) => {
  expect(parseProcessorList(text)).toEqual(processors);
});

test('this process may use at least one', () => {
  expect(usableProcessors().length).toBeGreaterThan(0);
});
