import { describe, expect, test } from 'vitest';
import { Outbox, type OutboxSocket } from './outbox.ts';

/** A page that takes bytes only when it is told to. */
class SlowPage implements OutboxSocket {
  bufferedAmount = 0;
  isPaused = false;
  readonly sent: string[] = [];
  #waiting: { bytes: number; onSent: () => void }[] = [];

  send(data: string | Uint8Array, onSent: () => void): void {
    this.sent.push(String(data));
    this.bufferedAmount += data.length;
    this.#waiting.push({ bytes: data.length, onSent });
  }

  take(count: number = this.#waiting.length): void {
    for (const { bytes, onSent } of this.#waiting.splice(0, count)) {
      this.bufferedAmount -= bytes;
      onSent();
    }
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

describe('what waits for a page', () => {
  test('of snapshots only the newest, made when it is sent', () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 10);
    let made = 0;
    for (let n = 0; n < 1000; n++) outbox.offerLatest('overview', () => `snapshot ${++made} ${n}`);
    expect(page.sent).toEqual(['snapshot 1 0']);
    outbox.offerLatest('capture', () => 'other');
    page.take();
    page.take();
    page.take();
    expect(page.sent).toEqual(['snapshot 1 0', 'snapshot 2 999', 'other']);
    expect(page.bufferedAmount).toBe(0);
  });

  test('a page that reads nothing holds a bound, whatever it asks for', () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 100);
    let asked = 0;
    // A page is not listened to while it is paused.
    while (!page.isPaused && asked < 10_000) {
      outbox.answer('0123456789');
      asked++;
    }
    expect(asked).toBe(10);
    for (let n = 0; n < 1000; n++) {
      outbox.offerLatest('trace', () => 'x'.repeat(50));
      expect(outbox.offer('event')).toBe(false);
    }
    expect(page.bufferedAmount).toBe(100);
    page.take();
    expect(page.isPaused).toBe(false);
    expect(page.sent.at(-1)).toBe('x'.repeat(50));
  });

  test('it is listened to again only when there is room', () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 20);
    outbox.answer('0123456789');
    outbox.answer('0123456789ab');
    expect(page.isPaused).toBe(true);
    page.take(1);
    expect(page.isPaused).toBe(false);
  });

  test('snapshots that waited go one after another, each when there is room', () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 10);
    for (const name of ['a', 'b', 'c', 'd']) outbox.offerLatest(name, () => `snapshot of ${name}`);
    expect(page.sent).toEqual(['snapshot of a']);
    page.take(1);
    expect(page.sent).toEqual(['snapshot of a', 'snapshot of b']);
    page.take(1);
    expect(page.sent).toEqual(['snapshot of a', 'snapshot of b', 'snapshot of c']);
  });

  test('who waits for room hears of it, and of the end', async () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 10);
    outbox.offer('0123456789');
    const first = outbox.room();
    page.take();
    expect(await first).toBe(true);
    outbox.offer('0123456789');
    const second = outbox.room();
    outbox.close();
    expect(await second).toBe(false);
    expect(await outbox.room()).toBe(false);
  });

  test('a page that has gone is sent nothing', () => {
    const page = new SlowPage();
    const outbox = new Outbox(page, 10);
    outbox.offerLatest('a', () => 'first message');
    outbox.offerLatest('a', () => 'second message');
    outbox.close();
    page.take();
    outbox.answer('late');
    expect(outbox.offer('later')).toBe(false);
    expect(page.sent).toEqual(['first message']);
  });
});
