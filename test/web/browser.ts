/** Chromium and `hone web` under test: a page that was opened as a person opens it, and what it needs around it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type Running, startHone, until } from '../system/hone.ts';
import { startTestpmd, type Testpmd } from '../system/testpmd.ts';

const CHROMIUM: string | undefined = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const pictures = fileURLToPath(new URL('./screenshots/', import.meta.url));

/** Why tests in a browser cannot run here, or undefined. */
export function missingBrowser(): string | undefined {
  return CHROMIUM === undefined ? 'needs chromium: apt-get install chromium' : undefined;
}

export interface WebUnderTest {
  readonly url: string;
  readonly origin: string;
  readonly page: Page;
  readonly web: Running;
  /** What the page said on its console that it should not have. */
  readonly complaints: readonly string[];
  /** Kept for review, and shown in the documentation. */
  picture(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface PageUnderTest {
  readonly page: Page;
  /** What the page said on its console that it should not have. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** An empty page of a browser of its own. */
export async function openPage(): Promise<PageUnderTest> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM!,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
      ...['--disable-sync', '--no-first-run', '--disable-dev-shm-usage'],
    ],
  });
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, colorScheme: 'light' });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints, close: () => browser.close() };
}

/** @param env its XDG_RUNTIME_DIR says where applications are looked for */
export async function startWebPage(env: NodeJS.ProcessEnv): Promise<WebUnderTest> {
  const web = startHone(['web'], env);
  await until('the address', () => web.stdout().includes('\n') || web.child.exitCode !== null);
  const url = web.stdout().trim();
  const { page, complaints, close } = await openPage();
  await page.goto(url);
  return {
    url,
    origin: new URL(url).origin,
    page,
    web,
    complaints,
    async picture(name) {
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: false });
    },
    async stop() {
      await close();
      web.child.kill('SIGINT');
      await web.finished();
    },
  };
}

/** A place of its own for a test's applications: what else runs on the machine is not seen. */
export function ownRuntime(): { readonly env: NodeJS.ProcessEnv; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'hone-web-'));
  return {
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export interface ReplayUnderTest extends WebUnderTest {
  readonly replay: Running;
  /** In which the replay is found. */
  readonly env: NodeJS.ProcessEnv;
}

/** A page on a replay of the sample that nothing else on the machine is seen beside; `stop` ends both. @param rate packets a second */
export async function startOnReplay(rate: number): Promise<ReplayUnderTest> {
  const runtime = ownRuntime();
  const replay = startHone(['replay', '--sample', '--loop', '--rate', `${rate}`], runtime.env);
  const end = () => {
    replay.child.kill('SIGKILL');
    runtime.remove();
  };
  try {
    await replay.stderrMatches(/capture with/);
    const web = await startWebPage(runtime.env);
    return { ...web, replay, env: runtime.env, stop: () => web.stop().finally(end) };
  } catch (error) {
    end();
    throw error;
  }
}

export interface TestpmdUnderTest extends WebUnderTest {
  readonly app: Testpmd;
}

/** A page, and testpmd with two ports that give as many packets as it takes; `stop` ends both. */
export async function startOnTestpmd(): Promise<TestpmdUnderTest> {
  const app = await startTestpmd({
    vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'],
    app: ['--forward-mode=io'],
  });
  try {
    const web = await startWebPage(process.env);
    return { ...web, app, stop: () => web.stop().finally(() => app.kill()) };
  } catch (error) {
    await app.kill();
    throw error;
  }
}
