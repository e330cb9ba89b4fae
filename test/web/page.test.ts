/** The page as a whole: what it weighs, who may use it, whom it keeps out, and that it ends without a trace. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, startHone, until } from '../system/hone.ts';
import { missingBrowser, ownRuntime, type ReplayUnderTest, startOnReplay } from './browser.ts';

const pageFolder = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const missing = missingBrowser();

test('everything that the page loads is below 100 KiB, compressed', () => {
  const sizes = readdirSync(pageFolder).map((name) => ({
    name,
    bytes: gzipSync(readFileSync(join(pageFolder, name)), { level: 9 }).length,
  }));
  expect(sizes.map(({ name }) => name).sort()).toEqual([
    'app.css',
    'app.js',
    'icon.svg',
    'index.html',
    'licences.txt',
  ]);
  const sum = sizes.reduce((all, { bytes }) => all + bytes, 0);
  console.log(`the page: ${(sum / 1024).toFixed(1)} KiB compressed`);
  expect(sum).toBeLessThan(100 * 1024);
});

test('nothing in it comes from elsewhere', () => {
  for (const name of ['app.js', 'app.css', 'index.html']) {
    const text = readFileSync(join(pageFolder, name), 'utf8');
    const addresses = text.match(/(?:https?:)?\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi) ?? [];
    expect(addresses.filter((address) => !address.endsWith('//www.w3.org'))).toEqual([]);
  }
});

describe('the server', () => {
  const runtime = ownRuntime();
  let web: Running;
  let port: number;
  beforeAll(async () => {
    web = startHone(['web'], runtime.env);
    await until('the address', () => web.stdout().includes('\n'));
    port = Number(new URL(web.stdout().trim()).port);
  });
  afterAll(() => {
    web.child.kill('SIGKILL');
    runtime.remove();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode!, headers: response.headers });
      })
        .on('error', reject)
        .end();
    });

  test('prints one address, with a secret that no server is sent', () => {
    expect(web.stdout()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[0-9a-f]{64}\n$/);
  });

  test('serves the page, with a policy that allows no other scripts', async () => {
    const { status, headers } = await get('/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers['content-security-policy']).not.toMatch(/unsafe/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test.each([
    ['another name for this machine', '/', { host: 'evil.example' }, 403],
    ['another port', '/', { host: '127.0.0.1:1' }, 403],
    ['another origin', '/', { origin: 'http://evil.example' }, 403],
    ['no origin at all: sandboxed', '/', { origin: 'null' }, 403],
    ['a path upwards', '/../package.json', {}, 404],
    ['the same, in disguise', '/%2e%2e/package.json', {}, 404],
    ['an absolute path', '//etc/passwd', {}, 404],
    ['a download that nobody asked for', `/download/${'0'.repeat(64)}`, {}, 404],
  ] as const)('%s is refused', async (_what, path, headers, want) => {
    const own = { host: `127.0.0.1:${port}`, ...headers };
    expect((await get(path, own)).status).toBe(want);
  });

  test('SIGINT ends it with 0', async () => {
    web.child.kill('SIGINT');
    expect((await web.finished()).code).toBe(0);
  });
});

describe.skipIf(missing !== undefined)(`for everybody${missing ? ` (${missing})` : ''}`, () => {
  let web: ReplayUnderTest;
  beforeAll(async () => {
    web = await startOnReplay(5000);
  });
  afterAll(async () => {
    await web?.stop();
  });

  const violations = async () => {
    // The page's own policy forbids scripts of others: this one comes through the debugger.
    await web.page.evaluate(axe.source);
    return (await web.page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
        id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join('; ')))`,
    )) as string[];
  };

  const PAGES = ['overview?packets=1', `capture`, 'trace', 'timeline'];
  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    test.each(PAGES)('%s: names, roles and contrast', async (path) => {
      const { page } = web;
      await page.emulateMedia({ colorScheme });
      const target = path === 'capture' ? `capture?ports=${web.replay.pid}:0` : path;
      await page.goto(`${web.origin}/#/${target}`);
      if (path.startsWith('overview'))
        await page.getByRole('region', { name: 'Top talkers' }).first().waitFor();
      if (path === 'capture') {
        await page.getByRole('button', { name: 'Start' }).click();
        // Before that the counts are of the capture before.
        await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
        await page
          .getByText(/Captured\s*[\d,]{4,}/)
          .first()
          .waitFor();
        await page.getByRole('button', { name: 'Stop', exact: true }).click();
        await page.getByRole('listbox', { name: /^Packets/ }).focus();
        await page.keyboard.press('ArrowDown');
        await page.getByRole('region', { name: /^Packet \d+$/ }).waitFor();
      }
      if (path === 'trace') {
        await page.getByRole('button', { name: 'Run' }).click();
        await page.getByRole('region', { name: 'Map @packets' }).getByRole('img').first().waitFor();
        await page.getByRole('button', { name: 'Stop', exact: true }).click();
      }
      if (path === 'timeline') {
        await page.getByRole('button', { name: 'Watch live' }).click();
        await page.getByRole('listitem').first().waitFor();
        await page.getByRole('button', { name: 'Stop', exact: true }).click();
      }
      expect(await violations()).toEqual([]);
    });
  });

  test('keys reach everything, in the order in which it is read', async () => {
    const { page } = web;
    await page.goto(`${web.origin}/#/overview`);
    await page.getByRole('heading', { name: /^replay/ }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: /^replay/ }).waitFor();
    const names: string[] = [];
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press('Tab');
      names.push(
        (await page.evaluate(
          '(document.activeElement.labels?.[0] ?? document.activeElement).textContent',
        )) as string,
      );
    }
    expect(names.map((name) => name.trim().slice(0, 10))).toEqual([
      ...['Skip to co', 'Overview', 'Capture', 'Trace', 'Timeline', 'ColoursSys', 'Applicatio', 'Look into '],
    ]);
  });

  test('without its key a tab sees nothing', async () => {
    const context = await web.page.context().browser()!.newContext();
    const page = await context.newPage();
    await page.goto(`${web.origin}/#/overview`);
    await page.getByRole('heading', { name: 'This tab has no key' }).waitFor();
    await page.goto(`${web.origin}/#token=${'0'.repeat(64)}`);
    await page.reload();
    await page.getByText('not admitted').waitFor();
    await context.close();
  });

  test('when the server has gone, the page says so', async () => {
    web.web.child.kill('SIGINT');
    expect((await web.web.finished()).code).toBe(0);
    await web.page.getByText('connection lost').waitFor();
  });
});
