/** The Overview in a browser, on a replay and on testpmd. */
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
  beforeAll(async () => {
    web = await startOnReplay(20_000);
  });
  afterAll(async () => {
    await web?.stop();
  });

  test('shows the application, its ports and their rates', async () => {
    const { page } = web;
    await page.getByRole('heading', { name: `replay ${web.replay.pid}` }).waitFor();
    const ports = page.getByRole('table', { name: 'Ports' });
    await expect
      .poll(async () => (await ports.allInnerTexts())[0], { timeout: 20_000 })
      .toMatch(/(19|20|2[01])\.\d k pps/);
  });

  test('looks into packets when asked, and says so in the address', async () => {
    const { page } = web;
    await page.getByRole('checkbox', { name: /Look into packets/ }).check();
    expect(page.url()).toMatch(/#\/overview\?packets=1$/);
    const talkers = page.getByRole('region', { name: 'Top talkers' }).getByRole('row');
    await expect.poll(() => talkers.count(), { timeout: 20_000 }).toBeGreaterThan(3);
    expect((await talkers.nth(1).allInnerTexts())[0]).toMatch(/\d+\.\d+\.\d+\.\d+|:/);
    const sizes = page.getByRole('region', { name: 'Packet sizes' }).getByRole('img').first();
    expect(await sizes.getAttribute('aria-label')).toMatch(/\d+–\d+: [\d.]+ k?\/s/);
  });

  test('the console stays silent', () => expect(web.complaints).toEqual([]));
});

const noDpdk = missing ?? missingDpdk();

describe.skipIf(noDpdk !== undefined)(`on testpmd${noDpdk ? ` (${noDpdk})` : ''}`, () => {
  let web: TestpmdUnderTest;
  beforeAll(async () => {
    web = await startOnTestpmd();
  });
  afterAll(async () => {
    await web?.stop();
  });

  test('an application that polls nothing is a problem', async () => {
    await web.page.getByText(/no thread polls a port/).waitFor();
  });

  test('a saturated lcore is one, too, and the tables say why', async () => {
    const { page } = web;
    await web.app.command('start');
    await page.getByText(/lcore 1: is (9[5-9](\.\d)?|100) % busy/).waitFor();
    const lcores = page.getByRole('table', { name: 'Lcores' });
    expect((await lcores.allInnerTexts())[0]).toMatch(/lcore 1/);
    const queues = page.getByRole('table', { name: 'Receive queues' });
    await expect
      .poll(async () => (await queues.allInnerTexts())[0])
      .toMatch(/net_null0\s+0\s+lcore 1\s+[\d.]+ M\s+0 %\s+32\.0/);
    await page.getByText(/The programs of this page take [\d.< ]+% of the time/).waitFor();
  });

  test('pictures, light and dark', async () => {
    const { page } = web;
    // Some seconds of history.
    await page.waitForTimeout(8000);
    await web.picture('overview');
    await page.getByLabel('Colours').selectOption('dark');
    await page.waitForTimeout(1500);
    await web.picture('overview-dark');
    await page.getByLabel('Colours').selectOption('light');
    await page.getByRole('checkbox', { name: /Look into packets/ }).check();
    await page.waitForTimeout(4000);
    await page.mouse.wheel(0, 5000);
    await page.waitForTimeout(300);
    await web.picture('overview-packets');
  });

  test('what the ring of the page drops stands beside the other drops, while it is lost', async () => {
    const { page } = web;
    const [headers, cells] = [
      () => page.getByRole('table', { name: 'Ports' }).getByRole('columnheader').allInnerTexts(),
      () =>
        page
          .getByRole('row', { name: /^0 net_null0/ })
          .getByRole('cell')
          .allInnerTexts(),
    ];
    // The first column has names, which are no cells.
    const ringDrops = async () => (await cells())[(await headers()).indexOf('Ring drops') - 1];
    await page.goto(`${web.origin}/#/overview`);
    await expect.poll(ringDrops, { timeout: 20_000 }).toBe('–');
    await page.goto(`${web.origin}/#/capture?ports=${web.app.pid}:0`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText(/Captured\s*[\d,]{5,}/).waitFor();
    // A host that stands still for a second takes nothing out of a ring that millions of packets a second go into.
    web.web.child.kill('SIGSTOP');
    await page.waitForTimeout(1500);
    web.web.child.kill('SIGCONT');
    await page.getByText(/Dropped by the ring\s*[\d,]{7,}/).waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await expect.poll(ringDrops, { timeout: 20_000 }).toMatch(/^[\d.]+ [kM]?$/);
    await page.getByRole('link', { name: 'Capture' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
  });

  test('when the page goes, its probes go, too', async () => {
    await web.page.goto('about:blank');
    const price = await web.app.command('show port info 0');
    expect(price).toContain('net_null0');
    web.web.child.kill('SIGINT');
    const { code } = await web.web.finished();
    expect(code).toBe(0);
  });
});
