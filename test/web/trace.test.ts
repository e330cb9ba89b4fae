/** The Trace in a browser, on a replay and on testpmd. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingDpdk } from '../system/testpmd.ts';
import {
  missingBrowser,
  type ReplayUnderTest,
  startOnReplay,
  startOnTestpmd,
  type TestpmdUnderTest,
} from './browser.ts';

const missing = missingBrowser();

describe.skipIf(missing !== undefined)(`on a replay${missing ? ` (${missing})` : ''}`, () => {
  let web: ReplayUnderTest;
  let page: Page;
  beforeAll(async () => {
    web = await startOnReplay(20_000);
    page = web.page;
    await page.getByRole('link', { name: 'Trace' }).click();
  });
  afterAll(async () => {
    await web?.stop();
  });

  test('what is wrong with a script is said where it is', async () => {
    const script = page.getByRole('textbox', { name: 'Script' });
    await script.fill('dpdk:rx_burst {\n  @ = hist(args.nb_tx);\n}');
    await page
      .getByRole('button', { name: 'line 2, column 12' })
      .or(page.getByRole('button', { name: /line 2/ }))
      .waitFor();
    await page.getByText(/nb_rx/).first().waitFor();
    expect(await script.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('button', { name: 'Run' }).isDisabled()).toBe(true);
    await web.picture('trace-fault');
  });

  test('suggestions are taken by keys', async () => {
    // They come from the points of the application, once these are known.
    await page.getByRole('region', { name: 'Probes', exact: true }).getByText('dpdk:rx_burst').waitFor();
    const script = page.getByRole('textbox', { name: 'Script' });
    await script.fill('dpdk:rx_packet /tcp.fl');
    await page.getByRole('listbox', { name: 'Suggestions' }).waitFor();
    await script.press('Enter');
    await expect.poll(() => script.inputValue()).toMatch(/^dpdk:rx_packet \/tcp\.flags/);
    await script.fill('dp');
    const suggestions = page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
    await suggestions.first().waitFor();
    await script.press('ArrowDown');
    await expect.poll(() => suggestions.nth(1).getAttribute('aria-selected')).toBe('true');
    await script.press('Tab');
    await expect.poll(() => script.inputValue()).toBe('dpdk:rx_burst');
  });

  test('maps are drawn as they grow, with their price', async () => {
    const script = page.getByRole('textbox', { name: 'Script' });
    await script.fill(`dpdk:rx_packet {
  @n = count();
  @sizes = hist(args.len);
  @by_protocol[ip.proto] = sum(args.len);
  @lengths[args.port] = stats(args.len);
}
interval:s:1 { printf("a second has passed\\n"); }`);
    await page.getByText(/^Compiles: dpdk:rx_packet, interval:s:1/).waitFor();
    await page.getByRole('button', { name: 'Run' }).click();
    const number = page.getByRole('region', { name: 'Map @n' });
    await expect
      .poll(async () => Number((await number.allInnerTexts()).join('').replace(/\D/g, '')), {
        timeout: 20_000,
      })
      .toBeGreaterThan(20_000);
    const bars = page.getByRole('region', { name: 'Map @sizes' }).getByRole('img').first();
    expect(await bars.getAttribute('aria-label')).toMatch(/64–127: [\d,]+/);
    const [table = ''] = await page
      .getByRole('region', { name: 'Map @by_protocol' })
      .getByRole('table')
      .allInnerTexts();
    expect(table).toMatch(/^6\s/m);
    const [stats = ''] = await page
      .getByRole('region', { name: 'Map @lengths' })
      .getByRole('table')
      .allInnerTexts();
    expect(stats.replace(/\s+/g, ' ')).toMatch(/count average total/);
    await page.getByRole('region', { name: 'Output' }).getByText('a second has passed').first().waitFor();
    await expect
      .poll(async () => (await page.getByRole('region', { name: 'Price' }).allInnerTexts()).join(' '), {
        timeout: 10_000,
      })
      .toMatch(/dpdk:rx_packet\s+[\d.]+ ns a hit × [\d.]+ k/);
    await page.waitForTimeout(4000);
    await web.picture('trace');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped').waitFor();
    await number.waitFor();
  });

  test('an example runs as it is, and the address says which', async () => {
    await page.getByLabel('Examples').selectOption({ label: 'How long between two bursts, in ns?' });
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('region', { name: 'Map @gap_ns' }).getByRole('img').first().waitFor();
    expect(page.url()).toMatch(/script=dpdk%3Arx_burst/);
    await page.getByRole('button', { name: 'Stop' }).click();
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

  test('bursts inside the application, and what a hit costs', async () => {
    const { page } = web;
    await page.goto(
      `${web.origin}/#/trace?app=${web.app.pid}&script=${encodeURIComponent('dpdk:rx_burst { @ = hist(args.nb_rx); }')}`,
    );
    await page.getByRole('button', { name: 'Run' }).click();
    const bars = page.getByRole('region', { name: 'Map @' }).getByRole('img').first();
    await expect.poll(() => bars.getAttribute('aria-label'), { timeout: 20_000 }).toMatch(/32–63: [\d,]{7,}/);
    await expect
      .poll(async () => (await page.getByRole('region', { name: 'Price' }).allInnerTexts()).join(' '), {
        timeout: 10_000,
      })
      .toMatch(/dpdk:rx_burst\s+[\d.]+ ns a hit/);
  });
});
