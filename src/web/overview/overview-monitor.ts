/**
 * Snapshots of everything that runs, for as long as somebody looks: one set of probes for all pages. When the last one
 * leaves, the probes are taken away. An application that does not answer holds up no other one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Application, listApplications } from '../../target/index.ts';
import { MOST_LISTED, type OverviewSnapshot } from '../protocol/index.ts';
import { ApplicationWatch, type RingDropped } from './application-watch.ts';

export interface OverviewWatcher {
  readonly looksIntoPackets: boolean;
  onSnapshot(snapshot: OverviewSnapshot): void;
}

const INTERVAL_MS = 1000;
/** New applications are looked for every so many snapshots: that means a look into every process. */
const SNAPSHOTS_BETWEEN_SEARCHES = 3;

export class OverviewMonitor {
  readonly #ringDropped: RingDropped;
  readonly #watchers = new Set<OverviewWatcher>();
  readonly #watches = new Map<string, ApplicationWatch>();
  #running: Promise<void> | undefined;
  #searching: Promise<void> | undefined;
  /** Since somebody looks. */
  #hasFound = false;
  #waking = new AbortController();

  constructor(ringDropped: RingDropped) {
    this.#ringDropped = ringDropped;
  }

  add(watcher: OverviewWatcher): void {
    this.#watchers.add(watcher);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Who came while the last one was leaving.
      const [waiting] = this.#watchers;
      if (waiting !== undefined) this.add(waiting);
    });
  }

  remove(watcher: OverviewWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) this.#waking.abort();
  }

  /** Resolves when no probe is left. */
  async close(): Promise<void> {
    this.#watchers.clear();
    this.#waking.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let round = 0; this.#watchers.size > 0; round++) {
        // Of this round alone: one that has been aborted ends every pause at once.
        this.#waking = new AbortController();
        const pause = sleep(INTERVAL_MS, undefined, { signal: this.#waking.signal }).catch(() => {});
        if (round % SNAPSHOTS_BETWEEN_SEARCHES === 0) this.#search();
        if (!this.#hasFound) await Promise.race([this.#searching, pause]);
        const looksIntoPackets = [...this.#watchers].some((watcher) => watcher.looksIntoPackets);
        const looks = [...this.#watches.values()].map((watch) => watch.look(looksIntoPackets));
        await Promise.race([Promise.all(looks), pause]);
        if (this.#hasFound) this.#tell();
        await pause;
      }
    } finally {
      this.#hasFound = false;
      this.#takeApplications([]);
    }
  }

  #tell(): void {
    const snapshot = {
      timeMs: Date.now(),
      applications: [...this.#watches.values()].map((watch) => watch.view()),
    };
    for (const watcher of this.#watchers) watcher.onSnapshot(snapshot);
  }

  #search(): void {
    this.#searching ??= listApplications()
      .then((found) => {
        if (this.#watchers.size === 0) return;
        this.#takeApplications(found);
        this.#hasFound = true;
      })
      .finally(() => {
        this.#searching = undefined;
      });
  }

  #takeApplications(found: readonly Application[]): void {
    const keys = new Set<string>();
    for (const application of found.slice(0, MOST_LISTED)) {
      // One that got an agent, or lost it, is another one.
      const key = `${application.pid} ${application.agent}`;
      keys.add(key);
      if (!this.#watches.has(key))
        this.#watches.set(key, new ApplicationWatch(application, this.#ringDropped));
    }
    for (const [key, watch] of this.#watches) {
      if (keys.has(key)) continue;
      watch.close();
      this.#watches.delete(key);
    }
  }
}
