import { expect, test } from 'vitest';
import { formatDiagnostic } from './diagnostics.ts';
import { nearest } from './nearest.ts';

test('the caret stands under the span, on its own line of a longer text', () => {
  const source = 'tcp\n\tport x80';
  const text = formatDiagnostic(source, {
    message: 'not a port',
    span: { start: 10, end: 13 },
    hint: 'try 80',
  });
  expect(text).toBe('not a port\n  \tport x80\n  \t     ^^^\n  try 80');
});

test('a span at the end of the text still has one caret', () => {
  expect(formatDiagnostic('ip and', { message: 'ends early', span: { start: 6, end: 6 } })).toBe(
    'ends early\n  ip and\n        ^',
  );
});

test('nearest finds a swapped pair of letters and refuses what is not alike', () => {
  expect(nearest('prot', ['host', 'port', 'net'])).toBe('port');
  expect(nearest('zzz', ['host', 'port'])).toBeUndefined();
});
