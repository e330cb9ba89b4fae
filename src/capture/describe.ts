/** What a capture file says about itself: its section, its interfaces, and their statistics, as pcapng blocks. */
import { cpus, release, type, version } from 'node:os';
import {
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
} from '../pcapng/index.ts';
import type { FileInterface } from './interface-table.ts';
import type { CaptureSource } from './plan.ts';

const LINKTYPE_ETHERNET = 1;
const NANOSECONDS = 9;

/** @param comments the person's own, which come first: readers that show one comment show the first one */
export function describeSection(
  honeVersion: string,
  comments: readonly string[],
  sources: readonly CaptureSource[],
): Uint8Array {
  return encodeSectionHeader({
    shb_hardware: cpus()[0]?.model,
    shb_os: `${type()} ${release()} ${version()}`,
    shb_userappl: `hone ${honeVersion}`,
    opt_comment: [...comments, ...sources.map(describeApplication)],
  });
}

function describeApplication({ target: { info }, application }: CaptureSource): string {
  const made = info.kind === 'dpdk' ? info.version : `replay of ${info.version}`;
  return `${application} (pid ${info.pid}), ${made}: ${info.commandLine.join(' ')}`;
}

export function describeInterface({ captured }: FileInterface): Uint8Array {
  const { port, name, description, snaplen, filter } = captured;
  return encodeInterfaceDescription({
    linkType: LINKTYPE_ETHERNET,
    snaplen,
    options: {
      if_name: name,
      if_description: description,
      if_MACaddr: port.mac.some((byte) => byte !== 0) ? port.mac : undefined,
      if_speed: port.speedMbps === undefined ? undefined : BigInt(port.speedMbps) * 1_000_000n,
      if_tsresol: NANOSECONDS,
      if_filter: filter,
      if_hardware: [port.driver, port.firmware].filter((text) => text !== '').join(' '),
      if_os: `${type()} ${release()}`,
    },
  });
}

/** Times in ns since 1970. Counts are those since the start of the capture, also in the files after a first one. */
export function describeStatistics(entry: FileInterface, startNs: bigint, nowNs: bigint): Uint8Array {
  const { id, counters, missed, written } = entry;
  return encodeInterfaceStatistics({
    interfaceId: id,
    timestamp: nowNs,
    options: {
      isb_starttime: startNs,
      isb_endtime: nowNs,
      isb_ifrecv: counters.seen,
      isb_ifdrop: missed,
      isb_filteraccept: counters.matched,
      isb_osdrop: counters.dropped,
      isb_usrdeliv: BigInt(written),
    },
  });
}
