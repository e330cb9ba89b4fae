/** Probes of the kernel on the Trace page: on a small process that the test builds. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingBrowser, type ReplayUnderTest, startOnReplay } from './browser.ts';

/** Hits its probe once in so many microseconds; 0: as often as it can. */
const SOURCE = `
#include <sys/sdt.h>
#include <stdlib.h>
#include <unistd.h>
__attribute__((noipa)) int work(int n) { DTRACE_PROBE2(demo, step, n, n * 2); return n + 1; }
int main(int argc, char **argv) {
  int pause = atoi(argv[1]);
  for (int n = 0;; n = (n + 1) & 1023) { work(n); if (pause) usleep(pause); }
}
`;

function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const found = spawnSync('gcc', ['-fsyntax-only', '-x', 'c', '-'], { input: '#include <sys/sdt.h>\n' });
  if (found.status !== 0) return 'needs gcc and sys/sdt.h: apt-get install gcc systemtap-sdt-dev';
  return missingBrowser();
}

const reason = missing();

describe.skipIf(reason !== undefined)(`on a process${reason ? ` (${reason})` : ''}`, () => {
  let folder: string;
  let binary: string;
  let web: ReplayUnderTest;
  let page: Page;
  const workers: ChildProcess[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hone-web-kernel-'));
    binary = join(folder, 'worker');
    writeFileSync(`${binary}.c`, SOURCE);
    expect(spawnSync('gcc', ['-O1', '-o', binary, `${binary}.c`], { encoding: 'utf8' }).stderr).toBe('');
    web = await startOnReplay(100);
    page = web.page;
  });
  afterAll(async () => {
    for (const worker of workers) worker.kill('SIGKILL');
    await web?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const work = (pauseUs: number): number => {
    const worker = spawn(binary, [String(pauseUs)], { stdio: 'ignore' });
    workers.push(worker);
    return worker.pid!;
  };
  const write = (script: string, pid: number) =>
    page.goto(`${web.origin}/#/trace?process=${pid}&script=${encodeURIComponent(script)}`);
  const price = async () => (await page.getByRole('region', { name: 'Price' }).allInnerTexts()).join(' ');
  const number = async (map: string) => {
    const texts = await page.getByRole('region', { name: `Map ${map}` }).allInnerTexts();
    return Number(texts.join('').replace(/\D/g, ''));
  };

  test('what is wrong with a probe is said where it is', async () => {
    await write(`usdt:${binary}:demo:stop { @ = count(); }`, work(2000));
    await page.getByRole('button', { name: 'line 1, column 1' }).waitFor();
    await page.getByText('has no USDT probe demo:stop; did you mean demo:step?').waitFor();
    expect(await page.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true);
  });

  test('a quiet probe runs at once; its price stands beside its maps', async () => {
    const pid = work(2000);
    await write(`usdt:${binary}:demo:step { @hits = count(); @doubled = hist(arg1); }`, pid);
    await page.getByText(/^Compiles: usdt:/).waitFor();
    expect(await page.getByRole('spinbutton', { name: 'Only in process' }).inputValue()).toBe(`${pid}`);
    await page.getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => number('@hits'), { timeout: 20_000 }).toBeGreaterThan(100);
    const bars = page.getByRole('region', { name: 'Map @doubled' }).getByRole('img').first();
    expect(await bars.getAttribute('aria-label')).toMatch(/\d+–\d+: [\d,]+/);
    expect(await price()).toMatch(
      /demo:step was hit [\d.]+ k? ?times a second: about \d\.\d % of a processor/,
    );
    await web.picture('trace-kernel');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
  });

  test('before something hot is probed the page asks; nothing is attached until it is told to', async () => {
    const pid = work(0);
    await write(`uprobe:${binary}:work { @calls = count(); }`, pid);
    await page.getByText(/^Compiles: uprobe:/).waitFor();
    const question = page.getByRole('alertdialog', { name: 'Price' });
    await page.getByRole('button', { name: 'Run' }).click();
    await question.waitFor();
    expect(await question.textContent()).toMatch(
      /worker:work is hit [\d,]{6,} times a second: this trace will take about \d+ % of a processor/,
    );
    await web.picture('trace-price');
    // The safe answer has the focus.
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    expect(await page.getByRole('region', { name: 'Map @calls' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Run' }).click();
    await question.getByRole('button', { name: 'Attach it' }).click();
    await expect.poll(() => number('@calls'), { timeout: 20_000 }).toBeGreaterThan(10_000);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
  });

  test('all of the machine, by a clock; the end of the process ends its trace', async () => {
    const pid = work(2000);
    await write('profile:hz:99 { @samples = count(); }', 0);
    await page.getByText(/^Compiles: profile:hz:99/).waitFor();
    await page.getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => number('@samples'), { timeout: 20_000 }).toBeGreaterThan(10);
    await write(`usdt:${binary}:demo:step { @hits = count(); }`, pid);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText(/^Compiles: usdt:/).waitFor();
    await page.getByRole('button', { name: 'Run' }).click();
    await expect.poll(() => number('@hits'), { timeout: 20_000 }).toBeGreaterThan(10);
    process.kill(pid, 'SIGKILL');
    await page.getByText('has ended').waitFor();
  });

  test('the console stays silent', () => expect(web.complaints).toEqual([]));
});
