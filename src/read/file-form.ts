/** How the records of a capture file look, as its first record tells. */
import type { EarlyRecord } from './early-record.ts';

const MAGIC_NS = 0xa1b23c4d;
const MAGIC_MODIFIED = 0xa1b2cd34;

export type FileForm =
  | { readonly kind: 'pcapng' }
  | {
      readonly kind: 'pcap';
      readonly littleEndian: boolean;
      readonly recordHeaderBytes: 16 | 24;
      readonly fractionsPerSecond: 1_000_000 | 1_000_000_000;
    };

/** @param first a section, or the interface that a pcap file's header becomes */
export function fileForm({ record, bytes }: EarlyRecord): FileForm {
  if (record.type === 'section') return { kind: 'pcapng' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // All magic numbers begin with 0xa1.
  const littleEndian = view.getUint8(3) === 0xa1;
  const magic = view.getUint32(0, littleEndian);
  return {
    kind: 'pcap',
    littleEndian,
    recordHeaderBytes: magic === MAGIC_MODIFIED ? 24 : 16,
    fractionsPerSecond: magic === MAGIC_NS ? 1_000_000_000 : 1_000_000,
  };
}
