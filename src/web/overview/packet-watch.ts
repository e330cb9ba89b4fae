/** Looks into the packets of an application: sizes as SIZE_BUCKETS says, and bytes by addresses. It costs something for each packet. */
import type { Target } from '../../target/index.ts';
import { compileProbes, WriterMaps } from '../../watch/index.ts';
import type { PacketsView } from '../protocol/index.ts';
import { packetViews } from './packet-views.ts';

const SCRIPT = `
  dpdk:rx_packet {
    @sizes = lhist(args.len, 0, 1536, 128);
    if (ip.version == 4) { @flows[ip.src, ip.dst] = sum(args.len); }
    if (ipv6.version == 6) { @flows6[ipv6.src, ipv6.dst] = sum(args.len); }
  }`;

export class PacketWatch {
  readonly #maps: WriterMaps;
  #takenMs = performance.now();

  private constructor(maps: WriterMaps) {
    this.#maps = maps;
  }

  /** @throws PeerError */
  static async start(target: Pick<Target, 'startTrace'>): Promise<PacketWatch> {
    return new PacketWatch(await WriterMaps.start(target, compileProbes(SCRIPT)));
  }

  /**
   * What came since the call before.
   * @returns also how many threads the program kept busy, which is a part of one
   * @throws PeerError when the application has gone
   */
  async take(): Promise<{ readonly packets: PacketsView; readonly busyThreads: number }> {
    const writers = await this.#maps.take();
    const nowMs = performance.now();
    const intervalMs = nowMs - this.#takenMs;
    this.#takenMs = nowMs;
    const packets = packetViews(writers, this.#maps.takeWithoutRoom(), intervalMs);
    return { packets, busyThreads: this.#maps.takeProgramNs() / (1e6 * Math.max(1, intervalMs)) };
  }

  close(): void {
    this.#maps.close();
  }
}
