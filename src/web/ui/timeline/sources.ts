/**
 * Where a timeline's events come from: a running application, a recording on the host, or a file of the browser's machine. A source puts them into the store until it is
 * stopped or over, and says when something is new.
 */
import { UsageError } from '../../../base/index.ts';
import { createCaptureReader } from '../../../pcapng/index.ts';
import { decodeEventBatch, type EventBatch, VALUES } from '../../protocol/index.ts';
import type { HostConnection } from '../host-connection.ts';
import type { EventStore, Lane } from './event-store.ts';

export interface TimelineSource {
  /** Resolves when nothing more comes. @throws HoneError for a file that is none */
  run(store: EventStore, onNews: () => void): Promise<void>;
  stop(): void;
}

/** Hits of points of a running application. */
export function liveSource(host: HostConnection, pid: number, points: readonly string[]): TimelineSource {
  return hostSource(host, (request) => host.send({ type: 'start-timeline', request, pid, points }));
}

/** A recording on the host, which reads it and sends what stands in it. */
export function recordingSource(host: HostConnection, path: string): TimelineSource {
  return hostSource(host, (request) => host.send({ type: 'open-recording', request, path }));
}

function hostSource(host: HostConnection, ask: (request: number) => void): TimelineSource {
  return {
    async run(store, onNews) {
      const request = host.nextRequest();
      const lanes = new Map<number, Lane>();
      const offs: (() => void)[] = [];
      const take = (batch: EventBatch) => {
        if (batch.request !== request) return;
        for (let n = 0; n < batch.count; n++) {
          const lane = lanes.get(batch.lanes[n]!);
          if (lane !== undefined) store.add(lane, batch.times[n]!, batch.values, n * VALUES);
        }
        onNews();
      };
      try {
        await new Promise<void>((resolve, reject) => {
          offs.push(
            host.on('timeline-lanes', (told) => {
              if (told.request !== request) return;
              for (const { number, name, labels } of told.lanes) lanes.set(number, store.lane(name, labels));
            }),
            host.onBytes((bytes) => take(decodeEventBatch(bytes))),
            host.on('timeline', (told) => {
              if (told.request !== request) return;
              onNews();
              if (told.isRunning) return;
              if (told.fault === '') resolve();
              else reject(new UsageError(told.fault));
            }),
            host.onState((state) => {
              if (state !== 'open') resolve();
            }),
          );
          ask(request);
        });
      } finally {
        for (const off of offs) off();
      }
    },
    stop() {
      host.send({ type: 'stop-timeline' });
    },
  };
}

const PACKET_LABELS: readonly string[] = ['packet', 'bytes'];

/** Packets of a pcap or pcapng file, compressed by gzip or not: read here in the page, sent nowhere. */
export function fileSource(file: File): TimelineSource {
  if (!file.name.endsWith('.zst')) return captureSource(file.stream(), file.name.endsWith('.gz'));
  return {
    async run() {
      throw new UsageError(`${file.name}: browsers read no zstd; open it by its path on the host`);
    },
    stop() {},
  };
}

export function captureSource(bytes: ReadableStream<Uint8Array>, isGzip: boolean): TimelineSource {
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
