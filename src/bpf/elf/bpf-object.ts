/**
 * What clang -target bpf makes of a C file, ready to be linked: its programs, its maps, its license. A function in a
 * section other than .text is a program; the functions that it calls are put behind it. Calls and addresses are filled in
 * as <linux/bpf.h> has them: calls relative to the next instruction, a map as its number (BPF_PSEUDO_MAP_IDX), a variable
 * as the number of its section's map and its place in it (BPF_PSEUDO_MAP_IDX_VALUE).
 *
 * Relocations: https://docs.kernel.org/bpf/llvm_reloc.html
 */
import { FormatError, nearest, UnsupportedError, UsageError } from '../../base/index.ts';
import { decodeEbpf } from '../isa/codec.ts';
import { BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_LD, type EbpfInsn, type EbpfProgram } from '../isa/insn.ts';
import {
  decodeElf,
  type ElfFile,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  SHF_EXECINSTR,
  SHN_UNDEF,
  STB_GLOBAL,
  STT_FUNC,
} from './elf-file.ts';
import { decodeMapDefinitions, type MapDefinitions, type ObjectMap } from './map-definitions.ts';

const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;

const INSN_BYTES = 8;
/** Of a program with all that it calls. */
const MAX_INSNS = 1 << 17;

const BPF_PSEUDO_CALL = 1;
const BPF_PSEUDO_MAP_IDX = 5;
export const BPF_PSEUDO_MAP_IDX_VALUE = 6;

export interface LinkedProgram {
  readonly name: string;
  readonly insns: EbpfProgram;
  /** Which functions it consists of; the first is the program. */
  readonly functions: readonly { readonly name: string; readonly startInsn: number }[];
}

export class BpfObject {
  /** In the order of the object. */
  readonly maps: readonly ObjectMap[];
  /** The text in section `license`, if there is one. */
  readonly license: string | undefined;
  readonly #elf: ElfFile;
  readonly #definitions: MapDefinitions;
  /** By section and offset. */
  readonly #functions: ReadonlyMap<string, ElfSymbol>;
  readonly #relocations = new Map<number, ReadonlyMap<number, ElfRelocation>>();

  /** Borrows the bytes. @throws FormatError, UnsupportedError, MapError */
  constructor(bytes: Uint8Array) {
    this.#elf = decodeElf(bytes);
    this.#definitions = decodeMapDefinitions(this.#elf);
    this.maps = this.#definitions.maps;
    const license = this.#elf.sections.find(({ name }) => name === 'license');
    this.license = license && license.content.lengthBytes > 0 ? license.content.text(0) : undefined;
    this.#functions = new Map(
      this.#elf.symbols
        .filter(({ type }) => type === STT_FUNC)
        .map((symbol) => [placeOf(symbol.section, symbol.value), symbol]),
    );
  }

  /** The names of the programs, in the order of the object. */
  get programs(): readonly string[] {
    return this.#programs.map(({ name }) => name);
  }

  /**
   * A program with the functions that it calls.
   * @param name may be left out when there is one program
   * @throws UsageError when there is no such program; FormatError, UnsupportedError
   */
  link(name?: string): LinkedProgram {
    const programs = this.#programs;
    const wanted = name === undefined ? programs : programs.filter((program) => program.name === name);
    const [entry] = wanted;
    if (wanted.length === 1 && entry !== undefined) return this.#link(entry);
    if (programs.length === 0) {
      throw new UsageError('the object has no program: expected a function with SEC("filter")');
    }
    const names = programs.map((program) => program.name);
    if (name === undefined)
      throw new UsageError(`the object has several programs: expected one of ${names.join(', ')}`);
    const near = nearest(name, names);
    const hint = near === undefined ? '' : `, did you mean ${near}?`;
    throw new UsageError(`the object has no program ${name}: expected one of ${names.join(', ')}${hint}`);
  }

  get #programs(): ElfSymbol[] {
    return this.#elf.symbols.filter(({ type, binding, section: index }) => {
      const section = this.#elf.sections[index];
      if (type !== STT_FUNC || binding !== STB_GLOBAL || section === undefined) return false;
      return (section.flags & SHF_EXECINSTR) !== 0 && section.name !== '.text';
    });
  }

  #link(entry: ElfSymbol): LinkedProgram {
    const starts = new Map<ElfSymbol, number>([[entry, 0]]);
    const bodies: EbpfInsn[][] = [];
    let length = 0;
    // A function that is called is put behind the others once, and then looked at itself.
    for (const called of starts.keys()) {
      starts.set(called, length);
      const body = this.#body(called);
      length += body.length;
      if (length > MAX_INSNS)
        throw new UnsupportedError(
          `program ${entry.name} with what it calls: expected up to ${MAX_INSNS} instructions`,
          `${MAX_INSNS} instructions`,
        );
      bodies.push(body);
      this.#forEachCall(called, body, (_, target) => {
        if (!starts.has(target)) starts.set(target, 0);
      });
    }
    [...starts].forEach(([symbol, start], n) => {
      const body = bodies[n]!;
      this.#forEachCall(symbol, body, (pc, target) => {
        body[pc] = { ...body[pc]!, src: BPF_PSEUDO_CALL, imm: starts.get(target)! - (start + pc + 1) };
      });
      this.#fillInAddresses(symbol, body);
    });
    return {
      name: entry.name,
      insns: bodies.flat(),
      functions: [...starts].map(([{ name }, startInsn]) => ({ name, startInsn })),
    };
  }

  #body(symbol: ElfSymbol): EbpfInsn[] {
    const section = this.#elf.sections[symbol.section];
    if (section === undefined) throw new FormatError(`function ${symbol.name}: section ${symbol.section}`, 0);
    const { value, sizeBytes } = symbol;
    if (value % INSN_BYTES !== 0 || sizeBytes % INSN_BYTES !== 0 || sizeBytes === 0) {
      throw section.content.fault(
        value,
        `function ${symbol.name} of ${sizeBytes} bytes is not whole instructions`,
      );
    }
    if (sizeBytes > MAX_INSNS * INSN_BYTES) {
      throw new UnsupportedError(
        `function ${symbol.name} of ${sizeBytes} bytes: expected up to ${MAX_INSNS} instructions`,
        `${MAX_INSNS} instructions`,
      );
    }
    return [...decodeEbpf(section.content.bytes(value, sizeBytes))];
  }

  /** Calls of functions of the object, not of helpers. `pc` counts from the function's start. */
  #forEachCall(
    caller: ElfSymbol,
    body: readonly EbpfInsn[],
    visit: (pc: number, target: ElfSymbol) => void,
  ): void {
    const section = this.#elf.sections[caller.section]!;
    const relocations = this.#relocationsOf(caller.section);
    for (const [pc, { code, src, imm }] of body.entries()) {
      if (code !== (BPF_JMP | BPF_CALL)) continue;
      const at = caller.value + pc * INSN_BYTES;
      const relocation = relocations.get(at);
      if (relocation === undefined && src !== BPF_PSEUDO_CALL) continue;
      if (relocation !== undefined && relocation.type !== R_BPF_64_32) {
        throw section.content.fault(
          at,
          `a call with a relocation of type ${relocation.type}, expected ${R_BPF_64_32}`,
        );
      }
      if (relocation?.symbol.section === SHN_UNDEF) {
        throw new UnsupportedError(
          `${caller.name} calls ${relocation.symbol.name}, which the object does not have: expected its own functions, or helpers`,
          'functions of the object',
        );
      }
      // Without a relocation relative to the call, with one relative to the symbol.
      const base = relocation === undefined ? at : relocation.symbol.value;
      const target = base + (imm + 1) * INSN_BYTES;
      const called = this.#functions.get(placeOf(relocation?.symbol.section ?? caller.section, target));
      if (called === undefined)
        throw section.content.fault(at, `a call to ${target}, where no function begins`);
      visit(pc, called);
    }
  }

  #fillInAddresses(symbol: ElfSymbol, body: EbpfInsn[]): void {
    const section = this.#elf.sections[symbol.section]!;
    const relocations = this.#relocationsOf(symbol.section);
    for (let pc = 0; pc < body.length; pc++) {
      const relocation = relocations.get(symbol.value + pc * INSN_BYTES);
      const insn = body[pc]!;
      if (relocation === undefined || insn.code === (BPF_JMP | BPF_CALL)) continue;
      const next = body[pc + 1];
      if (
        insn.code !== (BPF_LD | BPF_IMM | BPF_DW) ||
        next === undefined ||
        relocation.type !== R_BPF_64_64
      ) {
        throw section.content.fault(
          relocation.offset,
          `a relocation of type ${relocation.type} of an instruction without address`,
        );
      }
      const { src, imm, nextImm } = this.#address(section, relocation, insn.imm);
      body[pc] = { ...insn, src, imm };
      body[pc + 1] = { ...next, imm: nextImm };
    }
  }

  /** @param addend what the instruction adds to the symbol */
  #address(
    section: ElfSection,
    { offset, symbol }: ElfRelocation,
    addend: number,
  ): { readonly src: number; readonly imm: number; readonly nextImm: number } {
    const map = this.#definitions.indexOf(symbol.section, symbol.value + addend);
    if (map !== undefined) return { src: BPF_PSEUDO_MAP_IDX, imm: map, nextImm: 0 };
    const variables = this.#definitions.indexOfSection(symbol.section);
    if (variables !== undefined) {
      return { src: BPF_PSEUDO_MAP_IDX_VALUE, imm: variables, nextImm: (symbol.value + addend) | 0 };
    }
    if (symbol.section === SHN_UNDEF) {
      throw new UnsupportedError(
        `${symbol.name} is used, which the object does not have: expected its own variables`,
        'a definition in the file',
      );
    }
    const where = this.#elf.sections[symbol.section]?.name ?? `section ${symbol.section}`;
    throw section.content.fault(
      offset,
      `the address of ${symbol.name || 'something'} in ${where}, expected a map or a variable`,
    );
  }

  #relocationsOf(section: number): ReadonlyMap<number, ElfRelocation> {
    let known = this.#relocations.get(section);
    if (known === undefined) {
      known = new Map((this.#elf.relocations.get(section) ?? []).map((one) => [one.offset, one]));
      this.#relocations.set(section, known);
    }
    return known;
  }
}

function placeOf(section: number, offset: number): string {
  return `${section}:${offset}`;
}
