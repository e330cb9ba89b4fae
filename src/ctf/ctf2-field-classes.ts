/** The field classes of CTF 2 (CTF2-SPEC-2.0, section 5.3), from JSON. A string in place of one is the name of an alias. */
import { isInteger, isObject, type JsonFields } from './json-fields.ts';
import type { JsonObject, JsonValue } from './json-sequence.ts';
import {
  type BitsClass,
  type Encoding,
  type FieldClass,
  type FieldReference,
  type IntegerRange,
  type Mapping,
  type Role,
  SCOPES,
  type ScopeName,
  type StructureClass,
} from './trace-class.ts';
import { MAXIMUM_ALIGN_BITS, MAXIMUM_INTEGER_BITS } from './tsdl-attributes.ts';

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'utf-8': 'utf-8',
  'utf-16be': 'utf-16be',
  'utf-16le': 'utf-16le',
  'utf-32be': 'utf-32be',
  'utf-32le': 'utf-32le',
};

const ROLES: ReadonlySet<string> = new Set<Role>([
  'packet-magic-number',
  'metadata-stream-uuid',
  'data-stream-class-id',
  'data-stream-id',
  'packet-total-length',
  'packet-content-length',
  'packet-sequence-number',
  'packet-end-default-clock-timestamp',
  'default-clock-timestamp',
  'discarded-event-record-counter-snapshot',
  'event-record-class-id',
]);

const MAXIMUM_LENGTH = Number.MAX_SAFE_INTEGER;
const MAXIMUM_DEPTH = 64;

export class Ctf2FieldClasses {
  readonly #json: JsonFields;
  readonly #aliases = new Map<string, FieldClass>();
  #depth = 0;

  constructor(json: JsonFields) {
    this.#json = json;
  }

  /** `field-class-alias` fragments; what comes after may use the name. */
  addAlias(fragment: JsonObject): void {
    const name = this.#json.string(fragment, 'name');
    if (this.#aliases.has(name)) throw this.#json.error(fragment, `a second alias called ${name}`);
    this.#aliases.set(name, this.#inner(fragment, 'field-class'));
  }

  optionalStructure(of: JsonObject, key: string): StructureClass | undefined {
    if (!of.entries.has(key)) return undefined;
    const fieldClass = this.#inner(of, key);
    if (fieldClass.kind !== 'structure') throw this.#json.error(of, `${key} must be a structure`);
    return fieldClass;
  }

  #inner(of: JsonObject, key: string): FieldClass {
    const value = of.entries.get(key);
    if (value === undefined) throw this.#json.error(of, `${key} is missing`);
    if (typeof value === 'string') {
      const known = this.#aliases.get(value);
      if (known === undefined) throw this.#json.error(of, `no field class is called ${value}`);
      return known;
    }
    const object = this.#json.object(value, key, of);
    if (++this.#depth > MAXIMUM_DEPTH) {
      throw this.#json.error(object, `field classes nested deeper than ${MAXIMUM_DEPTH}`);
    }
    const fieldClass = this.#parse(object);
    this.#depth--;
    return fieldClass;
  }

  #parse(of: JsonObject): FieldClass {
    const json = this.#json;
    const type = json.string(of, 'type');
    switch (type) {
      case 'fixed-length-bit-array':
        return { kind: 'bits', ...this.#bits(of), flags: undefined };
      case 'fixed-length-bit-map':
        return { kind: 'bits', ...this.#bits(of), flags: this.#flags(of) };
      case 'fixed-length-boolean':
        return { kind: 'boolean', ...this.#bits(of) };
      case 'fixed-length-unsigned-integer':
      case 'fixed-length-signed-integer':
        return {
          kind: 'integer',
          ...this.#bits(of),
          ...this.#integer(of, type.endsWith('-signed-integer')),
          clock: undefined,
          encoding: undefined,
        };
      case 'variable-length-unsigned-integer':
      case 'variable-length-signed-integer':
        return {
          kind: 'variable-integer',
          alignBits: 8,
          ...this.#integer(of, type.endsWith('-signed-integer')),
        };
      case 'fixed-length-floating-point-number': {
        const bits = this.#bits(of);
        const { sizeBits } = bits;
        if (
          sizeBits !== 16 &&
          sizeBits !== 32 &&
          sizeBits !== 64 &&
          (sizeBits < 128 || sizeBits % 32 !== 0)
        ) {
          throw json.error(
            of,
            `the length of a floating-point number must be 16, 32, 64, 128 or k * 32, got ${sizeBits}`,
          );
        }
        return { kind: 'float', ...bits };
      }
      case 'null-terminated-string':
        return { kind: 'text', alignBits: 8, encoding: this.#encoding(of), lengthBytes: undefined };
      case 'static-length-string':
        return { kind: 'text', alignBits: 8, encoding: this.#encoding(of), lengthBytes: this.#length(of) };
      case 'dynamic-length-string':
        return {
          kind: 'text',
          alignBits: 8,
          encoding: this.#encoding(of),
          lengthBytes: this.#location(of, 'length-field-location'),
        };
      case 'static-length-blob':
        return { kind: 'blob', alignBits: 8, lengthBytes: this.#length(of), roles: this.#roles(of) };
      case 'dynamic-length-blob':
        return {
          kind: 'blob',
          alignBits: 8,
          lengthBytes: this.#location(of, 'length-field-location'),
          roles: [],
        };
      case 'structure':
        return this.#structure(of);
      case 'static-length-array':
      case 'dynamic-length-array':
        return {
          kind: 'array',
          element: this.#inner(of, 'element-field-class'),
          length: type[0] === 's' ? this.#length(of) : this.#location(of, 'length-field-location'),
          minimumAlignBits: this.#align(of, 'minimum-alignment'),
        };
      case 'optional':
        return {
          kind: 'optional',
          content: this.#inner(of, 'field-class'),
          selector: this.#location(of, 'selector-field-location'),
          ranges: of.entries.has('selector-field-ranges') ? this.#ranges(of) : undefined,
        };
      case 'variant':
        return this.#variant(of);
      default:
        throw json.error(of, `no field class has the type ${type}`);
    }
  }

  #bits(of: JsonObject): Omit<BitsClass, 'kind' | 'flags'> {
    const json = this.#json;
    const littleEndian = json.choice(of, 'byte-order', { 'little-endian': true, 'big-endian': false });
    if (littleEndian === undefined) throw json.error(of, 'byte-order is missing');
    const isFirstToLast =
      json.choice(of, 'bit-order', { 'first-to-last': true, 'last-to-first': false }) ?? littleEndian;
    return {
      sizeBits: json.number(of, 'length', 1, MAXIMUM_INTEGER_BITS),
      alignBits: this.#align(of, 'alignment'),
      littleEndian,
      isReversed: isFirstToLast !== littleEndian,
    };
  }

  #integer(
    of: JsonObject,
    isSigned: boolean,
  ): {
    isSigned: boolean;
    base: 2 | 8 | 10 | 16;
    mappings: readonly Mapping[] | undefined;
    roles: readonly Role[];
  } {
    const base = this.#json.optionalNumber(of, 'preferred-display-base', 2, 16) ?? 10;
    if (base !== 2 && base !== 8 && base !== 10 && base !== 16) {
      throw this.#json.error(of, `preferred-display-base must be 2, 8, 10 or 16, got ${base}`);
    }
    const mappings = of.entries.has('mappings') ? this.#mappings(of, 'mappings') : [];
    return {
      isSigned,
      base,
      mappings: mappings.length === 0 ? undefined : mappings,
      roles: isSigned ? [] : this.#roles(of),
    };
  }

  #mappings(of: JsonObject, key: string): Mapping[] {
    const object = this.#json.object(of.entries.get(key) ?? null, key, of);
    return [...object.entries].map(([label, ranges]) => ({
      label,
      ranges: this.#rangeList(ranges, label, object),
    }));
  }

  #flags(of: JsonObject): Mapping[] {
    const flags = this.#mappings(of, 'flags');
    for (const { label, ranges } of flags) {
      if (ranges.some(({ from, to }) => from < 0 || to >= MAXIMUM_INTEGER_BITS)) {
        throw this.#json.error(of, `the flag ${label} has bits below 0 or above ${MAXIMUM_INTEGER_BITS - 1}`);
      }
    }
    return flags;
  }

  #ranges(of: JsonObject): IntegerRange[] {
    return this.#rangeList(of.entries.get('selector-field-ranges') ?? null, 'selector-field-ranges', of);
  }

  #rangeList(value: JsonValue, what: string, at: JsonObject): IntegerRange[] {
    const wrong = () => this.#json.error(at, `${what} must be an array of ranges [from, to]`);
    if (typeof value !== 'object' || value === null || value.kind !== 'array') throw wrong();
    return value.items.map((item) => {
      if (typeof item !== 'object' || item === null || item.kind !== 'array') throw wrong();
      const [from, to, more] = item.items;
      if (from === undefined || to === undefined || more !== undefined) throw wrong();
      if (!isInteger(from) || !isInteger(to) || from > to) throw wrong();
      return { from, to };
    });
  }

  #roles(of: JsonObject): Role[] {
    return (this.#json.optionalArray(of, 'roles') ?? []).filter(
      (role): role is Role => typeof role === 'string' && ROLES.has(role),
    );
  }

  #encoding(of: JsonObject): Encoding {
    return this.#json.choice(of, 'encoding', ENCODINGS) ?? 'utf-8';
  }

  #length(of: JsonObject): number {
    return this.#json.number(of, 'length', 0, MAXIMUM_LENGTH);
  }

  #align(of: JsonObject, key: string): number {
    const align = this.#json.optionalNumber(of, key, 1, MAXIMUM_ALIGN_BITS) ?? 1;
    if ((align & (align - 1)) !== 0)
      throw this.#json.error(of, `${key} must be a power of two, got ${align}`);
    return align;
  }

  #location(of: JsonObject, key: string): FieldReference {
    const location = this.#json.optionalObject(of, key);
    if (location === undefined) throw this.#json.error(of, `${key} is missing`);
    const path = this.#json.array(location, 'path').map((name) => {
      if (name !== null && typeof name !== 'string') {
        throw this.#json.error(location, 'path must be of strings and null');
      }
      return name ?? undefined;
    });
    if (path.length === 0) throw this.#json.error(location, 'path must not be empty');
    const scopes = Object.fromEntries(SCOPES.map((scope) => [scope, scope])) as Record<string, ScopeName>;
    return { scope: this.#json.choice(location, 'origin', scopes), path, isSearched: false };
  }

  #structure(of: JsonObject): StructureClass {
    const names = new Set<string>();
    const members = (this.#json.optionalArray(of, 'member-classes') ?? []).map((item) => {
      const member = this.#json.object(item, 'a member class', of);
      const name = this.#json.string(member, 'name');
      if (names.has(name)) throw this.#json.error(member, `two members are called ${name}`);
      names.add(name);
      return { name, rawName: name, fieldClass: this.#inner(member, 'field-class') };
    });
    return { kind: 'structure', members, minimumAlignBits: this.#align(of, 'minimum-alignment') };
  }

  #variant(of: JsonObject): FieldClass {
    const options = this.#json.array(of, 'options').map((item) => {
      if (!isObject(item)) throw this.#json.error(of, 'an option must be an object');
      return {
        name: this.#json.optionalString(item, 'name') ?? '',
        label: undefined,
        ranges: this.#ranges(item),
        fieldClass: this.#inner(item, 'field-class'),
      };
    });
    if (options.length === 0) throw this.#json.error(of, 'a variant needs at least one option');
    return { kind: 'variant', selector: this.#location(of, 'selector-field-location'), options };
  }
}
