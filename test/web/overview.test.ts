/** The Overview in a browser, on a replay and on testpmd. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, run, startHone, startProcess, until } from '../system/hone.ts';
import { forwardsOn, heldMemory, missingDpdk } from '../system/testpmd.ts';
import {
  missingBrowser,
  ownRuntime,
  type ReplayUnderTest,
  startOnReplay,
  startOnTestpmd,
  startWebPage,
  type TestpmdUnderTest,
  type WebUnderTest,
} from './browser.ts';

/** What stands in a port's row below a head; styled as a loss or not. */
async function cellOf(page: Page, port: RegExp, head: string): Promise<{ text: string; isLost: boolean }> {
  const table = page.getByRole('table', { name: 'Ports' });
  const heads = await table.getByRole('columnheader').allInnerTexts();
  const row = table.getByRole('row').filter({ has: page.getByRole('rowheader', { name: port }) });
  // The row's own head is no cell.
  const cell = row.getByRole('cell').nth(heads.findIndex((text) => text.trim() === head) - 1);
  const [text = ''] = await cell.allInnerTexts();
  return { text, isLost: /\blost\b/.test((await cell.getAttribute('class')) ?? '') };
}

/** Something is lost, and the page shows it as a loss. */
const LOST = { text: expect.stringMatching(/^[\d.]+( [kMG])?$/), isLost: true };

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

  test('an application that is silent is said to be, and holds up no other', async () => {
    const { page } = web;
    const other = startHone(['replay', '--sample', '--loop', '--rate', '1000'], web.env);
    try {
      await page.getByRole('heading', { name: `replay ${other.pid}` }).waitFor();
      other.child.kill('SIGSTOP');
      await page.getByText('agent silent').waitFor();
      const uptime = page.getByRole('heading', { name: `replay ${web.replay.pid}` }).locator('small');
      const ports = page.getByRole('table', { name: 'Ports' }).first();
      expect((await ports.allInnerTexts())[0]).toMatch(/[\d.]+ k pps/);
      const [before] = await uptime.allInnerTexts();
      await expect.poll(async () => (await uptime.allInnerTexts())[0]).not.toBe(before);
    } finally {
      other.child.kill('SIGKILL');
    }
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

  test('a capture that does not keep up: its drops are seen at a glance, and where they are', async () => {
    const { page } = web;
    await page.goto(`${web.origin}/#/capture?ports=${web.app.pid}:0`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page
      .getByText(/Dropped by the ring\s*[\d,]{5,}/)
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await expect.poll(() => cellOf(page, /net_null0/, 'Ring drops')).toEqual(LOST);
    await page.getByText(/^port 0 \(net_null0\): its capture loses [\d,]+ packets\/s$/).waitFor();
    await page.getByRole('region', { name: 'Losses' }).getByText('capture ring').waitFor();
    // Nobody captures from the other one, and nothing is lost elsewhere.
    expect(await cellOf(page, /net_null1/, 'Ring drops')).toEqual({ text: '–', isLost: false });
    expect(await cellOf(page, /net_null0/, 'Adapter drops')).toEqual({ text: '0', isLost: false });
    await page.getByRole('link', { name: 'Capture' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
  });

  test('when the page goes, its probes go, too', async () => {
    await web.page.goto(`${web.origin}/#/overview`);
    await until('probes', () => heldMemory(web.app.pid).length > 0);
    await web.page.goto('about:blank');
    await until('no probe', () => heldMemory(web.app.pid).length === 0);
    await forwardsOn(web.app);
    web.web.child.kill('SIGINT');
    const { code } = await web.web.finished();
    expect(code).toBe(0);
  });
});

describe.skipIf(noDpdk !== undefined)(`on a forwarder that drops${noDpdk ? ` (${noDpdk})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hone-overview-'));
  const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));
  const sendFrames = fileURLToPath(new URL('../system/send-frames.py', import.meta.url));
  const [near, far] = ['hone-wa', 'hone-wb'] as const;
  const runtime = ownRuntime();
  let forwarder: Running;
  let sender: Running;
  let web: WebUnderTest;
  beforeAll(async () => {
    execFileSync('make', ['-C', example, `OUT=${join(folder, 'forwarder')}`]);
    await run('ip', 'link', 'del', near);
    await run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    for (const link of [near, far]) {
      await run('sysctl', '-q', '-w', `net.ipv6.conf.${link}.disable_ipv6=1`);
      await run('ip', 'link', 'set', link, 'arp', 'off', 'multicast', 'off', 'up');
    }
    const eal = ['-l', '0,1', '--no-huge', '-m', '128', '--no-pci', '--file-prefix', `web-${process.pid}`];
    const recorded = `net_pcap1,rx_pcap=${example}/traffic.pcap,infinite_rx=1,tx_pcap=/dev/null`;
    const vdevs = ['--vdev', `net_pcap0,rx_iface=${far},tx_pcap=/dev/null`, '--vdev', recorded];
    forwarder = startHone(
      ['run', '--', join(folder, 'forwarder'), ...eal, ...vdevs, '--', '--work', '40000'],
      runtime.env,
    );
    await until('the forwarder', () => forwarder.stdout().includes('forwarding between'), 60_000);
    sender = startProcess('python3', [sendFrames, near, '0', '1000:100:16']);
    web = await startWebPage(runtime.env);
  });
  afterAll(async () => {
    await web?.stop();
    sender?.child.kill('SIGKILL');
    forwarder?.child.kill('SIGINT');
    await forwarder?.finished();
    await run('ip', 'link', 'del', near);
    runtime.remove();
    rmSync(folder, { recursive: true });
  });

  test('what the adapter and what the application drop: each in its column, and named first of all', async () => {
    const { page } = web;
    await expect.poll(() => cellOf(page, /net_pcap0/, 'Adapter drops'), { timeout: 60_000 }).toEqual(LOST);
    await page.getByText(/^port 0 \(net_pcap0\): the adapter drops/).waitFor();
    await expect.poll(() => cellOf(page, /net_pcap1/, 'Application drops')).toEqual(LOST);
    await page.getByText(/^application: drops [\d,]+ packets\/s: /).waitFor();
    const reasons = page.getByRole('region', { name: 'Dropped by the application' }).getByRole('img');
    expect(await reasons.getAttribute('aria-label')).toMatch(/(ttl|no_route|denied|unsupported): [\d.]+/);
    expect((await cellOf(page, /net_pcap0/, 'Ring drops')).text).toBe('–');
  });
});
