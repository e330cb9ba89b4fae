/**
 * USDT probes of a file: the notes that <sys/sdt.h> leaves in `.note.stapsdt`. A note is {u32 name length, u32 description
 * length, u32 type}, the name "stapsdt", and the description {u64 location, u64 base, u64 semaphore, provider, name,
 * arguments}; each part is padded to 4. Locations were written before prelink may have moved the file: `.stapsdt.base`
 * tells by how much. The file may be anybody's: what does not fit is a FormatError.
 */
import { FormatError } from '../../base/index.ts';
import type { ElfImage } from '../elf/elf-image.ts';

const NOTE_TYPE = 3;
const HEAD_BYTES = 12;
const ADDRESSES_BYTES = 24;

export interface UsdtNote {
  readonly provider: string;
  readonly name: string;
  /** As it stands in the note; parseUsdtArguments reads it. */
  readonly arguments: string;
  readonly location: number;
  /** Address of `.stapsdt.base` when the note was written. */
  readonly base: number;
  /** 0 when it has none. */
  readonly semaphore: number;
}

/** The notes in the bytes of `.note.stapsdt`. @throws FormatError */
export function decodeUsdtNotes(bytes: Uint8Array): UsdtNote[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const notes: UsdtNote[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const nameAt = at + HEAD_BYTES;
    const nameBytes = view.getUint32(at, true);
    const descriptionAt = nameAt + align(nameBytes);
    const descriptionBytes = view.getUint32(at + 4, true);
    const end = descriptionAt + descriptionBytes;
    if (end > bytes.length) {
      throw new FormatError(
        `USDT note at ${at}: got ${bytes.length - nameAt} bytes behind its head, expected ${end - nameAt}`,
        at,
      );
    }
    const isProbe =
      view.getUint32(at + 8, true) === NOTE_TYPE && latin1(bytes, nameAt, nameBytes) === 'stapsdt\0';
    if (isProbe) notes.push(decodeDescription(bytes.subarray(descriptionAt, end), descriptionAt));
    at = descriptionAt + align(descriptionBytes);
  }
  return notes;
}

function decodeDescription(bytes: Uint8Array, offsetBytes: number): UsdtNote {
  if (bytes.length < ADDRESSES_BYTES) {
    throw new FormatError(
      `USDT note: got a description of ${bytes.length} bytes, expected at least ${ADDRESSES_BYTES}`,
      offsetBytes,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [provider, name, args, ...rest] = latin1(
    bytes,
    ADDRESSES_BYTES,
    bytes.length - ADDRESSES_BYTES,
  ).split('\0');
  if (args === undefined || rest.length === 0) {
    throw new FormatError('USDT note: expected three texts, each with a zero byte at its end', offsetBytes);
  }
  return {
    provider: provider!,
    name: name!,
    arguments: args,
    location: Number(view.getBigUint64(0, true)),
    base: Number(view.getBigUint64(8, true)),
    semaphore: Number(view.getBigUint64(16, true)),
  };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function latin1(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('latin1');
}

interface UsdtSite {
  /** In the file. */
  readonly offset: number;
  /** Of the 16-bit counter that says whether anybody listens, in the file; 0 when there is none. */
  readonly refCtrOffset: number;
}

export interface UsdtProbe extends UsdtSite {
  readonly provider: string;
  readonly name: string;
  /** As it stands in the note; parseUsdtArguments reads it. */
  readonly arguments: string;
  /** Where the probe is when the file is loaded at 0. */
  readonly address: number;
}

/** All probes of a file, in the order of the notes. @throws FormatError */
export function readUsdtProbes(image: ElfImage): UsdtProbe[] {
  const section = image.section('.note.stapsdt');
  if (section === undefined) return [];
  const base = image.section('.stapsdt.base')?.address;
  return decodeUsdtNotes(image.content(section)).map((note) => {
    const moved = base === undefined || note.base === 0 ? 0 : base - note.base;
    const inFile = (address: number, what: string): number => {
      const offset = image.fileOffset(address + moved);
      if (offset !== undefined) return offset;
      const probe = `${note.provider}:${note.name}`;
      throw new FormatError(
        `${image.path}: ${what} of USDT probe ${probe} is not in the file`,
        section.offset,
      );
    };
    return {
      provider: note.provider,
      name: note.name,
      arguments: note.arguments,
      address: note.location + moved,
      offset: inFile(note.location, 'the place'),
      refCtrOffset: note.semaphore === 0 ? 0 : inFile(note.semaphore, 'the semaphore'),
    };
  });
}
