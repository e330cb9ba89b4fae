import { expect, test } from 'vitest';
import { formatHexDump } from './hex-dump.ts';

test('as tcpdump -XX has it: pairs, a short last line, dots for what cannot be shown', () => {
  const bytes = Buffer.from('GET / HTTP/1.1\r\n\x00\x7f~');
  expect(formatHexDump(bytes)).toBe(
    '\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1..\n' +
      '\t0x0010:  007f 7e                                  ..~\n',
  );
});

test('nothing of nothing', () => {
  expect(formatHexDump(new Uint8Array(0))).toBe('');
});
