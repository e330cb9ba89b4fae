/**
 * The container: 64-bit little-endian ELF for BPF, as compilers write it (relocatable, not linked). Sections, symbols
 * and relocations as values; what they mean is not looked at here. System V ABI, chapters 4 and 5 of the object files.
 */
import { FormatError, UnsupportedError } from '../../base/index.ts';
import { ByteView } from './byte-view.ts';

export const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
const SHT_REL = 9;
const SHT_RELA = 4;

export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;

export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STB_GLOBAL = 1;
export const SHN_UNDEF = 0;

const EM_BPF = 247;
const ET_REL = 1;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 16;

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly sizeBytes: number;
  /** Empty for SHT_NOBITS. */
  readonly content: ByteView;
}

export interface ElfSymbol {
  readonly name: string;
  /** STT_* */
  readonly type: number;
  /** STB_* */
  readonly binding: number;
  /** The index of its section; SHN_UNDEF for one that is not in the file. */
  readonly section: number;
  /** Its place in the section. */
  readonly value: number;
  readonly sizeBytes: number;
}

export interface ElfRelocation {
  /** In the section that is changed. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
}

export interface ElfFile {
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** By the index of the section that they change. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

/** Borrows the bytes. @throws FormatError, UnsupportedError for another byte order or machine */
export function decodeElf(bytes: Uint8Array): ElfFile {
  const file = new ByteView(bytes, 'ELF object');
  checkHeader(file);
  const headers = decodeSectionHeaders(file);
  const sections = headers.map((header) => header.section);
  const symbolTables = headers.filter(({ section }) => section.type === SHT_SYMTAB);
  if (symbolTables.length > 1)
    throw file.fault(symbolTables[1]!.offset, 'a second symbol table, expected one');
  const symbols = symbolTables.flatMap(({ section, link }) => decodeSymbols(section, sections[link]));
  return { sections, symbols, relocations: decodeRelocations(headers, symbols) };
}

function checkHeader(file: ByteView): void {
  const isElf = file.lengthBytes >= HEADER_BYTES && file.u32(0) === 0x464c457f;
  if (!isElf) throw new FormatError('expected an ELF object, got something else', 0);
  if (file.u8(4) !== 2)
    throw new UnsupportedError(
      'ELF object of 32 bits: expected 64, as from clang -target bpf',
      'clang -target bpf',
    );
  if (file.u8(5) !== 1) {
    throw new UnsupportedError(
      'big-endian ELF object: expected little-endian, as from clang -target bpfel',
      'clang -target bpfel',
    );
  }
  const machine = file.u16(18);
  if (machine !== EM_BPF) {
    throw new UnsupportedError(
      `ELF object for machine ${machine}: expected ${EM_BPF}, as from clang -target bpf`,
      'clang -target bpf',
    );
  }
  if (file.u16(16) !== ET_REL)
    throw file.fault(16, `type ${file.u16(16)}, expected ${ET_REL}, as from clang -c`);
}

interface SectionHeader {
  readonly section: ElfSection;
  readonly offset: number;
  readonly link: number;
  readonly info: number;
}

function decodeSectionHeaders(file: ByteView): SectionHeader[] {
  const offset = file.u64(40);
  const size = file.u16(58);
  const count = file.u16(60);
  if (count === 0) return [];
  if (size !== SECTION_BYTES)
    throw file.fault(58, `section headers of ${size} bytes, expected ${SECTION_BYTES}`);
  file.bytes(offset, count * SECTION_BYTES);
  const names = file.u16(62);
  if (names >= count) throw file.fault(62, `section names in section ${names}, expected below ${count}`);
  const nameHeader = offset + names * SECTION_BYTES;
  const nameBytes = new ByteView(
    file.bytes(file.u64(nameHeader + 24), file.u64(nameHeader + 32)),
    'section names',
  );
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * SECTION_BYTES;
    const name = nameBytes.lengthBytes === 0 ? '' : nameBytes.text(file.u32(at));
    const type = file.u32(at + 4);
    const contentOffset = file.u64(at + 24);
    const sizeBytes = file.u64(at + 32);
    const isEmpty = type === SHT_NOBITS || type === 0;
    const content = isEmpty ? new Uint8Array() : file.bytes(contentOffset, sizeBytes);
    return {
      section: {
        index,
        name,
        type,
        flags: file.u64(at + 8),
        sizeBytes,
        content: new ByteView(content, `section ${name}`, contentOffset),
      },
      offset: at,
      link: file.u32(at + 40),
      info: file.u32(at + 44),
    };
  });
}

function decodeSymbols({ content }: ElfSection, names: ElfSection | undefined): ElfSymbol[] {
  if (names === undefined) throw content.fault(0, 'its names are in a section that does not exist');
  const count = rowCount(content, SYMBOL_BYTES);
  return Array.from({ length: count }, (_, n) => {
    const at = n * SYMBOL_BYTES;
    const info = content.u8(at + 4);
    const nameOffset = content.u32(at);
    return {
      name: nameOffset === 0 ? '' : names.content.text(nameOffset),
      type: info & 0xf,
      binding: info >> 4,
      section: content.u16(at + 6),
      value: content.u64(at + 8),
      sizeBytes: content.u64(at + 16),
    };
  });
}

function decodeRelocations(
  headers: readonly SectionHeader[],
  symbols: readonly ElfSymbol[],
): Map<number, ElfRelocation[]> {
  const relocations = new Map<number, ElfRelocation[]>();
  for (const { section, info } of headers) {
    const target = headers[info]?.section;
    // Those of debug information change nothing that is read here.
    if ((section.type !== SHT_REL && section.type !== SHT_RELA) || target === undefined) continue;
    if ((target.flags & SHF_ALLOC) === 0) continue;
    const { content } = section;
    if (section.type === SHT_RELA) throw content.fault(0, 'relocations with addends, expected those without');
    const rows = Array.from({ length: rowCount(content, RELOCATION_BYTES) }, (_, n) => {
      const at = n * RELOCATION_BYTES;
      const symbol = symbols[content.u32(at + 12)];
      if (symbol === undefined)
        throw content.fault(at, `symbol ${content.u32(at + 12)} of ${symbols.length}`);
      return { offset: content.u64(at), type: content.u32(at + 8), symbol };
    });
    relocations.set(target.index, [...(relocations.get(target.index) ?? []), ...rows]);
  }
  return relocations;
}

function rowCount(content: ByteView, rowBytes: number): number {
  if (content.lengthBytes % rowBytes !== 0) {
    throw content.fault(0, `got ${content.lengthBytes} bytes, expected a multiple of ${rowBytes}`);
  }
  return content.lengthBytes / rowBytes;
}
