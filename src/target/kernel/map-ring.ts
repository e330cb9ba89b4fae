/** A BPF ring buffer mapped: the consumer's page to be written, everything else to be read. */
import {
  mapOver,
  PROT_READ,
  PROT_WRITE,
  reserveAddresses,
  pageBytes as systemPageBytes,
  unmap,
  viewMemory,
} from '../posix.ts';

export interface AddressRange {
  readonly pageBytes: number;
  /** Consumer's page, producer's page, data twice. Must not be touched after close(). */
  readonly buffer: ArrayBuffer;
  close(): void;
}

export function mapRing(fd: number, dataBytes: number): AddressRange {
  const pageBytes = systemPageBytes();
  const length = 2 * pageBytes + 2 * dataBytes;
  const address = reserveAddresses(length);
  try {
    mapOver(address, pageBytes, PROT_READ | PROT_WRITE, fd, 0);
    mapOver(address + pageBytes, pageBytes + 2 * dataBytes, PROT_READ, fd, pageBytes);
    let isMapped = true;
    return {
      pageBytes,
      buffer: viewMemory(address, length),
      close() {
        if (isMapped) unmap(address, length);
        isMapped = false;
      },
    };
  } catch (error) {
    unmap(address, length);
    throw error;
  }
}
