/** A recording in the form of hone's own, of as many events as are wanted: bursts, and each packet received and sent. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const EVENTS_A_PACKET = 8192;
const T0 = 1_764_000_000_000_000_000n;

const EVENTS = [
  ['lib.ethdev.rx.burst.nonempty', 'uint16_t nb_rx; uint16_t max;'],
  ['dpdk:rx_packet', 'uint32_t len; uint64_t mbuf;'],
  ['dpdk:tx_packet', 'uint32_t len; uint64_t mbuf;'],
  ['lib.ethdev.tx.burst', 'uint16_t nb_pkts; uint16_t max;'],
] as const;

/** The form of hone's own recordings. */
const METADATA = `/* CTF 1.8 */
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
trace { major = 1; minor = 8; byte_order = le;
  packet.header := struct { uint32_t magic; uint32_t stream_id; uint64_t stream_instance_id; } align(8); };
env { procname = "bench"; vpid = 42; };
clock { name = realtime; freq = 1000000000; offset_s = 0; offset = 0; absolute = TRUE; };
typealias integer { size = 64; align = 8; signed = false; map = clock.realtime.value; } := time_t;
stream { id = 0;
  event.header := struct { uint16_t id; time_t timestamp; } align(8);
  packet.context := struct { time_t timestamp_begin; time_t timestamp_end; uint64_t content_size; uint64_t packet_size;
    uint64_t packet_seq_num; uint64_t events_discarded; uint32_t cpu_id; uint32_t lcore_id; uint32_t tid; } align(8); };
${EVENTS.map(
  ([name, fields], id) => `event { name = "${name}"; id = ${id}; stream_id = 0;
  fields := struct { uint16_t port_id; uint16_t queue_id; ${fields} } align(8); };
`,
).join('')}`;

const HEAD_BYTES = 16 + 6 * 8 + 3 * 4;
const LARGEST_EVENT = 26;

/**
 * Bursts of eight packets: received, each packet told, each told when it is sent, sent. Events of several streams take turns, one of each: what
 * merging them takes most for.
 */
export function writeRecording(folder: string, events: number, streams: number): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'metadata'), METADATA);
  for (let stream = 0; stream < streams; stream++)
    writeStream(join(folder, `stream-${stream}`), stream, events / streams);
}

function writeStream(path: string, stream: number, events: number): void {
  const fd = openSync(path, 'w');
  const bytes = new Uint8Array(HEAD_BYTES + EVENTS_A_PACKET * LARGEST_EVENT);
  const view = new DataView(bytes.buffer);
  let timeNs = T0 + BigInt(stream);
  for (let packet = 0, event = 0; event < events; packet++) {
    const beginNs = timeNs;
    let at = HEAD_BYTES;
    const end = Math.min(event + EVENTS_A_PACKET, events);
    for (; event < end; event++) {
      timeNs += 50n;
      at = writeEvent(view, at, event, stream, timeNs);
    }
    view.setUint32(0, 0xc1fc1fc1, true);
    view.setBigUint64(8, BigInt(stream), true);
    [beginNs, timeNs, BigInt(8 * at), BigInt(8 * at), BigInt(packet), 0n].forEach((word, index) => {
      view.setBigUint64(16 + 8 * index, word, true);
    });
    [stream, stream, 1000 + stream].forEach((word, index) => {
      view.setUint32(64 + 4 * index, word, true);
    });
    writeSync(fd, bytes, 0, at);
  }
  closeSync(fd);
}

function writeEvent(view: DataView, at: number, event: number, stream: number, timeNs: bigint): number {
  const place = event % 18;
  const id = place === 0 ? 0 : place <= 8 ? 1 : place <= 16 ? 2 : 3;
  view.setUint16(at, id, true);
  view.setBigUint64(at + 2, timeNs, true);
  view.setUint16(at + 10, stream, true);
  view.setUint16(at + 12, 0, true);
  if (id === 0 || id === 3) {
    view.setUint16(at + 14, 8, true);
    view.setUint16(at + 16, 32, true);
    return at + 18;
  }
  view.setUint32(at + 14, 64 + (event % 1400), true);
  view.setBigUint64(at + 18, 0x1_0000_0000n + BigInt(stream * 65_536 + ((place - 1) % 8) * 2176), true);
  return at + LARGEST_EVENT;
}
