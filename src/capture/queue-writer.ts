/** Only packets of one queue reach the writer below; each packet's block says which one it passed (epb_queue). */
import { EpbCursor } from '../pcapng/index.ts';
import type { PacketWriter } from './packet-writer.ts';

export function keepQueue(writer: PacketWriter, queueId: number): PacketWriter {
  const cursor = new EpbCursor();

  /** Runs of blocks of the queue, as they lie in memory. */
  function* runs(blocks: Uint8Array): Generator<{ readonly bytes: Uint8Array; readonly packets: number }> {
    cursor.reset(blocks);
    let [start, end, packets] = [0, 0, 0];
    while (cursor.next()) {
      const blockEnd = cursor.offset + cursor.blockLength;
      if (cursor.queue === queueId) {
        if (packets === 0) start = cursor.offset;
        packets++;
        end = blockEnd;
      } else if (packets > 0) {
        yield { bytes: blocks.subarray(start, end), packets };
        packets = 0;
      }
    }
    if (packets > 0) yield { bytes: blocks.subarray(start, end), packets };
  }

  async function putRuns(source: number, blocks: Uint8Array): Promise<void> {
    // The cursor is shared, but nobody puts while a put is waited for.
    for (const { bytes, packets } of runs(blocks)) await writer.put(source, bytes, packets);
  }

  return {
    get full() {
      return writer.full;
    },
    admits: (packets, bytes) => writer.admits(packets, bytes),
    put: (source, blocks) => putRuns(source, blocks),
    async split(source, blocks, count) {
      for (const { bytes } of runs(blocks)) await writer.split(source, bytes, count);
    },
    announce: (added) => writer.announce(added),
    tick: () => writer.tick(),
    flush: () => writer.flush(),
    finish: () => writer.finish(),
  };
}
