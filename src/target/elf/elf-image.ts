/**
 * An executable or shared library as it lies on disk: its sections, its loaded segments, its symbols. Only what is asked
 * for is read, not the whole file. 64-bit little-endian ELF; System V ABI, chapters 4 and 5. Files are not trusted: every
 * length is checked, and what does not fit is a FormatError. (Objects for BPF are bpf/elf's.)
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { FormatError } from '../../base/index.ts';

const EHDR_BYTES = 64;
const SHDR_BYTES = 64;
const PHDR_BYTES = 56;
const SYM_BYTES = 24;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
export const EM_X86_64 = 62;
export const STT_FUNC = 2;

/** Larger sections are taken for damage. */
const MAX_SECTION_BYTES = 1 << 29;
const MAX_ROWS = 65_536;

export interface ImageSection {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
}

export interface ImageSymbol {
  readonly name: string;
  /** STT_* */
  readonly type: number;
  readonly address: number;
  readonly sizeBytes: number;
}

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
}

export class ElfImage {
  readonly path: string;
  readonly machine: number;
  readonly sections: readonly ImageSection[];
  readonly #segments: readonly Segment[];
  readonly #fd: number;

  /** Close it. @throws FormatError, or what opening a file throws */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
    try {
      const header = this.#read(0, EHDR_BYTES, 'header');
      if (!header.subarray(0, 6).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'))) {
        throw new FormatError(`${path}: expected a 64-bit little-endian ELF file, got something else`, 0);
      }
      this.machine = header.readUInt16LE(18);
      this.#segments = this.#readSegments(header);
      this.sections = this.#readSections(header);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  section(name: string): ImageSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** Copied; empty for a section that takes no room in the file. */
  content(section: ImageSection): Buffer {
    if (section.type === SHT_NOBITS) return Buffer.alloc(0);
    return this.#read(section.offset, section.sizeBytes, `section ${section.name}`);
  }

  /** Where in the file the byte is that is loaded to the address; undefined when the file does not have it. */
  fileOffset(address: number): number | undefined {
    const segment = this.#segments.find(
      (candidate) => address >= candidate.address && address < candidate.address + candidate.fileBytes,
    );
    return segment === undefined ? undefined : address - segment.address + segment.offset;
  }

  /** The address that the byte of the file is loaded to; undefined when it is not loaded. */
  addressAt(offset: number): number | undefined {
    const segment = this.#segments.find(
      (candidate) => offset >= candidate.offset && offset < candidate.offset + candidate.fileBytes,
    );
    return segment === undefined ? undefined : offset - segment.offset + segment.address;
  }

  /** Whether a symbol that other files can use is defined here. */
  definesDynamicSymbol(name: string): boolean {
    return this.#tables([SHT_DYNSYM]).some((table) => definitionsNamed(table, name).next().done !== true);
  }

  /** Defined symbols of exactly that name, each address once. */
  symbolsNamed(name: string): ImageSymbol[] {
    return unique(
      this.#tables([SHT_SYMTAB, SHT_DYNSYM]).flatMap((table) => {
        return [...definitionsNamed(table, name)].map((row) => symbolAt(table, row));
      }),
    );
  }

  /** All defined symbols, each pair of name and address once. */
  symbols(): ImageSymbol[] {
    const all = this.#tables([SHT_SYMTAB, SHT_DYNSYM]).flatMap((table) =>
      [...definitions(table)].map((row) => symbolAt(table, row)),
    );
    return unique(all);
  }

  #tables(types: readonly number[]): SymbolTable[] {
    return this.sections
      .filter(({ type }) => types.includes(type))
      .map((section) => {
        const names = this.sections[section.link];
        if (names === undefined)
          throw new FormatError(`${this.path}: ${section.name} has its names in no section`, section.offset);
        const rows = this.content(section);
        const view = new DataView(rows.buffer, rows.byteOffset, rows.length);
        return { rows: view, names: this.content(names) };
      });
  }

  #readSegments(header: Buffer): Segment[] {
    const count = header.readUInt16LE(56);
    if (count === 0) return [];
    this.#checkRow(header.readUInt16LE(54), PHDR_BYTES, 'program headers', 54);
    const table = this.#read(number64(header, 32), count * PHDR_BYTES, 'program headers');
    return Array.from({ length: count }, (_, n) => n * PHDR_BYTES)
      .filter((at) => table.readUInt32LE(at) === PT_LOAD)
      .map((at) => ({
        offset: number64(table, at + 8),
        address: number64(table, at + 16),
        fileBytes: number64(table, at + 32),
      }));
  }

  #readSections(header: Buffer): ImageSection[] {
    const count = header.readUInt16LE(60);
    if (count === 0) return [];
    this.#checkRow(header.readUInt16LE(58), SHDR_BYTES, 'section headers', 58);
    const table = this.#read(number64(header, 40), Math.min(count, MAX_ROWS) * SHDR_BYTES, 'section headers');
    const rows = Array.from({ length: count }, (_, n) => {
      const at = n * SHDR_BYTES;
      return {
        name: '',
        nameOffset: table.readUInt32LE(at),
        type: table.readUInt32LE(at + 4),
        address: number64(table, at + 16),
        offset: number64(table, at + 24),
        sizeBytes: number64(table, at + 32),
        link: table.readUInt32LE(at + 40),
      };
    });
    const nameRow = rows[header.readUInt16LE(62)];
    const names = nameRow === undefined || nameRow.type === SHT_NOBITS ? undefined : this.content(nameRow);
    return rows.map(({ nameOffset, ...row }) => ({
      ...row,
      name: names === undefined ? '' : textAt(names, nameOffset),
    }));
  }

  #checkRow(got: number, expected: number, what: string, offset: number): void {
    if (got === expected) return;
    throw new FormatError(`${this.path}: ${what} of ${got} bytes, expected ${expected}`, offset);
  }

  #read(position: number, bytes: number, what: string): Buffer {
    if (bytes > MAX_SECTION_BYTES || position > Number.MAX_SAFE_INTEGER) {
      throw new FormatError(`${this.path}: ${what} of ${bytes} bytes at ${position} is too large`, 0);
    }
    const buffer = Buffer.alloc(bytes);
    const got = bytes === 0 ? 0 : readSync(this.#fd, buffer, 0, bytes, position);
    if (got !== bytes) {
      const where = `${this.path}: ${what} of ${bytes} bytes at ${position}`;
      throw new FormatError(`${where}: the file has ${got} of them`, position);
    }
    return buffer;
  }
}

interface SymbolTable {
  readonly rows: DataView;
  readonly names: Buffer;
}

function number64(buffer: Buffer, at: number): number {
  return Number(buffer.readBigUInt64LE(at));
}

/** Text up to a zero byte; empty when it begins outside. */
function textAt(names: Buffer, offset: number): string {
  const end = names.indexOf(0, offset);
  if (offset >= names.length) return '';
  return names.toString('latin1', offset, end < 0 ? names.length : end);
}

/** Rows (offsets) of symbols that are in the file. */
function* definitions({ rows }: SymbolTable): Generator<number> {
  for (let at = 0; at + SYM_BYTES <= rows.byteLength; at += SYM_BYTES) {
    if (rows.getUint16(at + 6, true) !== 0) yield at;
  }
}

function* definitionsNamed(table: SymbolTable, name: string): Generator<number> {
  // Linkers let names share their ends, so that a name may begin anywhere in the table: compare where symbols point to.
  const wanted = Buffer.from(`${name}\0`, 'latin1');
  if (name === '' || !table.names.includes(wanted)) return;
  for (const at of definitions(table)) {
    const offset = table.rows.getUint32(at, true);
    if (offset + wanted.length > table.names.length) continue;
    if (table.names.compare(wanted, 0, wanted.length, offset, offset + wanted.length) === 0) yield at;
  }
}

function symbolAt({ rows, names }: SymbolTable, at: number): ImageSymbol {
  return {
    name: textAt(names, rows.getUint32(at, true)),
    type: rows.getUint8(at + 4) & 0xf,
    address: Number(rows.getBigUint64(at + 8, true)),
    sizeBytes: Number(rows.getBigUint64(at + 16, true)),
  };
}

function unique(symbols: readonly ImageSymbol[]): ImageSymbol[] {
  return [...new Map(symbols.map((symbol) => [`${symbol.address} ${symbol.name}`, symbol])).values()];
}
