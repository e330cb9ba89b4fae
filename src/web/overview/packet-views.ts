/** What the packets' maps say of sizes and of who talks to whom. */
import { formatIpv4, formatIpv6 } from '../../packet/index.ts';
import { numbersOf, type WriterContents } from '../../watch/index.ts';
import { MOST_TALKERS, type PacketsView, SIZE_BUCKETS, type Talker } from '../protocol/index.ts';

/** Bytes that an address takes in a key, and its own. */
const IPV4 = { stride: 8, bytes: 4, format: formatIpv4 };
const IPV6 = { stride: 16, bytes: 16, format: formatIpv6 };

export function packetViews(
  writers: readonly WriterContents[],
  withoutRoom: number,
  intervalMs: number,
): PacketsView {
  const sizes = new Array<number>(SIZE_BUCKETS).fill(0);
  const flows = new Map<string, { source: string; destination: string; bytes: number }>();
  for (const { contents } of writers) {
    for (const { value } of contents('@sizes')) {
      // No packet is below 0: the first bucket of the map is empty.
      for (const [bucket, count] of numbersOf(value).slice(1).entries()) sizes[bucket]! += count;
    }
    for (const [map, family] of [
      ['@flows', IPV4],
      ['@flows6', IPV6],
    ] as const) {
      for (const { key, value } of contents(map)) {
        const source = family.format(key.subarray(0, family.bytes));
        const destination = family.format(key.subarray(family.stride, family.stride + family.bytes));
        const name = `${source} ${destination}`;
        const flow = flows.get(name) ?? { source, destination, bytes: 0 };
        flow.bytes += numbersOf(value)[0]!;
        flows.set(name, flow);
      }
    }
  }
  return { intervalMs, sizes, talkers: largest([...flows.values()]), talkerCount: flows.size, withoutRoom };
}

function largest(flows: readonly Talker[]): readonly Talker[] {
  return flows.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_TALKERS);
}
