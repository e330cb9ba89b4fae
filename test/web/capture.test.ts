/** The Capture in a browser, on a replay and on testpmd. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPackets } from '../system/captures.ts';
import { missingDpdk } from '../system/testpmd.ts';
import {
  missingBrowser,
  type ReplayUnderTest,
  startOnReplay,
  startOnTestpmd,
  type TestpmdUnderTest,
} from './browser.ts';

const missing = missingBrowser();

/** A number behind a word among the counts. */
async function count(page: Page, name: string): Promise<number> {
  const [text = ''] = await page.getByRole('region', { name: 'Counts' }).allInnerTexts();
  return Number(
    new RegExp(`${name} ([\\d,]+)`).exec(text.replace(/\s+/g, ' '))?.[1]?.replaceAll(',', '') ?? Number.NaN,
  );
}

/** The rows in sight. */
function rowsOf(page: Page): Locator {
  return page.getByRole('listbox', { name: /^Packets/ }).getByRole('option');
}

async function firstRow(page: Page): Promise<string> {
  const [text = ''] = await rowsOf(page).first().allInnerTexts();
  return text.replace(/\s+/g, ' ');
}

describe.skipIf(missing !== undefined)(`on a replay${missing ? ` (${missing})` : ''}`, () => {
  const downloads = mkdtempSync(join(tmpdir(), 'hone-downloads-'));
  let web: ReplayUnderTest;
  let page: Page;
  beforeAll(async () => {
    web = await startOnReplay(5000);
    page = web.page;
    await page.getByRole('link', { name: 'Capture' }).click();
  });
  afterAll(async () => {
    await web?.stop();
    rmSync(downloads, { recursive: true });
  });

  test('a filter is checked and explained as it is typed', async () => {
    const filter = page.getByLabel('Capture filter');
    await filter.fill('tcp prot 80');
    await page.getByText(/^ {2} {4}\^+$/m).waitFor();
    expect(await filter.getAttribute('aria-invalid')).toBe('true');
    await filter.fill('tcp or udp');
    await page.getByText('Lets through: packets of TCP or of UDP.').waitFor();
    await page.getByText(/\d+ instructions/).click();
    await page.getByText(/\(000\) ldh/).waitFor();
    await page.getByText(/\d+ instructions/).click();
    expect(page.url()).toMatch(/filter=tcp\+or\+udp/);
  });

  test('packets arrive once a port is chosen', async () => {
    await page
      .getByRole('checkbox', { name: /replay/ })
      .first()
      .check();
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(() => count(page, 'Captured'), { timeout: 20_000 }).toBeGreaterThan(3000);
    expect(await count(page, 'Seen')).toBeGreaterThan(await count(page, 'Captured'));
    expect(await count(page, 'Dropped by the ring')).toBe(0);
  });

  test('pausing stops the list, not the capture', async () => {
    await page.getByRole('button', { name: 'Pause the list' }).click();
    await page.getByText(/paused, [\d,]+ more since/).waitFor();
    await expect.poll(() => firstRow(page)).not.toBe('…');
    const rows = await firstRow(page);
    const before = await count(page, 'Captured');
    await expect.poll(() => count(page, 'Captured')).toBeGreaterThan(before + 1000);
    expect(await firstRow(page)).toBe(rows);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
  });

  test('only what is asked for is shown', async () => {
    await page.getByLabel('Show only').fill('udp port 53');
    await page.getByText(/rows of [\d,]+ packets/).waitFor();
    await expect.poll(() => firstRow(page)).toMatch(/ IP6? .*\.53[: ]/);
    await page.getByLabel('Show only').fill('');
  });

  test('a packet is taken apart; fields and bytes are linked', async () => {
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    expect(page.url()).toMatch(/row=1\b/);
    const detail = page.getByRole('region', { name: /^Packet 2$/ });
    // A packet with a tunnel has another inside; the outer one comes first.
    const outerType = detail.getByRole('button', { name: /^eth\.type/ }).first();
    await outerType.click();
    await expect.poll(() => detail.locator('.byte.marked').allInnerTexts()).toHaveLength(2);
    const [type = ''] = await outerType.allInnerTexts();
    expect(`0x${(await detail.locator('.byte.marked').allInnerTexts()).join('')}`).toBe(
      type.split(/\s+/).at(-1),
    );
    // And the other way: byte 8 is of the source address.
    await detail.locator('.byte[data-at="8"]').click();
    await expect
      .poll(() =>
        detail
          .getByRole('button', { name: /^eth\.src / })
          .first()
          .getAttribute('aria-pressed'),
      )
      .toBe('true');
  });

  test('text is found', async () => {
    await page.getByLabel('Find').fill('Flags [S]');
    await page.getByRole('button', { name: 'Next' }).click();
    await expect
      .poll(async () =>
        (await page.getByRole('listbox').getByRole('option', { selected: true }).allInnerTexts()).join(''),
      )
      .toMatch(/Flags \[S\]/);
  });

  test('what is held can be downloaded, and tshark reads it', async () => {
    const held = await count(page, 'Captured');
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download pcapng' }).click();
    const file = join(downloads, 'capture.pcapng');
    await (await coming).saveAs(file);
    expect(readPackets(file)).toHaveLength(held);
    expect(readPackets(file, '!(tcp or udp)')).toHaveLength(0);
  });

  test('pictures', async () => {
    await web.picture('capture');
    await page.getByLabel('Capture filter').fill('tcp prot 80');
    await web.picture('capture-filter');
  });

  test('the console stays silent', () => expect(web.complaints).toEqual([]));
});

const noDpdk = missing ?? missingDpdk();

describe.skipIf(noDpdk !== undefined)(`on testpmd${noDpdk ? ` (${noDpdk})` : ''}`, () => {
  let web: TestpmdUnderTest;
  beforeAll(async () => {
    web = await startOnTestpmd();
    await web.app.command('start');
  });
  afterAll(async () => {
    await web?.stop();
  });

  test('a million packets: memory stays, the list stays smooth, losses are counted', async () => {
    const { page } = web;
    await page.goto(`${web.origin}/#/capture?ports=${web.app.pid}:0`);
    const rssBefore = rssKiB(web.web.pid);
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(() => count(page, 'Captured'), { timeout: 60_000 }).toBeGreaterThan(3_000_000);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
    const [captured, dropped, seen] = [
      await count(page, 'Captured'),
      await count(page, 'Dropped by the ring'),
      await count(page, 'Seen'),
    ];
    expect(captured + dropped).toBe(seen);
    const [held = ''] = await page.getByText(/^[\d,]+ rows/).allInnerTexts();
    expect(Number(held.replace(/\D/g, ''))).toBeGreaterThan(1_000_000);
    // Rings are mapped into the host as well.
    expect(rssKiB(web.web.pid) - rssBefore).toBeLessThan(400 * 1024);
    const list = page.getByRole('listbox');
    await list.focus();
    const scrolled = (await page.evaluate(SCROLL_THROUGH)) as { frames: number; rows: number };
    expect(scrolled.rows).toBeLessThan(40);
    expect(scrolled.frames).toBeGreaterThan(50);
    await page.keyboard.press('End');
    await expect.poll(async () => (await rowsOf(page).last().allInnerTexts()).join('')).toMatch(/^[\d]+/);
    await web.picture('capture-million');
  });
});

/** In the page: scrolls from the first to the last row, a step a frame. */
const SCROLL_THROUGH = `(async () => {
  const list = document.querySelector('.rows');
  let frames = 0, rows = 0;
  for (let share = 0; share <= 1; share += 0.015) {
    list.scrollTop = share * (list.scrollHeight - list.clientHeight);
    await new Promise(requestAnimationFrame);
    frames++;
    rows = Math.max(rows, document.querySelectorAll('[role=option]').length);
  }
  return { frames, rows };
})()`;

function rssKiB(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
}
