/**
 * Whether an ELF file exports a symbol: how a statically linked DPDK application is told from others. Only the
 * section headers and the string tables of dynamic symbols are read, not the whole file. 64-bit little-endian ELF;
 * anything else has no symbols. (System V ABI, chapter 4.)
 */
import { closeSync, openSync, readSync } from 'node:fs';

const SHT_DYNSYM = 11;
const EHDR_BYTES = 64;
const SHDR_BYTES = 64;
const SYM_BYTES = 24;
/** Larger tables are taken for damage. */
const MAX_TABLE_BYTES = 64 << 20;
const MAX_SECTIONS = 65_536;

/** @returns false also for what cannot be read or is no such ELF file. */
export function definesDynamicSymbol(path: string, symbol: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return dynamicTables(fd).some(([symbols, strings]) => defines(symbols, strings, symbol));
  } catch (error) {
    if (error instanceof RangeError || (error as NodeJS.ErrnoException).code !== undefined) return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Each .dynsym with its string table. */
function dynamicTables(fd: number): [DataView, Buffer][] {
  const header = readAt(fd, 0, EHDR_BYTES);
  const isElf64Little = header.subarray(0, 6).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'));
  if (!isElf64Little || header.readUInt16LE(58) !== SHDR_BYTES) return [];
  const count = Math.min(header.readUInt16LE(60), MAX_SECTIONS);
  const sections = readAt(fd, Number(header.readBigUInt64LE(40)), count * SHDR_BYTES);
  const content = (section: number): Buffer => {
    const at = section * SHDR_BYTES;
    const bytes = Number(sections.readBigUInt64LE(at + 32));
    if (bytes > MAX_TABLE_BYTES) throw new RangeError(`a section of ${bytes} bytes`);
    return readAt(fd, Number(sections.readBigUInt64LE(at + 24)), bytes);
  };
  const tables: [DataView, Buffer][] = [];
  for (let section = 0; section < count; section++) {
    if (sections.readUInt32LE(section * SHDR_BYTES + 4) !== SHT_DYNSYM) continue;
    const symbols = content(section);
    const strings = content(sections.readUInt32LE(section * SHDR_BYTES + 40));
    tables.push([new DataView(symbols.buffer, symbols.byteOffset, symbols.length), strings]);
  }
  return tables;
}

function defines(symbols: DataView, strings: Buffer, symbol: string): boolean {
  // Most files do not even have the name: look for it before walking the symbols.
  const name = strings.indexOf(`\0${symbol}\0`) + 1;
  if (name === 0) return false;
  for (let at = 0; at + SYM_BYTES <= symbols.byteLength; at += SYM_BYTES) {
    const isDefined = symbols.getUint16(at + 6, true) !== 0;
    if (isDefined && symbols.getUint32(at, true) === name) return true;
  }
  return false;
}

function readAt(fd: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  const got = readSync(fd, buffer, 0, bytes, position);
  if (got !== bytes) throw new RangeError(`got ${got} of ${bytes} bytes`);
  return buffer;
}
