/** How the records of a capture file look, as its first four bytes tell. */
import type { RecordFormat } from '../bpf/classic.ts';

export const FILE_MAGIC_BYTES = 4;

const MAGIC_PCAPNG = 0x0a0d0d0a;
const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
/** Of old Linux patches: record headers have 8 more bytes. */
const MAGIC_MODIFIED = 0xa1b2cd34;
const PCAP_MAGICS: readonly number[] = [MAGIC_US, MAGIC_NS, MAGIC_MODIFIED];

/** Undefined for what is no capture file. A pcapng file's byte order is that of its sections, not told here. */
export function fileForm(bytes: Uint8Array): RecordFormat | undefined {
  if (bytes.length < FILE_MAGIC_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, false) === MAGIC_PCAPNG) {
    return { kind: 'pcapng', littleEndian: true, recordHeaderBytes: 16, fractionsPerSecond: 1_000_000 };
  }
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (!PCAP_MAGICS.includes(magic)) continue;
    return {
      kind: 'pcap',
      littleEndian,
      recordHeaderBytes: magic === MAGIC_MODIFIED ? 24 : 16,
      fractionsPerSecond: magic === MAGIC_NS ? 1_000_000_000 : 1_000_000,
    };
  }
  return undefined;
}
