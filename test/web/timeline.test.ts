/** The Timeline in a browser: a replay live, a file of a million packets, the page's own capture. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePcapFileHeader, writePcapRecordHeader } from '../../src/pcapng/index.ts';
import { folder, writeSample } from '../system/captures.ts';
import { missingBrowser, type ReplayUnderTest, startOnReplay } from './browser.ts';

const missing = missingBrowser();
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
    for (let n = 0; n < 40 && (await inSight()) > 200; n++) {
      await page.keyboard.press('+');
      await page.waitForTimeout(50);
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
    await page.getByLabel('Recorded file').setInputFiles(writeMany());
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
    await page.getByLabel('Recorded file').setInputFiles(`${file}.gz`);
    await expect.poll(events).toBe(500);
    writeFileSync(`${folder}/none.pcap`, 'this is no capture file');
    await page.getByLabel('Recorded file').setInputFiles(`${folder}/none.pcap`);
    await page
      .getByRole('alert')
      .getByText(/not a capture file/)
      .waitFor();
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
