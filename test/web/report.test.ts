/**
 * The page that `hone report --html` writes, opened from its file in a browser: nothing is loaded or said on the console, each chart is
 * drawn, and everybody can read it in light and dark colours.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHone } from '../system/hone.ts';
import { missingBrowser, openPage, ownRuntime, type PageUnderTest } from './browser.ts';

const missing = missingBrowser();

describe.skipIf(missing !== undefined)(`a report on a replay${missing ? ` (${missing})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hone-report-page-'));
  const address = pathToFileURL(join(folder, 'report.html')).href;
  const requests: string[] = [];
  let opened: PageUnderTest;

  beforeAll(async () => {
    const runtime = ownRuntime();
    const replay = startHone(['replay', '--sample', '--loop', '--rate', '20000'], runtime.env);
    try {
      await replay.stderrMatches(/capture with/);
      const report = await startHone(
        ['report', '--duration', '2', '--target', 'pps>1', '--html', join(folder, 'report.html')],
        runtime.env,
      ).finished();
      expect(report.stderr).toBe('');
    } finally {
      replay.child.kill('SIGKILL');
      await replay.finished();
      runtime.remove();
    }
    opened = await openPage();
    opened.page.on('request', (request) => requests.push(request.url()));
  });

  afterAll(async () => {
    await opened?.close();
    rmSync(folder, { recursive: true });
  });

  test.each(['light', 'dark'] as const)('in %s colours', async (colorScheme) => {
    const { page, complaints } = opened;
    requests.length = 0;
    await page.emulateMedia({ colorScheme });
    await page.goto(address);
    const charts = page.locator('svg');
    expect(await charts.count()).toBeGreaterThanOrEqual(4);
    for (const chart of await charts.all()) {
      const box = (await chart.boundingBox())!;
      expect(Math.min(box.width, box.height)).toBeGreaterThan(20);
      // Something is drawn in it.
      expect(await chart.locator('path, rect, polyline, line').count()).toBeGreaterThan(0);
    }
    // The page is as wide as the window: nothing is cut off.
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await page.evaluate(axe.source);
    const violations = await page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
        id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join('; ')))`,
    );
    expect(violations).toEqual([]);
    expect(requests).toEqual([address]);
    expect(complaints).toEqual([]);
  });

  test('colours follow the scheme', async () => {
    const backgrounds: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await opened.page.emulateMedia({ colorScheme });
      backgrounds.push(await opened.page.evaluate('getComputedStyle(document.body).backgroundColor'));
    }
    expect(backgrounds[0]).not.toBe(backgrounds[1]);
  });
});
