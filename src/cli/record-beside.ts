/** What is recorded beside the events of a recording: packets, and DPDK's own trace. */
import { join } from 'node:path';
import { HoneError } from '../base/index.ts';
import { claimFolder, RteTraces } from '../record/index.ts';
import type { AnsweringApplication } from '../target/index.ts';
import type { RecordOptions } from './record-options.ts';
import { PacketCapture, planPackets } from './record-packets.ts';
import { formatFolder } from './record-report.ts';

const PACKETS = 'packets.pcapng';
const RTE_TRACE = 'rte-trace';

interface Found {
  /** A line of the summary for each. */
  readonly lines: readonly string[];
  readonly error: unknown;
}

export class Beside {
  readonly #folder: string;
  readonly #packets: PacketCapture | undefined;
  readonly #rteTraces: RteTraces | undefined;

  private constructor(folder: string, packets: PacketCapture | undefined, rteTraces: RteTraces | undefined) {
    this.#folder = folder;
    this.#packets = packets;
    this.#rteTraces = rteTraces;
  }

  /**
   * Starts what was asked for; the folder is made when nothing can be wrong any more.
   * @throws CompileError, UsageError, HoneError; then nothing runs
   */
  static async start(
    application: AnsweringApplication,
    options: RecordOptions,
    onNote: (text: string) => void,
  ): Promise<Beside> {
    const { folder, rteTrace, hasPackets } = options;
    const plans = hasPackets ? await planPackets(application, options) : undefined;
    let rteTraces: RteTraces | undefined;
    try {
      if (rteTrace.length > 0) rteTraces = await RteTraces.start(application.target, rteTrace);
      claimFolder(folder);
    } catch (error) {
      rteTraces?.close();
      for (const plan of plans ?? []) plan.application.target.close();
      throw error;
    }
    try {
      const packets = plans && (await PacketCapture.start(plans, options, join(folder, PACKETS), onNote));
      return new Beside(folder, packets, rteTraces);
    } catch (error) {
      rteTraces?.close();
      throw error;
    }
  }

  /** Called when the packets end of themselves. */
  onEnd(call: () => void): void {
    void this.#packets?.ended.then(call);
  }

  /** Completes everything. @param isGone the application has ended, and what it kept with it */
  async finish(isGone: boolean): Promise<Found> {
    const lines: string[] = [];
    let error: unknown;
    if (this.#packets !== undefined) {
      error = (await this.#packets.stop()).error;
      lines.push(`${join(this.#folder, PACKETS)}: ${this.#packets.count} packets`);
    }
    if (this.#rteTraces === undefined) return { lines, error };
    const folder = join(this.#folder, RTE_TRACE);
    try {
      if (isGone) lines.push(`${folder}: nothing, the application took it along`);
      else if (await this.#rteTraces.collect(folder)) lines.push(formatFolder(folder));
      else lines.push(`${folder}: nothing, no thread met one of the points`);
    } catch (thrown) {
      if (!(thrown instanceof HoneError)) throw thrown;
      error ??= thrown;
    }
    return { lines, error };
  }

  /** Asked again to end: nobody is waited for any more. */
  hurry(): void {
    void this.#packets?.stop();
  }

  async close(): Promise<void> {
    this.#rteTraces?.close();
    await this.#packets?.stop();
  }
}
