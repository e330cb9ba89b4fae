/**
 * What one page has asked for: it dispatches the page's messages and owns everything that they start, until the page's
 * connection ends.
 */
import type { RawData } from 'ws';
import { HoneError } from '../base/index.ts';
import type { Downloads } from './downloads.ts';
import { Outbox, type OutboxSocket } from './outbox.ts';
import type { OverviewMonitor, OverviewWatcher } from './overview/overview-monitor.ts';
import { type HostMessage, type PageMessage, pageMessages, parseMessage } from './protocol/index.ts';

export interface PageServices {
  readonly monitor: OverviewMonitor;
  readonly downloads: Downloads;
  readonly honeVersion: string;
}

export interface PageSocket extends OutboxSocket {
  on(event: 'message', listener: (data: RawData, isBinary: boolean) => void): unknown;
  close(code: number, reason: string): void;
}

/** Of RFC 6455: what was received breaks the rules. */
const POLICY_VIOLATION = 1008;

export class PageSession {
  readonly #socket: PageSocket;
  readonly #services: PageServices;
  readonly #outbox: Outbox;
  #watcher: OverviewWatcher | undefined;
  #isClosed = false;

  constructor(socket: PageSocket, services: PageServices) {
    this.#socket = socket;
    this.#services = services;
    this.#outbox = new Outbox(socket);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#send({ type: 'hello', version: services.honeVersion });
  }

  /** The page has not taken what it was sent. */
  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  /** Resolves when nothing of it is left in any application. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#outbox.close();
    this.#leaveOverview();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#isClosed) return;
    let message: PageMessage;
    try {
      message = parseMessage(pageMessages, isBinary ? '' : data.toString());
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      // No page of ours says such a thing.
      this.#socket.close(POLICY_VIOLATION, error.message.slice(0, 120));
      return;
    }
    this.#handle(message).catch((error: unknown) => {
      if (!(error instanceof HoneError)) throw error;
      this.#send({ type: 'refused', what: message.type, message: error.message });
    });
  }

  async #handle(message: PageMessage): Promise<void> {
    switch (message.type) {
      case 'watch-overview':
        this.#watchOverview(message.looksIntoPackets);
        break;
      case 'leave-overview':
        this.#leaveOverview();
        break;
    }
  }

  #watchOverview(looksIntoPackets: boolean): void {
    const before = this.#watcher;
    this.#watcher = {
      looksIntoPackets,
      onSnapshot: (snapshot) =>
        this.#outbox.offerLatest('overview', () =>
          JSON.stringify({ type: 'overview', snapshot } satisfies HostMessage),
        ),
    };
    this.#services.monitor.add(this.#watcher);
    // Only now: the probes stay where they are.
    if (before !== undefined) this.#services.monitor.remove(before);
  }

  #leaveOverview(): void {
    if (this.#watcher !== undefined) this.#services.monitor.remove(this.#watcher);
    this.#watcher = undefined;
  }

  #send(message: HostMessage): void {
    this.#outbox.answer(JSON.stringify(message));
  }
}
