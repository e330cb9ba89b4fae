/**
 * A capture for Wireshark: one port into the pipe that it reads. Nothing is said meanwhile, because Wireshark takes whatever stands
 * on standard error for a failure.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureSession, keepQueue, openFileWriter } from '../capture/index.ts';
import type { Direction } from '../target/index.ts';
import { planSources, startSources } from './capture-sources.ts';
import { honeVersion } from './version.ts';

export interface ExtcapCapture {
  readonly selector: string;
  readonly fifo: string;
  readonly filter: string;
  readonly snaplen: number;
  readonly directions: readonly Direction[];
  /** Undefined for all. */
  readonly queue: number | undefined;
  readonly meta: boolean;
}

const RING_BYTES = 64 << 20;

/** Resolves when it was stopped, the pipe's reader or the application went away. @throws what a capture throws */
export async function captureToPipe(request: ExtcapCapture): Promise<void> {
  const { selector, fifo, filter, snaplen, directions, queue, meta } = request;
  const choice = { selector, filter, bpf: undefined, snaplen, name: undefined, description: undefined };
  const plans = await planSources([choice]);
  try {
    const sources = await startSources(plans, { directions, ringBytes: RING_BYTES, meta, hostClock: false });
    const session = new CaptureSession({
      sources,
      durationMs: undefined,
      openWriter: async (opening) => {
        const writer = await openFileWriter(opening, {
          path: fifo,
          format: 'pcapng',
          stop: {},
          rotate: undefined,
          comments: [],
          honeVersion: honeVersion(),
          onFile: () => {},
        });
        return queue === undefined ? writer : keepQueue(writer, queue);
      },
      onNote: () => {},
    });
    const onStop = () => session.stop();
    process.on('SIGINT', onStop).on('SIGTERM', onStop);
    const { error } = await session.run();
    process.off('SIGINT', onStop).off('SIGTERM', onStop);
    if (error !== undefined) throw error;
  } finally {
    for (const { application } of plans) application.target.close();
  }
}

const READER_ATTEMPTS = 40;
const READER_PAUSE_MS = 50;

/**
 * After a capture that came to nothing: who reads the pipe comes to its end. Without that, Wireshark waits for the pipe and does
 * not show what was wrong. A reader that has been served is gone: then it is over at once.
 */
export async function endPipe(fifo: string): Promise<void> {
  for (let n = 0; n < READER_ATTEMPTS; n++) {
    try {
      closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
      return;
    } catch (error) {
      // ENXIO: nobody has opened it yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') return;
    }
    await sleep(READER_PAUSE_MS);
  }
}
