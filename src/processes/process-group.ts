/**
 * A program in a process group of its own, so that all that it starts ends with it; the program itself also when this process is
 * killed (PR_SET_PDEATHSIG, by setpriv(1)). What it says is kept to tell why it did not do what it should.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError } from '../base/index.ts';
import { findProgram } from './programs.ts';

const KEPT_LETTERS = 65_536;
const LOOK_MS = 50;

export class ProcessGroup {
  readonly #child: ChildProcess;
  /** When all of its output has come and the leader has ended. */
  readonly closed: Promise<void>;
  #output = '';
  #hasEnded = false;

  /** @throws HoneError (later, from untilSaid and the like) when there is no such program */
  constructor(command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const [program, ...words] = [...diesWithUs(), ...command];
    this.#child = spawn(program!, words, { detached: true, env, stdio: [...stdio] });
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once('close', (_, signal) => {
        if (signal !== null) this.#take(`\n${signal}`);
        end();
      });
      this.#child.once('error', (error) => {
        this.#take(error.message);
        end();
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
  }

  #take(text: string): void {
    this.#output = (this.#output + text).slice(-KEPT_LETTERS);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The end of what it said, on both streams; last the signal that ended it. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get lastLine(): string {
    return this.#output.trim().split('\n').at(-1) ?? '';
  }

  /**
   * Asks again and again until there is an answer.
   * @throws HoneError when it ends before, or the time is over; what `signal` was aborted with
   */
  async until<T>(
    look: () => T | undefined | Promise<T | undefined>,
    ms: number,
    signal: AbortSignal,
  ): Promise<T> {
    for (const end = performance.now() + ms; performance.now() < end && !this.#hasEnded; ) {
      signal.throwIfAborted();
      const found = await look();
      if (found !== undefined) return found;
      await sleep(LOOK_MS);
    }
    const why = this.#hasEnded ? 'it ended' : `nothing for ${ms / 1000} s`;
    throw new HoneError('PROCESS', this.lastLine === '' ? why : `${why}: ${this.lastLine}`);
  }

  /** To the whole group, also when its leader has ended. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Asks it to end, and after `ms` makes it; nothing of the group is left then. */
  async end(name: NodeJS.Signals, ms: number): Promise<void> {
    if (!this.#hasEnded) {
      this.signal(name);
      await Promise.race([this.closed, sleep(ms, undefined, { ref: false })]);
    }
    this.signal('SIGKILL');
    await this.closed;
  }
}

function diesWithUs(): string[] {
  return findProgram('setpriv') === undefined ? [] : ['setpriv', '--pdeathsig', 'KILL'];
}
