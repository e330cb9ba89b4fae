/**
 * An application that does nothing but make events of three integers (record-event.c), for hone and for LTTng-UST. Whoever
 * measures starts it, attaches a recording to it (`hone record -t PID -e app:bench:event`, or an LTTng session with bench:event that
 * was started before), and has it take turns.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { benchName } from '../src/bench/leftovers.ts';

const project = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export type EventMaker = 'hone' | 'lttng';

export class RecordEvents {
  /** Of the process that makes the events: `hone run` becomes its parent. */
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, pid: number, lines: AsyncIterator<string>) {
    this.#child = child;
    this.pid = pid;
    this.#lines = lines;
  }

  /**
   * Builds and starts it, on processor 1.
   * @param folder for the binary; the caller's
   */
  static async start(maker: EventMaker, folder: string): Promise<RecordEvents> {
    const binary = build(maker, folder);
    const prefix = benchName(maker);
    const eal = ['-l', '1', '--no-huge', '-m', '64', '--no-pci', '--file-prefix', prefix];
    const run = maker === 'hone' ? [process.execPath, project('dist/cli/main.js'), 'run', '--'] : [];
    const [command, ...rest] = [...run, binary, ...eal];
    const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    for (;;) {
      const pid = /^ready (\d+)$/.exec(await next(lines))?.[1];
      if (pid !== undefined) return new RecordEvents(child, Number(pid), lines);
    }
  }

  /** Makes 100,000 events, of 20 bytes each in a recording of hone. @returns nanoseconds an event, what the loop itself takes subtracted */
  async turn(): Promise<number> {
    this.#child.stdin!.write('\n');
    return Number(await next(this.#lines));
  }

  async end(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin!.end();
    await closed;
  }
}

async function next(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('the application that makes events has ended');
  return value as string;
}

function build(maker: EventMaker, folder: string): string {
  const binary = join(folder, `record-event-${maker}`);
  const dpdk = (option: string): string[] =>
    execFileSync('pkg-config', [option, 'libdpdk'], { encoding: 'utf8' }).trim().split(/\s+/);
  execFileSync('gcc', [
    ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'],
    ...[`-I${project('native/agent/include')}`, `-I${project('bench')}`, ...dpdk('--cflags')],
    ...['-o', binary, project('bench/record-event.c'), ...dpdk('--libs')],
    ...(maker === 'lttng' ? ['-DWITH_LTTNG', '-llttng-ust', '-ldl'] : []),
  ]);
  return binary;
}
