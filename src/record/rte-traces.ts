/**
 * DPDK's own trace points beside a recording: on while it runs, and what rte_trace kept is copied at its end. rte_trace keeps all that
 * it recorded since the application started, in the application; where it saved that stays the application's.
 */
import { constants, copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SysError } from '../base/index.ts';
import { reasonOf } from '../output/index.ts';
import type { RteTraceSession, Target } from '../target/index.ts';
import { makeFolder } from './trace-folder.ts';

export class RteTraces {
  readonly #sessions: readonly RteTraceSession[];

  private constructor(sessions: readonly RteTraceSession[]) {
    this.#sessions = sessions;
  }

  /** Turns on what the patterns match. @throws UsageError, UnsupportedError, PeerError; then nothing is on */
  static async start(target: Pick<Target, 'startRteTrace'>, patterns: readonly string[]): Promise<RteTraces> {
    const sessions: RteTraceSession[] = [];
    try {
      for (const pattern of patterns) sessions.push(await target.startRteTrace(pattern));
      return new RteTraces(sessions);
    } catch (error) {
      for (const session of sessions) session.close();
      throw error;
    }
  }

  /**
   * Copies what was recorded into a folder that is made for it.
   * @returns false when there is nothing
   * @throws PeerError, SysError
   */
  async collect(folder: string): Promise<boolean> {
    const saved = await this.#sessions[0]?.save();
    if (saved === undefined) return false;
    makeFolder(folder);
    try {
      // Files alone, whatever else the application may have put there.
      for (const entry of readdirSync(saved, { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        copyFileSync(join(saved, entry.name), join(folder, entry.name), constants.COPYFILE_EXCL);
      }
    } catch (error) {
      const { errno = 0 } = error as NodeJS.ErrnoException;
      const reason = reasonOf(error as NodeJS.ErrnoException);
      throw new SysError('copy', -errno, `cannot copy ${saved} to ${folder}: ${reason}`);
    }
    return true;
  }

  /** Turns them off. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }
}
