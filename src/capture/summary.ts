/** What a person reads on standard error: the counts while a capture runs and at its end, worded as dumpcap's. */
import type { FileInterface } from './interface-table.ts';

/**
 * The closing lines, without the last newline. dumpcap's two lines come first, with its words: `pcap` is what was lost before
 * the file, here by the adapter; `dumpcap` is what was lost by us, here by a full ring.
 */
export function formatSummary(interfaces: readonly FileInterface[]): string {
  const packets = interfaces.reduce((sum, { written }) => sum + written, 0);
  return [`Packets captured: ${packets}`, ...interfaces.map(formatInterface)].join('\n');
}

function formatInterface(entry: FileInterface): string {
  const { captured, counters, missed, written } = entry;
  const ring = counters.dropped;
  const received = BigInt(written);
  const dropped = ring + (missed ?? 0n);
  const percent = received + dropped === 0n ? 0 : (100 * written) / Number(received + dropped);
  return [
    `Packets received/dropped on interface '${captured.name}': ${received}/${dropped}`,
    `(pcap:${missed ?? 0n}/dumpcap:${ring}/flushed:0/ps_ifdrop:${missed ?? 0n}) (${percent.toFixed(1)}%)`,
    `seen:${counters.seen} matched:${counters.matched} dropped by ring:${ring}`,
    `missed by adapter:${missed ?? 'unknown'}`,
  ].join(' ');
}
