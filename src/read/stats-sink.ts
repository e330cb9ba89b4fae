/** `--stats`: what was read, as counts and histograms, when all is read. */
import type { OutputStream } from '../output/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import type { RecordSink } from './record-sink.ts';
import { CaptureStats } from './stats/capture-stats.ts';
import { formatStats } from './stats/format-stats.ts';
import { TextStream } from './text-stream.ts';

export class StatsSink implements RecordSink {
  readonly #text: TextStream;
  readonly #stats = new CaptureStats();

  /** Takes over `stream`. */
  constructor(stream: OutputStream) {
    this.#text = new TextStream(stream);
  }

  putPacket(packet: PacketRecord): undefined {
    this.#stats.add(packet);
  }

  async flush(): Promise<void> {}

  async finish(): Promise<void> {
    await this.#text.put(formatStats(this.#stats));
    await this.#text.close();
  }
}
