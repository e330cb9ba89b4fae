/**
 * The maps that an object defines: in section `.maps` by the types of their variables (BTF), in section `maps` by
 * `struct bpf_map_def`, and one for each section of variables (.data, .rodata, .bss), whose only value is the section.
 */
import { UnsupportedError } from '../../base/index.ts';
import { BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, checkMapSpec, type MapSpec } from '../maps/map-spec.ts';
import { BTF_KIND_ARRAY, BTF_KIND_PTR, BTF_KIND_STRUCT, Btf } from './btf.ts';
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHT_NOBITS,
  SHT_PROGBITS,
  STT_OBJECT,
} from './elf-file.ts';

/** A variable in the value of a section's map. */
interface ObjectVariable {
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

export interface ObjectMap {
  readonly spec: MapSpec;
  /** What the value of a section of variables begins with; undefined for zero, and for other maps. */
  readonly initial: Uint8Array | undefined;
  /** For a section of variables: what is in it. */
  readonly variables: readonly ObjectVariable[] | undefined;
}

/** The maps, and which of them a place in the file stands for. */
export interface MapDefinitions {
  readonly maps: readonly ObjectMap[];
  /** The number of the map that begins at this place of a section. */
  indexOf(section: number, offset: number): number | undefined;
  /** The number of the map that a section of variables is. */
  indexOfSection(section: number): number | undefined;
}

/** bpf_map_def: type, key_size, value_size, max_entries, map_flags, 32 bits each. Longer ones exist: the rest is 0. */
const MAP_DEF_BYTES = 20;

/** @throws FormatError, UnsupportedError, MapError */
export function decodeMapDefinitions(elf: ElfFile): MapDefinitions {
  const maps: ObjectMap[] = [];
  const places = new Map<string, number>();
  const sections = new Map<number, number>();
  for (const section of elf.sections) {
    if (section.name === '.maps' || section.name === 'maps') {
      const definitions = objectsIn(elf, section);
      const specs =
        section.name === 'maps'
          ? definitions.map((symbol) => decodeMapDef(section, symbol))
          : decodeBtfMaps(elf, section, definitions);
      specs.forEach((spec, n) => {
        places.set(`${section.index}:${definitions[n]!.value}`, maps.length);
        maps.push({ spec, initial: undefined, variables: undefined });
      });
    } else if (isVariables(section)) {
      checkVariables(elf, section);
      sections.set(section.index, maps.length);
      maps.push(sectionMap(elf, section));
    }
  }
  for (const { spec } of maps) checkMapSpec(spec);
  return {
    maps,
    indexOf: (section, offset) => places.get(`${section}:${offset}`),
    indexOfSection: (section) => sections.get(section),
  };
}

function objectsIn({ symbols }: ElfFile, { index }: ElfSection): ElfSymbol[] {
  return symbols
    .filter(({ section, type }) => section === index && type === STT_OBJECT)
    .sort((a, b) => a.value - b.value);
}

function isVariables({ name, type, flags, sizeBytes }: ElfSection): boolean {
  const isData = (type === SHT_PROGBITS || type === SHT_NOBITS) && sizeBytes > 0;
  return (
    isData && (flags & (SHF_ALLOC | SHF_EXECINSTR)) === SHF_ALLOC && /^\.(data|rodata|bss)(\.|$)/.test(name)
  );
}

function checkVariables({ relocations }: ElfFile, { index, name }: ElfSection): void {
  const [relocation] = relocations.get(index) ?? [];
  if (relocation === undefined) return;
  throw new UnsupportedError(
    `section ${name} holds the address of ${relocation.symbol.name || 'something'} at ${relocation.offset}: ` +
      'expected variables without addresses of others in their initial values',
    'variables without addresses',
  );
}

function sectionMap(elf: ElfFile, section: ElfSection): ObjectMap {
  const { name, type, sizeBytes, content } = section;
  return {
    spec: {
      name,
      type: BPF_MAP_TYPE_ARRAY,
      keyBytes: 4,
      valueBytes: sizeBytes,
      maxEntries: 1,
      flags: name.startsWith('.rodata') ? BPF_F_RDONLY_PROG : 0,
    },
    initial: type === SHT_NOBITS ? undefined : content.bytes(0, sizeBytes).slice(),
    variables: objectsIn(elf, section)
      .filter(({ value, sizeBytes: bytes }) => value + bytes <= sizeBytes)
      .map(({ name, value, sizeBytes: bytes }) => ({ name, offset: value, lengthBytes: bytes })),
  };
}

function decodeMapDef({ content }: ElfSection, { name, value, sizeBytes }: ElfSymbol): MapSpec {
  if (sizeBytes < MAP_DEF_BYTES) {
    throw content.fault(
      value,
      `map ${name} of ${sizeBytes} bytes, expected a struct bpf_map_def of ${MAP_DEF_BYTES}`,
    );
  }
  for (let at = MAP_DEF_BYTES; at + 4 <= sizeBytes; at += 4) {
    if (content.u32(value + at) !== 0)
      throw content.fault(value + at, `map ${name}: a field that is not known is not 0`);
  }
  return {
    name,
    type: content.u32(value),
    keyBytes: content.u32(value + 4),
    valueBytes: content.u32(value + 8),
    maxEntries: content.u32(value + 12),
    flags: content.u32(value + 16),
  };
}

function decodeBtfMaps(elf: ElfFile, section: ElfSection, definitions: readonly ElfSymbol[]): MapSpec[] {
  if (definitions.length === 0) return [];
  const types = elf.sections.find(({ name }) => name === '.BTF');
  if (types === undefined) {
    throw new UnsupportedError(
      `map ${definitions[0]!.name}: the object has no type information that says what it is: expected clang -g`,
      'clang -g',
    );
  }
  const btf = new Btf(types.content);
  const variables = btf.variables();
  return definitions.map(({ name, value }) => {
    const type = variables.get(name);
    if (type === undefined) throw section.content.fault(value, `map ${name} has no type information`);
    return decodeBtfMap(btf, name, type);
  });
}

/** Members: `int (*NAME)[NUMBER]`, or `TYPE *NAME`. */
function decodeBtfMap(btf: Btf, name: string, type: number): MapSpec {
  const refuse = (why: string): never => {
    throw new UnsupportedError(
      `map ${name}: ${why}`,
      '__uint and __type of type, max_entries, map_flags, key, value',
    );
  };
  const struct = btf.resolve(type);
  if (btf.kindOf(struct) !== BTF_KIND_STRUCT) refuse('expected a struct');
  const found: Partial<Record<Exclude<keyof MapSpec, 'name'>, number>> = {};
  for (const member of btf.members(struct)) {
    const pointer = btf.resolve(member.type);
    if (btf.kindOf(pointer) !== BTF_KIND_PTR) refuse(`member ${member.name} is no pointer`);
    const pointee = btf.resolve(btf.pointee(pointer));
    const number = () =>
      btf.kindOf(pointee) === BTF_KIND_ARRAY
        ? btf.array(pointee).count
        : refuse(`member ${member.name} is no __uint`);
    const size = () => btf.sizeBytes(pointee) ?? refuse(`the ${member.name} has no size`);
    switch (member.name) {
      case 'type':
        found.type = number();
        break;
      case 'key':
        found.keyBytes = size();
        break;
      case 'key_size':
        found.keyBytes = number();
        break;
      case 'value':
        found.valueBytes = size();
        break;
      case 'value_size':
        found.valueBytes = number();
        break;
      case 'max_entries':
        found.maxEntries = number();
        break;
      case 'map_flags':
        found.flags = number();
        break;
      default:
        refuse(`member ${member.name} is not supported`);
    }
  }
  return { name, type: 0, keyBytes: 0, valueBytes: 0, maxEntries: 0, flags: 0, ...found };
}
