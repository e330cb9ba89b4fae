import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { formatStrftime } from './strftime.ts';

const FORMATS = [
  '%A %a %B %b %h|%c|%C %y %Y %g %G|%D %x %F',
  '%d %e %j %m|%H %I %k %l %M %S %p %P|%r %R %T %X',
  '%s|%u %w %U %V %W|%n%t%%|%z %Z',
  '%_d %-m %010Y %_5H %5d %^a %^B %#Z %Ey %Od %-e',
  'plain %Q %E % text%',
];

/** Days on which weeks, years and the clock turn over. */
const TIMES = [
  0, 951_782_400, 1_104_537_599, 1_230_768_000, 1_293_926_400, 1_325_419_199, 1_709_251_200, 1_735_516_800,
  1_795_611_165, 4_102_444_799,
];

/** date(1) of coreutils takes the same formats from the same library. */
const hasDate = spawnSync('date', ['-u', '-d', '@0', '+%Y'], { encoding: 'utf8' }).stdout === '1970\n';

test.skipIf(!hasDate)(`as date(1) says it${hasDate ? '' : ' (needs GNU date)'}`, () => {
  // The zone this process runs in; its name is compared where it is UTC.
  for (const format of FORMATS.slice(0, 4)) {
    const compared = process.env.TZ === 'UTC' ? format : format.replace(/%#?Z/g, '');
    for (const seconds of TIMES) {
      const { stdout } = spawnSync('date', ['-d', `@${seconds}`, `+${compared}`], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C' },
      });
      expect(`${formatStrftime(compared, BigInt(seconds) * 1_000_000_000n)}\n`).toBe(stdout);
    }
  }
});

for (const [format, epochNs, want] of [
  ['%f', 1_500_000_000_123_456_789n, '123456'],
  ['%s.%f', 1_999_999_999n, '1.999999'],
  ['%s', -1n, '-1'],
  [FORMATS[4]!, 0n, 'plain %Q %E % text%'],
] as const) {
  test(`${format} of ${epochNs}`, () => {
    expect(formatStrftime(format, epochNs)).toBe(want);
  });
}
