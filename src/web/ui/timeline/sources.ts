/**
 * Where a timeline's events come from: a running application, or a recorded file. A source puts them into the store until it is
 * stopped or over, and says when something is new.
 */
import { createCaptureReader } from '../../../pcapng/index.ts';
import { ARGUMENTS, decodeEventBatch, NO_LCORE, type PointView } from '../../protocol/index.ts';
import type { HostConnection } from '../host-connection.ts';
import type { EventStore, Lane } from './event-store.ts';

export interface TimelineSource {
  /** Resolves when nothing more comes. @throws HoneError for a file that is none */
  run(store: EventStore, onNews: () => void): Promise<void>;
  stop(): void;
}

/** Hits of points of a running application. */
export function liveSource(host: HostConnection, pid: number, points: readonly string[]): TimelineSource {
  let end = () => {};
  return {
    async run(store, onNews) {
      let views: readonly PointView[] = [];
      let startedMs = 0;
      const lanes = new Map<number, Lane>();
      const offState = host.on('timeline', ({ points: known, isRunning }) => {
        views = known;
        // The state of the one before may still be on its way.
        if (!isRunning && performance.now() - startedMs > 500) end();
        onNews();
      });
      const offBytes = host.onBytes((bytes) => {
        const batch = decodeEventBatch(bytes);
        for (let n = 0; n < batch.count; n++) {
          const [point, lcore] = [batch.points[n]!, batch.lcores[n]!];
          const key = point * (NO_LCORE + 1) + lcore;
          let lane = lanes.get(key);
          if (lane === undefined) {
            const where = lcore === NO_LCORE ? 'other threads' : `lcore ${lcore}`;
            const labels = views[point]?.arguments.map(({ name }) => name) ?? [];
            lane = store.lane(`${where} · ${points[point]}`, labels);
            lanes.set(key, lane);
          }
          store.add(lane, batch.times[n]!, batch.arguments, n * ARGUMENTS);
        }
        onNews();
      });
      startedMs = performance.now();
      host.send({ type: 'start-timeline', pid, points });
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      offState();
      offBytes();
    },
    stop() {
      host.send({ type: 'stop-timeline' });
    },
  };
}

const PACKET_LABELS: readonly string[] = ['packet', 'bytes'];

/** Packets of a pcap or pcapng file, compressed by gzip or not: read here in the page, sent nowhere. */
export function fileSource(bytes: ReadableStream<Uint8Array>, isGzip: boolean): TimelineSource {
  let isStopped = false;
  return {
    async run(store, onNews) {
      const reader = createCaptureReader();
      let originNs: bigint | undefined;
      let packets = 0;
      const plain = isGzip
        ? bytes.pipeThrough(new DecompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>)
        : bytes;
      const input = plain.getReader();
      for (;;) {
        const { done, value } = await input.read();
        if (done || isStopped) break;
        reader.push(value);
        for (let record = reader.read(); record !== undefined; record = reader.read()) {
          if (record.type !== 'packet') continue;
          packets++;
          if (record.timestampNs === undefined) continue;
          originNs ??= record.timestampNs;
          const { epb_flags: flags, epb_queue: queue } = record.options;
          const name = record.interface.name ?? `interface ${record.interface.id}`;
          const way = flags === undefined ? '' : [' ', ' in', ' out', ' '][flags & 3];
          const lane = store.lane(
            `${name}${way}${queue === undefined ? '' : ` queue ${queue}`}`,
            PACKET_LABELS,
          );
          store.add(lane, Number(record.timestampNs - originNs), [packets, record.originalLength]);
        }
        onNews();
      }
      if (!isStopped) reader.end();
      onNews();
    },
    stop() {
      isStopped = true;
    },
  };
}
