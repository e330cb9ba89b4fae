import { expect, test } from 'vitest';
import { numberedFileName } from './file-name.ts';

const created = new Date(2024, 6, 4, 2, 1, 17);

for (const { path, number, want } of [
  { path: 'out.pcapng', number: 1, want: 'out_00001_20240704020117.pcapng' },
  { path: 'dir.d/out', number: 12, want: 'dir.d/out_00012_20240704020117' },
  { path: '/tmp/a.b.pcap', number: 99_999, want: '/tmp/a.b_99999_20240704020117.pcap' },
  { path: 'out.pcapng', number: 100_001, want: 'out_00001_20240704020117.pcapng' },
]) {
  test(`file ${number} of ${path}`, () => {
    expect(numberedFileName(path, number, created)).toBe(want);
  });
}
