/** The packets of a recording: a capture of the same application into a file beside the events, on the same clock. */
import { CaptureSession, type CaptureSource, openFileWriter } from '../capture/index.ts';
import type { AnsweringApplication } from '../target/index.ts';
import { type ApplicationPlan, planSources, startSources } from './capture-sources.ts';
import type { RecordOptions } from './record-options.ts';
import { within } from './record-sources.ts';
import { honeVersion } from './version.ts';

type CaptureResult = Awaited<ReturnType<CaptureSession['run']>>;

export class PacketCapture {
  /** Never rejects. */
  readonly ended: Promise<CaptureResult>;
  readonly #session: CaptureSession;

  private constructor(session: CaptureSession, ended: Promise<CaptureResult>) {
    this.#session = session;
    this.ended = ended;
  }

  /**
   * Captures from now on. Takes over the plans.
   * @throws HoneError; nothing runs then
   */
  static async start(
    plans: readonly ApplicationPlan[],
    { ringBytes }: RecordOptions,
    path: string,
    onNote: (text: string) => void,
  ): Promise<PacketCapture> {
    let sources: readonly CaptureSource[];
    try {
      // One clock: events have the time of the host.
      const options = { directions: ['in', 'out'], ringBytes, meta: false, hostClock: true } as const;
      sources = await startSources(plans, options);
    } catch (error) {
      closePlans(plans);
      throw error;
    }
    const session = new CaptureSession({
      sources,
      durationMs: undefined,
      openWriter: (opening) =>
        openFileWriter(opening, {
          ...{ path, format: 'pcapng', stop: {}, rotate: undefined, comments: [], onFile: () => {} },
          honeVersion: honeVersion(),
        }),
      onNote,
    });
    return new PacketCapture(
      session,
      session.run().finally(() => closePlans(plans)),
    );
  }

  /** Packets in the file. */
  get count(): number {
    return this.#session.packets;
  }

  /** Ends it when it has not ended; called again, that is cut short. */
  stop(): Promise<CaptureResult> {
    this.#session.stop();
    return this.ended;
  }
}

/** Finds the ports and compiles the filters. @throws CompileError, UsageError, HoneError */
export function planPackets(
  { pid }: AnsweringApplication,
  { choices }: RecordOptions,
): Promise<ApplicationPlan[]> {
  return planSources(
    choices.map((choice) => ({ ...choice, selector: within(String(pid), choice.selector) })),
  );
}

function closePlans(plans: readonly ApplicationPlan[]): void {
  for (const { application } of plans) application.target.close();
}
