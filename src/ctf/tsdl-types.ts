/**
 * The types of TSDL (CTF 1.8.3, sections 4 and 7.3, annex C.2): specifiers, declarators, typealias and typedef, into field classes.
 * References to other fields stay names: link-fields.ts finds what they mean.
 */

import { narrow } from './narrow.ts';
import type {
  FieldClass,
  FieldReference,
  IntegerClass,
  IntegerRange,
  Mapping,
  ScopeName,
  StructureClass,
  StructureMember,
  VariantClass,
  VariantOption,
} from './trace-class.ts';
import {
  checkAlign,
  MAXIMUM_ALIGN_BITS,
  MAXIMUM_INTEGER_BITS,
  parseFloatClass,
  parseIntegerClass,
  parseTextClass,
} from './tsdl-attributes.ts';
import { TsdlScope } from './tsdl-scope.ts';
import { isTsdlKeyword } from './tsdl-text.ts';
import type { TsdlTokens } from './tsdl-tokens.ts';

/** Deeper types are taken for an attack on the stack. */
const MAXIMUM_DEPTH = 64;
const MAXIMUM_ARRAY = 0xffff_ffff;

const C_WORDS: ReadonlySet<string> = new Set(
  'void char short int long float double signed unsigned _Bool _Complex _Imaginary'.split(' '),
);

const DECLARATIONS: ReadonlySet<string> = new Set('typealias typedef struct variant enum'.split(' '));

/** The longest first: `stream.event.context` and not the `stream` of somebody's structure. */
const ABSOLUTE: readonly (readonly [readonly string[], ScopeName])[] = [
  [['trace', 'packet', 'header'], 'packet-header'],
  [['stream', 'packet', 'context'], 'packet-context'],
  [['stream', 'event', 'header'], 'event-record-header'],
  [['stream', 'event', 'context'], 'event-record-common-context'],
  [['event', 'context'], 'event-record-specific-context'],
  [['event', 'fields'], 'event-record-payload'],
];

export interface Declared {
  readonly name: string | undefined;
  readonly fieldClass: FieldClass;
}

export class TsdlTypes {
  readonly #tokens: TsdlTokens;
  readonly #littleEndian: boolean;
  #depth = 0;

  /** @param littleEndian the trace's byte order */
  constructor(tokens: TsdlTokens, littleEndian: boolean) {
    this.#tokens = tokens;
    this.#littleEndian = littleEndian;
  }

  /** Whether a declaration of types begins here. */
  isDeclaration(): boolean {
    const token = this.#tokens.peek();
    return token.kind === 'word' && DECLARATIONS.has(token.text);
  }

  /** `typealias ... ;`, `typedef ... ;` or a named struct, variant or enum. */
  parseDeclaration(scope: TsdlScope): void {
    const tokens = this.#tokens;
    if (tokens.take('typealias')) {
      const { fieldClass } = this.#declarator(this.parseType(scope), true);
      tokens.expect(':=');
      scope.aliases.set(this.#aliasName(), fieldClass);
    } else if (tokens.take('typedef')) {
      for (const { name, fieldClass } of this.#declarators(this.parseType(scope))) {
        if (name !== undefined) scope.aliases.set(name, fieldClass);
      }
    } else this.parseType(scope);
    tokens.expect(';');
  }

  parseType(scope: TsdlScope): FieldClass {
    const tokens = this.#tokens;
    const start = tokens.peek();
    if (++this.#depth > MAXIMUM_DEPTH) throw tokens.error(`types nested deeper than ${MAXIMUM_DEPTH}`, start);
    try {
      while (tokens.take('const'));
      if (tokens.take('integer')) return parseIntegerClass(tokens, this.#littleEndian);
      if (tokens.take('floating_point')) return parseFloatClass(tokens, this.#littleEndian);
      if (tokens.take('string')) return parseTextClass(tokens);
      if (tokens.take('enum')) return this.#enumeration(scope);
      if (tokens.take('struct')) return this.#structure(scope);
      if (tokens.take('variant')) return this.#variant(scope);
      const name = this.#typeName();
      const fieldClass = scope.alias(name);
      if (fieldClass === undefined) throw tokens.error(`no type is called ${name}`, start);
      return fieldClass;
    } finally {
      this.#depth--;
    }
  }

  /** Words of C types, or one name of a type; then stars. */
  #typeName(): string {
    const tokens = this.#tokens;
    const words: string[] = [];
    for (;;) {
      const { kind, text } = tokens.peek();
      if (kind !== 'word') break;
      if (text === 'const') tokens.next();
      else if (C_WORDS.has(text)) words.push(tokens.expectWord('a type'));
      else break;
    }
    if (words.length === 0) {
      const { kind, text } = tokens.peek();
      if (kind !== 'word' || isTsdlKeyword(text)) throw tokens.wrong('a type');
      words.push(tokens.expectWord('a type'));
    }
    for (; ; tokens.next()) {
      if (tokens.isNext('*')) words.push('*');
      else if (!tokens.isNext('const')) break;
    }
    return words.join(' ');
  }

  #aliasName(): string {
    const { text } = this.#tokens.peek();
    // An alias may have the name of a class that has a keyword of its own: `typealias integer {...} := float`.
    if (text === 'string' || text === 'floating_point' || text === 'integer')
      return this.#tokens.expectWord('a name');
    return this.#typeName();
  }

  #structure(scope: TsdlScope): StructureClass {
    const tokens = this.#tokens;
    const start = tokens.peek();
    const name = tokens.isNext('{') ? undefined : tokens.expectWord('a name or {');
    if (!tokens.isNext('{')) {
      const known = scope.structure(name!);
      if (known === undefined) throw tokens.error(`no structure is called ${name}`, start);
      return known;
    }
    const members = this.#members(scope);
    let minimumAlignBits = 1;
    const at = tokens.peek();
    if (tokens.take('align')) {
      tokens.expect('(');
      const align = tokens.expectInteger('an alignment');
      if (align < 1n || align > MAXIMUM_ALIGN_BITS) {
        throw tokens.error(`an alignment must be from 1 to ${MAXIMUM_ALIGN_BITS}`, at);
      }
      minimumAlignBits = checkAlign(tokens, Number(align), at)!;
      tokens.expect(')');
    }
    const structure: StructureClass = { kind: 'structure', members, minimumAlignBits };
    if (name !== undefined) scope.structures.set(name, structure);
    return structure;
  }

  /** `{ type a, b[2]; ... }`; the names are unique, and lose the underscore that protects them. */
  #members(outer: TsdlScope): StructureMember[] {
    const tokens = this.#tokens;
    const scope = new TsdlScope(outer);
    const raw = new Map<string, FieldClass>();
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.isNext('typealias') || tokens.isNext('typedef')) {
        this.parseDeclaration(scope);
        continue;
      }
      const fieldClass = this.parseType(scope);
      // A named type may be declared here without a field of it.
      if (tokens.take(';')) continue;
      const start = tokens.peek();
      for (const { name, fieldClass: declared } of this.#declarators(fieldClass)) {
        if (name === undefined) throw tokens.error('a field needs a name', start);
        if (raw.has(name)) throw tokens.error(`two fields are called ${name}`, start);
        this.#requireTag(declared, name);
        raw.set(name, declared);
      }
      tokens.expect(';');
    }
    return [...raw].map(([rawName, fieldClass]) => {
      const bare = rawName.length > 1 && rawName[0] === '_' ? rawName.slice(1) : rawName;
      return { rawName, fieldClass, name: raw.has(bare) ? rawName : bare };
    });
  }

  #requireTag(fieldClass: FieldClass, name: string): void {
    const inner = fieldClass.kind === 'array' ? fieldClass.element : fieldClass;
    if (inner.kind === 'variant' && inner.selector === undefined) {
      throw this.#tokens.error(`the variant ${name} has no tag`, this.#tokens.peek());
    }
  }

  #variant(scope: TsdlScope): VariantClass {
    const tokens = this.#tokens;
    const start = tokens.peek();
    const name = tokens.isNext('{') || tokens.isNext('<') ? undefined : tokens.expectWord('a name, < or {');
    let selector: FieldReference | undefined;
    if (tokens.take('<')) {
      selector = this.#reference();
      tokens.expect('>');
    }
    if (!tokens.isNext('{')) {
      const known = name === undefined ? undefined : scope.variant(name);
      if (known === undefined) throw tokens.error(`no variant is called ${name ?? 'so'}`, start);
      return { ...known, selector: selector ?? known.selector };
    }
    const options: VariantOption[] = this.#members(scope).map((member) => ({
      name: member.name,
      label: member.rawName,
      ranges: [],
      fieldClass: member.fieldClass,
    }));
    if (options.length === 0) throw tokens.error('a variant needs at least one option', start);
    const variant: VariantClass = { kind: 'variant', selector, options };
    if (name !== undefined) scope.variants.set(name, variant);
    return variant;
  }

  #enumeration(scope: TsdlScope): IntegerClass {
    const tokens = this.#tokens;
    const start = tokens.peek();
    const name = tokens.isNext('{') || tokens.isNext(':') ? undefined : tokens.expectWord('a name, : or {');
    if (name !== undefined && !tokens.isNext('{') && !tokens.isNext(':')) {
      const known = scope.enumeration(name);
      if (known === undefined) throw tokens.error(`no enumeration is called ${name}`, start);
      return known;
    }
    const container = tokens.take(':') ? this.parseType(scope) : scope.alias('int');
    if (container === undefined)
      throw tokens.error('an enumeration without a type needs one called int', start);
    if (container.kind !== 'integer') throw tokens.error('an enumeration must be of an integer type', start);
    const enumeration: IntegerClass = { ...container, mappings: this.#enumerators(), encoding: undefined };
    if (name !== undefined) scope.enumerations.set(name, enumeration);
    return enumeration;
  }

  /** Ranges with the same label are one mapping. */
  #enumerators(): Mapping[] {
    const tokens = this.#tokens;
    const mappings = new Map<string, IntegerRange[]>();
    let next = 0n;
    tokens.expect('{');
    while (!tokens.take('}')) {
      const token = tokens.peek();
      if (token.kind !== 'word' && token.kind !== 'string') throw tokens.wrong('a label');
      tokens.next();
      let from = next;
      let to = next;
      if (tokens.take('=')) {
        from = tokens.expectInteger('a number');
        to = tokens.take('...') ? tokens.expectInteger('a number') : from;
        if (to < from) throw tokens.error(`the range of ${token.text} ends before it begins`, token);
        if (to - from > 1n << BigInt(MAXIMUM_INTEGER_BITS)) throw tokens.error('a range too wide', token);
      }
      const ranges = mappings.get(token.text);
      const range = { from: narrow(from), to: narrow(to) };
      if (ranges === undefined) mappings.set(token.text, [range]);
      else ranges.push(range);
      next = to + 1n;
      if (!tokens.isNext('}')) tokens.expect(',');
    }
    return [...mappings].map(([label, ranges]) => ({ label, ranges }));
  }

  #declarators(fieldClass: FieldClass): Declared[] {
    const declared = [this.#declarator(fieldClass, false)];
    while (this.#tokens.take(',')) declared.push(this.#declarator(fieldClass, false));
    return declared;
  }

  /** A name with the lengths of arrays behind it: `a[2][n]` is two arrays of n. */
  #declarator(fieldClass: FieldClass, isAbstract: boolean): Declared {
    const tokens = this.#tokens;
    const name = isAbstract ? undefined : tokens.expectWord('a name');
    const lengths: (number | FieldReference)[] = [];
    while (tokens.take('[')) {
      if (lengths.length === MAXIMUM_DEPTH) throw tokens.wrong(`at most ${MAXIMUM_DEPTH} lengths`);
      lengths.push(this.#length());
      tokens.expect(']');
    }
    let whole = fieldClass;
    for (const length of lengths.reverse()) {
      whole = { kind: 'array', element: whole, length, minimumAlignBits: 1 };
    }
    return { name, fieldClass: whole };
  }

  #length(): number | FieldReference {
    const token = this.#tokens.peek();
    if (token.kind === 'word') return this.#reference();
    const length = this.#tokens.expectInteger('a length');
    if (length < 0n || length > MAXIMUM_ARRAY) {
      throw this.#tokens.error(`the length of an array must be from 0 to ${MAXIMUM_ARRAY}`, token);
    }
    return Number(length);
  }

  #reference(): FieldReference {
    const tokens = this.#tokens;
    const path = [tokens.expectWord('the name of a field')];
    while (tokens.take('.') || tokens.take('->')) path.push(tokens.expectWord('the name of a field'));
    for (const [prefix, scope] of ABSOLUTE) {
      if (path.length > prefix.length && prefix.every((word, index) => path[index] === word)) {
        return { scope, path: path.slice(prefix.length), isSearched: false };
      }
    }
    return { scope: undefined, path, isSearched: true };
  }
}
