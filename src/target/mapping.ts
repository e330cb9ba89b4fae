/**
 * Shared memory as JavaScript sees it: a file descriptor mapped as one ArrayBuffer, where the data area of a ring
 * stands twice, back to back, so that every run of bytes in it is contiguous.
 */
import { closeSync, fstatSync } from 'node:fs';
import { PeerError, SysError, UnsupportedError } from '../base/index.ts';
import {
  addressOf,
  EINVAL,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  mapOver,
  mapZerosOver,
  PROT_READ,
  PROT_WRITE,
  reserveAddresses,
  tryGetSeals,
  unmap,
  viewMemory,
} from './posix.ts';

export interface Mapping {
  /** `plainBytes`, then the mirrored bytes twice. Ours until close(). */
  readonly buffer: ArrayBuffer;
  /** Unmaps: whatever still looks at `buffer` must not be used any more. */
  close(): void;
}

export interface MappingShape {
  /** Bytes from the start of the file that are mapped once. */
  readonly plainBytes: number;
  /** The rest of the file, mapped twice; 0 when there is none. */
  readonly mirroredBytes: number;
  /** Whether this process writes into the mirrored part; the plain part can always be written. */
  readonly writer: boolean;
}

/** Maps the whole file, which stays open and the caller's. */
export function mapMemory(fd: number, shape: MappingShape): Mapping {
  const { plainBytes, mirroredBytes, writer } = shape;
  try {
    return mapReserved(plainBytes + 2 * mirroredBytes, (address) => {
      mapOver(address, plainBytes, PROT_READ | PROT_WRITE, fd, 0);
      const protection = writer ? PROT_READ | PROT_WRITE : PROT_READ;
      for (let copy = 0; mirroredBytes > 0 && copy < 2; copy++) {
        mapOver(address + plainBytes + copy * mirroredBytes, mirroredBytes, protection, fd, plainBytes);
      }
    });
  } catch (error) {
    if (!(error instanceof SysError) || error.errno !== EINVAL) throw error;
    throw new UnsupportedError(
      `cannot map ${plainBytes} + ${mirroredBytes} bytes of a ring: the pages of this kernel are too large`,
      'a kernel with pages of 4 KiB',
    );
  }
}

/** Addresses for `length` bytes, and what `fill` maps over them. */
function mapReserved(length: number, fill: (address: number) => void): Mapping {
  const address = reserveAddresses(length);
  try {
    fill(address);
    const buffer = viewMemory(address, length);
    let mapped = true;
    return {
      buffer,
      close() {
        if (mapped) unmap(address, length);
        mapped = false;
      },
    };
  } catch (error) {
    unmap(address, length);
    throw error;
  }
}

/**
 * Maps memory that a peer made, and closes the descriptor in any case.
 * @param what names it in errors: "ring 3 of testpmd"
 * @throws PeerError when the size is another one or could still change: reading past the end would kill us.
 */
export function mapPeerMemory(fd: number, shape: MappingShape, what: string): Mapping {
  return takePeerMemory(fd, shape.plainBytes + shape.mirroredBytes, what, () => mapMemory(fd, shape));
}

/** A part of a file; both multiples of 4096. */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

/** The same for memory whose pieces stand one after another in the buffer, some of them perhaps twice. */
export function mapPeerPieces(
  fd: number,
  fileBytes: number,
  pieces: readonly Piece[],
  what: string,
): Mapping {
  return takePeerMemory(fd, fileBytes, what, () => mapPieces(fd, pieces));
}

function mapPieces(fd: number, pieces: readonly Piece[]): Mapping {
  const length = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  return mapReserved(length, (address) => {
    let at = address;
    for (const { offset, bytes } of pieces) {
      if (bytes > 0) mapOver(at, bytes, PROT_READ | PROT_WRITE, fd, offset);
      at += bytes;
    }
  });
}

/**
 * Puts pieces of a file in place of memory that lies on whole pages and does not move: a WebAssembly memory's of a fixed
 * size, so that programs there work on what is shared. The file stays open and the caller's.
 * @param memory as long as the pieces together
 * @returns what puts pages of zeros in their place; until then the memory is kept alive
 */
export function overlayMemory(memory: Uint8Array, fd: number, pieces: readonly Piece[]): { close(): void } {
  let address = addressOf(memory);
  for (const { offset, bytes } of pieces) {
    if (bytes > 0) mapOver(address, bytes, PROT_READ | PROT_WRITE, fd, offset);
    address += bytes;
  }
  return {
    close: () => mapZerosOver(addressOf(memory), memory.length),
  };
}

function takePeerMemory(fd: number, fileBytes: number, what: string, map: () => Mapping): Mapping {
  try {
    const seals = tryGetSeals(fd);
    const needed = F_SEAL_SHRINK | F_SEAL_GROW;
    if (seals < 0 || (seals & needed) !== needed) {
      throw new PeerError('PEER_PROTOCOL', `${what}: the memory is not sealed against resizing`);
    }
    const got = fstatSync(fd).size;
    if (got !== fileBytes) {
      throw new PeerError('PEER_PROTOCOL', `${what}: got ${got} bytes of memory, expected ${fileBytes}`);
    }
    return map();
  } finally {
    closeSync(fd);
  }
}
