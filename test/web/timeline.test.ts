/** The Timeline in a browser: a replay live, a file of a million packets, the page's own capture. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePcapFileHeader, writePcapRecordHeader } from '../../src/pcapng/index.ts';
import { folder, writeSample } from '../system/captures.ts';
import { hone, startHone } from '../system/hone.ts';
import { missingDpdk } from '../system/testpmd.ts';
import {
  missingBrowser,
  type ReplayUnderTest,
  startOnReplay,
  startOnTestpmd,
  type TestpmdUnderTest,
} from './browser.ts';

const missing = missingBrowser();
const noZstd = spawnSync('zstd', ['--version']).status !== 0;
const MANY = 1_000_000;

/** A pcap file with a packet each microsecond. */
function writeMany(): string {
  const record = new Uint8Array(16 + 60);
  const view = new DataView(record.buffer);
  const all = new Uint8Array(MANY * record.length);
  for (let n = 0; n < MANY; n++) {
    writePcapRecordHeader(view, 0, Math.floor(n / 1e6), (n % 1e6) * 1000, 60, 60);
    all.set(record, n * record.length);
  }
  const file = `${folder}/million.pcap`;
  writeFileSync(file, Buffer.concat([encodePcapFileHeader(1, 262_144), all]));
  return file;
}

describe.skipIf(missing !== undefined)(`on a replay${missing ? ` (${missing})` : ''}`, () => {
  let web: ReplayUnderTest;
  let page: Page;
  beforeAll(async () => {
    web = await startOnReplay(20_000);
    page = web.page;
    await page.getByRole('link', { name: 'Timeline' }).click();
  });
  afterAll(async () => {
    await web?.stop();
    rmSync(`${folder}/million.pcap`, { force: true });
  });

  const events = async () => {
    const [text = ''] = await page.getByRole('region', { name: 'Counts' }).allInnerTexts();
    return Number(/Events\s+([\d,]+)/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
  };
  const inSight = async () => {
    const [text = ''] = await page.getByText(/events in [\d.]+ /).allInnerTexts();
    return Number(/^([\d,]+) events/.exec(text)?.[1]?.replaceAll(',', '') ?? Number.NaN);
  };

  test('shows bursts and packets live, and what they are', async () => {
    await page.getByRole('checkbox', { name: 'dpdk:rx_packet' }).check();
    await page.getByRole('button', { name: 'Watch live' }).click();
    await expect.poll(events).toBeGreaterThan(20_000);
    expect(await page.getByRole('listitem').allInnerTexts()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/dpdk:rx_burst/),
        expect.stringMatching(/dpdk:rx_packet/),
      ]),
    );
    await page.waitForTimeout(1500);
    await web.picture('timeline-live');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Recorded', { exact: true }).waitFor();
  });

  test('zooms by keys until single events can be read', async () => {
    const canvas = page.getByRole('application');
    await canvas.focus();
    /** Whether a few are left; where the replay stood still there are none, and where it made up for that too many at once. */
    const zoomIn = async (): Promise<boolean> => {
      for (let n = 0; n < 20; n++) {
        const count = await inSight();
        if (count <= 200) return count > 0;
        await page.keyboard.press('+');
        await page.waitForTimeout(50);
      }
      return false;
    };
    let place = 0;
    while (!(await zoomIn())) {
      expect(++place).toBeLessThan(8);
      for (const key of ['Home', '+', ...Array<string>(place).fill('ArrowRight')])
        await page.keyboard.press(key);
    }
    const table = page.getByRole('region', { name: 'Events in sight' });
    await table.waitFor();
    expect((await table.allInnerTexts()).join('')).toMatch(/port 0, queue 0, (nb_rx|len) \d+/);
    expect(page.url()).toMatch(/from=\d+&to=\d+/);
    await web.picture('timeline-zoomed');
    await page.keyboard.press('Home');
    await expect.poll(inSight).toBeGreaterThan(10_000);
  });

  test('a million packets of a file: zooming and moving stay smooth', async () => {
    await page.getByLabel('File of this browser').setInputFiles(writeMany());
    await expect.poll(events, { timeout: 60_000 }).toBe(MANY);
    await expect.poll(inSight).toBe(MANY);
    const { frames, longestMs } = (await page.evaluate(ZOOM_AND_MOVE)) as {
      frames: number;
      longestMs: number;
    };
    expect(frames).toBe(60);
    // No number of seconds decides; it is told.
    console.log(`timeline of ${MANY} events: ${frames} frames, the longest ${longestMs.toFixed(0)} ms`);
    await web.picture('timeline-million');
  });

  test('a compressed file is read, too; one that is none is refused', async () => {
    const { file } = writeSample('timeline.pcap', 500);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    await page.getByLabel('File of this browser').setInputFiles(`${file}.gz`);
    await expect.poll(events).toBe(500);
    writeFileSync(`${folder}/none.pcap`, 'this is no capture file');
    await page.getByLabel('File of this browser').setInputFiles(`${folder}/none.pcap`);
    await page
      .getByRole('alert')
      .getByText(/not a capture file/)
      .waitFor();
  });

  const open = async (path: string) => {
    const box = page.getByRole('textbox', { name: 'Recording on the host' });
    await box.fill(path);
    await box.press('Enter');
  };

  test('a folder of hone record: bursts and packets per lcore, as many as were recorded', async () => {
    const path = `${folder}/recorded`;
    const points = ['-e', 'dpdk:rx_burst', '-e', 'dpdk:rx_packet', '-a', 'duration:1'];
    const recording = startHone(['record', '-p', `${web.replay.pid}`, ...points, '-o', path], web.env);
    const { code, stderr } = await recording.finished();
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Events recorded: \d{4,}, discarded: 0/)]);
    const recorded = Number(/Events recorded: (\d+)/.exec(stderr)![1]);
    await open(path);
    await expect.poll(events).toBe(recorded);
    const lanes = await page.getByRole('listitem').allInnerTexts();
    expect(lanes.map((name) => name.trim())).toEqual([
      'replay · dpdk:rx_packet',
      'replay · lib.ethdev.rx.burst.nonempty',
    ]);
    await page.getByRole('button', { name: 'Open' }).waitFor();
    await web.picture('timeline-recording');
  });

  test('its address shows it again, as far in as it was', async () => {
    const canvas = page.getByRole('application');
    await canvas.focus();
    for (let n = 0; n < 40 && (await inSight()) > 100; n++) await page.keyboard.press('+');
    await page.getByRole('region', { name: 'Events in sight' }).waitFor();
    const [shown, address] = [await inSight(), page.url()];
    expect(address).toMatch(/recording=%2F.*from=\d+&to=\d+/);
    await page.goto('about:blank');
    await page.goto(address);
    await expect.poll(inSight, { timeout: 20_000 }).toBe(shown);
    const table = page.getByRole('region', { name: 'Events in sight' });
    expect((await table.allInnerTexts()).join('')).toMatch(/dpdk:rx_packet\s+port_id 0, queue_id 0, len \d+/);
  });

  test('a million events of a CTF trace, sent by the host', async () => {
    writeMany();
    const trace = `${folder}/million-ctf`;
    expect((await hone('convert', `${folder}/million.pcap`, '--to', 'ctf', '-w', trace, '-q')).code).toBe(0);
    const startMs = performance.now();
    await open(trace);
    await expect.poll(events, { timeout: 60_000 }).toBe(MANY);
    console.log(`${MANY} events of a trace in the page after ${(performance.now() - startMs).toFixed(0)} ms`);
    await page.keyboard.press('Home');
    await expect.poll(inSight).toBe(MANY);
    expect(((await page.evaluate(ZOOM_AND_MOVE)) as { frames: number }).frames).toBe(60);
    rmSync(trace, { recursive: true });
  });

  test.skipIf(noZstd)(`a capture by zstd${noZstd ? ' (needs zstd: apt-get install zstd)' : ''}`, async () => {
    const { file } = writeSample('timeline-zstd.pcap', 700);
    execFileSync('zstd', ['-qf', file]);
    await open(`${file}.zst`);
    await expect.poll(events).toBe(700);
    await page.getByLabel('File of this browser').setInputFiles(`${file}.zst`);
    await page
      .getByRole('alert')
      .getByText('browsers read no zstd; open it by its path on the host')
      .waitFor();
  });

  test('what is no recording is said in one line', async () => {
    for (const [path, want] of [
      [`${folder}/nowhere`, /cannot read .*nowhere: no such file or directory/],
      ['/dev/zero', /got a pipe or a device, expected a file or a folder/],
      [`${folder}/none.pcap`, /not a capture file/],
    ] as const) {
      await open(path);
      await page.getByRole('alert').getByText(want).waitFor();
    }
  });

  test("the page's own capture", async () => {
    await page.goto(`${web.origin}/#/capture?ports=${web.replay.pid}:0`);
    await page.getByRole('button', { name: 'Start' }).click();
    await page
      .getByText(/Captured\s*[\d,]{5,}/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.getByRole('button', { name: 'The capture of this page' }).click();
    await expect.poll(events).toBeGreaterThan(1000);
    expect(await page.getByRole('listitem').allInnerTexts()).toEqual([expect.stringMatching(/^sample0 in/)]);
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
    rmSync(`${folder}/testpmd`, { recursive: true, force: true });
  });

  test('a recording of events and packets: the lcore, and the ports beside it', async () => {
    const path = `${folder}/testpmd`;
    const what = ['-e', 'dpdk:rx_burst', '--packets', '-f', 'greater 1', '-a', 'duration:1'];
    const { code, stderr } = await hone('record', '-p', `${web.app.pid}`, ...what, '-o', path);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/Events recorded: \d{4,}/)]);
    const { page } = web;
    await page.goto(`${web.origin}/#/timeline?recording=${encodeURIComponent(path)}`);
    const lanes = async () => (await page.getByRole('listitem').allInnerTexts()).join('\n');
    await expect.poll(lanes, { timeout: 20_000 }).toMatch(/^lcore \d+ · lib\.ethdev\.rx\.burst/m);
    await expect.poll(lanes, { timeout: 20_000 }).toMatch(/^net_null0 in/m);
    await page.getByRole('button', { name: 'Open' }).waitFor();
  });
});

/** In the page: thirty steps into the middle, thirty to the side, a frame each. */
const ZOOM_AND_MOVE = `(async () => {
  const canvas = document.querySelector('canvas');
  let frames = 0, longestMs = 0;
  for (let n = 0; n < 60; n++) {
    const start = performance.now();
    const event = n < 30 ? { deltaY: -60 } : { deltaY: 20, shiftKey: true };
    canvas.dispatchEvent(new WheelEvent('wheel', { ...event, clientX: 700, clientY: 300, bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    frames++;
    longestMs = Math.max(longestMs, performance.now() - start);
  }
  return { frames, longestMs };
})()`;
