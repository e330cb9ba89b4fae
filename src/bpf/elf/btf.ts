/**
 * As much of BTF, the type information of BPF objects, as map definitions need: variables, structs, pointers, arrays
 * and the sizes of types. Documentation/bpf/btf.rst of the Linux kernel; its names are used here.
 */
import type { ByteView } from './byte-view.ts';

const BTF_MAGIC = 0xeb9f;
const ROW_BYTES = 12;
/** A chain of typedefs and qualifiers that is longer has a cycle. */
const MAX_DEPTH = 32;

export const BTF_KIND_PTR = 2;
export const BTF_KIND_ARRAY = 3;
export const BTF_KIND_STRUCT = 4;
const BTF_KIND_VAR = 14;

interface Kind {
  /** Bytes behind the row: `fixed`, and `each` times vlen. */
  readonly fixed: number;
  readonly each: number;
  /** What the third word of the row is. */
  readonly word: 'size' | 'type' | 'none';
}

const row = (word: Kind['word'], fixed = 0, each = 0): Kind => ({ fixed, each, word });

const kinds: Readonly<Record<number, Kind>> = {
  1: row('size', 4), // INT
  [BTF_KIND_PTR]: row('none'),
  [BTF_KIND_ARRAY]: row('none', 12),
  [BTF_KIND_STRUCT]: row('size', 0, 12),
  5: row('size', 0, 12), // UNION
  6: row('size', 0, 8), // ENUM
  7: row('none'), // FWD
  8: row('type'), // TYPEDEF
  9: row('type'), // VOLATILE
  10: row('type'), // CONST
  11: row('type'), // RESTRICT
  12: row('none'), // FUNC
  13: row('none', 0, 8), // FUNC_PROTO
  [BTF_KIND_VAR]: row('none', 4),
  15: row('size', 0, 12), // DATASEC
  16: row('size'), // FLOAT
  17: row('none', 4), // DECL_TAG
  18: row('type'), // TYPE_TAG
  19: row('size', 0, 12), // ENUM64
};

export interface BtfMember {
  readonly name: string;
  readonly type: number;
}

export class Btf {
  readonly #content: ByteView;
  readonly #strings: number;
  readonly #stringsEnd: number;
  /** Where the row of each type is; type 0 is void. */
  readonly #rows: number[] = [0];

  /** The content of section .BTF, borrowed. @throws FormatError */
  constructor(content: ByteView) {
    this.#content = content;
    if (content.u16(0) !== BTF_MAGIC)
      throw content.fault(0, `magic 0x${content.u16(0).toString(16)}, expected 0xeb9f`);
    if (content.u8(2) !== 1) throw content.fault(2, `version ${content.u8(2)}, expected 1`);
    const base = content.u32(4);
    this.#strings = base + content.u32(16);
    this.#stringsEnd = this.#strings + content.u32(20);
    content.bytes(this.#strings, content.u32(20));
    const end = base + content.u32(8) + content.u32(12);
    for (let at = base + content.u32(8); at < end; ) {
      this.#rows.push(at);
      const { fixed, each } = this.#kindAt(at);
      at += ROW_BYTES + fixed + each * (content.u32(at + 4) & 0xffff);
    }
  }

  /** The types of variables, by name. */
  variables(): Map<string, number> {
    const variables = new Map<string, number>();
    this.#rows.forEach((at, type) => {
      if (type !== 0 && this.kindOf(type) === BTF_KIND_VAR) {
        variables.set(this.#text(at), this.#content.u32(at + 8));
      }
    });
    return variables;
  }

  /** BTF_KIND_*; 0 for void. */
  kindOf(type: number): number {
    return type === 0 ? 0 : (this.#content.u32(this.#row(type) + 4) >>> 24) & 0x1f;
  }

  /** Behind typedefs and qualifiers. */
  resolve(type: number): number {
    for (let depth = 0, resolved = type; depth < MAX_DEPTH; depth++) {
      if (resolved === 0 || kinds[this.kindOf(resolved)]?.word !== 'type') return resolved;
      resolved = this.#content.u32(this.#row(resolved) + 8);
    }
    throw this.#content.fault(this.#row(type), `type ${type} is a typedef of itself`);
  }

  /** The members of a struct. */
  members(type: number): BtfMember[] {
    const at = this.#row(type);
    return Array.from({ length: this.#content.u32(at + 4) & 0xffff }, (_, n) => {
      const member = at + ROW_BYTES + 12 * n;
      return { name: this.#text(member), type: this.#content.u32(member + 4) };
    });
  }

  /** What a pointer points to. */
  pointee(type: number): number {
    return this.#content.u32(this.#row(type) + 8);
  }

  /** The type and the number of the elements of an array. */
  array(type: number): { readonly element: number; readonly count: number } {
    const at = this.#row(type) + ROW_BYTES;
    return { element: this.#content.u32(at), count: this.#content.u32(at + 8) };
  }

  /** Bytes of a value of the type; undefined for what has no size. */
  sizeBytes(type: number): number | undefined {
    let count = 1;
    let at = this.resolve(type);
    for (let depth = 0; this.kindOf(at) === BTF_KIND_ARRAY; depth++) {
      if (depth === MAX_DEPTH)
        throw this.#content.fault(this.#row(type), `type ${type} is an array of itself`);
      const array = this.array(at);
      count *= array.count;
      at = this.resolve(array.element);
    }
    const kind = this.kindOf(at);
    if (kind === BTF_KIND_PTR) return 8 * count;
    return kinds[kind]?.word === 'size' ? this.#content.u32(this.#row(at) + 8) * count : undefined;
  }

  #row(type: number): number {
    const at = this.#rows[type];
    if (at === undefined || type === 0)
      throw this.#content.fault(0, `type ${type}, expected 1 to ${this.#rows.length - 1}`);
    return at;
  }

  #kindAt(at: number): Kind {
    const number = (this.#content.u32(at + 4) >>> 24) & 0x1f;
    const kind = kinds[number];
    if (kind === undefined) throw this.#content.fault(at, `a type of the unknown kind ${number}`);
    return kind;
  }

  /** The name that a row or a member begins with. */
  #text(at: number): string {
    const offset = this.#strings + this.#content.u32(at);
    if (offset >= this.#stringsEnd) throw this.#content.fault(at, 'a name beyond the strings');
    return this.#content.text(offset);
  }
}
