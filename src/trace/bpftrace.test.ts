/** Whole scripts that need nothing but BEGIN, run by hone and by bpftrace: every line is the same. */
import { describe, expect, test } from 'vitest';
import { askBpftrace, noBpftrace } from '../../test/conformance/bpftrace.ts';
import { runTrace } from '../../test/fakes/trace-feed.ts';

const scripts: readonly string[] = [
  'printf("hello, %s\\n", "world")',
  '@x = 1; @x++; @x += 5; printf("%d\\n", @x)',
  '@c = count(); @c = count(); @s = sum(5); @s = sum(-7); @mn = min(3); @mn = min(2); @mx = max(3); @mx = max(9)',
  '@a = avg(5); @a = avg(8); @st = stats(1); @st = stats(10)',
  '@k[1, "a"] = count(); @k[2, "b"] = count(); @k[2, "b"] = count()',
  '@t[1] = (1, "x", (2, 3)); print((1, "y"))',
  '@h = hist(0); @h = hist(-1); @h = hist(100); @h = hist(100); @h = hist(1023); @h = hist(1024)',
  '@l = lhist(3, 0, 10, 2); @l = lhist(-3, 0, 10, 2); @l = lhist(30, 0, 10, 2); @l = lhist(9, 0, 10, 2)',
  '@h[1] = hist(3); @h[2] = hist(5); @h[2] = hist(6); print(@h, 1)',
  'unroll(4) { @u = count(); } $i = 3; if ($i > 2) { printf("big\\n"); } else { printf("small\\n"); }',
  '$x = (uint8)300; $y = (int8)200; printf("%d %d\\n", $x, $y)',
  'printf("%d %d %d %d\\n", 7 / 2, 7 % 3, 1 << 4, 0xff >> 2)',
  'printf("%d %d %d\\n", 1 ? 2 : 3, !5, ~1)',
  'printf("%s %s\\n", "a" == "a" ? "same" : "other", "a" == "b" ? "same" : "other")',
  '@d[1] = 2; @d[2] = 3; delete(@d[1])',
  '@z[1] = sum(4); @z[2] = sum(5); print(@z, 1); clear(@z); @z[3] = sum(1)',
  '@e = count(); zero(@e)',
  '@p[1] = count(); @p[2] = count(); @p[2] = count(); print(@p); print(@p, 1); print(@p, 0, 2)',
  '$x = (uint64)5; @c = -$x; @s = sum(-$x); printf("%d %llu\\n", -$x, -$x); if (-$x > 0) { print(-$x); }',
  'print(5); print("text"); print(-3)',
  '@s["b"] = "two"; @s["a"] = "one"; @s["ab"] = "three"',
  '@n[-1] = 1; @n[1] = -1; @n[0] = 0',
  '@ip = ntop(0x0100007f); printf("%s\\n", ntop(0x0100a8c0))',
  'if (pid == 0) { @never = count(); @nothing = sum(1); @nokey[1] = 1; @nohist = hist(1); }',
  'printf("%5d|%-5d|%05d|%x|%X|%lld|%c|%10s|%-10s|%.2s\\n", 42, 42, 42, 255, 255, -1, 65, "abc", "abc", "abc")',
];

describe.skipIf(noBpftrace !== undefined)(
  `as bpftrace runs it${noBpftrace ? ` (${noBpftrace})` : ''}`,
  () => {
    for (const format of ['text', 'json'] as const) {
      test.each(scripts)(`${format}: %s`, async (body) => {
        const script = `BEGIN { ${body}${body.endsWith('}') ? '' : ';'} exit(); }`;
        const { text, result } = await runTrace(script, { format });
        expect(result.error).toBeUndefined();
        expect(text).toBe(askBpftrace(script, format));
      });
    }
  },
);
