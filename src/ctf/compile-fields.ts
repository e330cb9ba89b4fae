/**
 * Field trees into codecs: closures that are specialised when the metadata is read. Where a place is known, its alignment costs nothing
 * and neighbours of constant size are skipped in one step. Trees must be linked (link-fields.ts).
 */
import { assertUnreachable } from '../base/index.ts';
import { arrayCodec } from './array-codec.ts';
import { afterAlign, afterField, aligner, type FieldCodec, type KnownPlace, padding } from './field-codec.ts';
import { type FieldNode, slotsWithin } from './field-node.ts';
import { type FieldReader, StreamDamage } from './field-reader.ts';
import { alignmentOf } from './field-size.ts';
import type { FieldValue } from './field-value.ts';
import { integerCodec, variableIntegerCodec } from './integer-codec.ts';
import { blobCodec, floatCodec, textCodec } from './text-codec.ts';
import type { IntegerRange, OptionalClass, StructureClass, VariantClass } from './trace-class.ts';

interface MemberCodec {
  readonly name: string;
  readonly codec: FieldCodec;
  /** Goes on to where the member begins from the end of the one before; undefined when that is there. */
  readonly enter: ((reader: FieldReader) => void) | undefined;
  /** From the structure's beginning, in bits; undefined when it depends on the data. */
  readonly offset: number | undefined;
}

export interface StructureCodec extends FieldCodec {
  readonly members: readonly MemberCodec[];
  readonly decode: (reader: FieldReader) => { readonly [name: string]: FieldValue };
}

/** @param place where the field begins; its alignment is met there */
function compileField(node: FieldNode, place: KnownPlace): FieldCodec {
  const { fieldClass } = node;
  switch (fieldClass.kind) {
    case 'integer':
    case 'boolean':
    case 'bits':
      return integerCodec(fieldClass, node, place);
    case 'variable-integer':
      return variableIntegerCodec(fieldClass, node);
    case 'float':
      return floatCodec(fieldClass, place);
    case 'text':
      return textCodec(fieldClass, node);
    case 'blob':
      return blobCodec(fieldClass, node);
    case 'array':
      return arrayCodec(fieldClass, node, place, compileField);
    case 'structure':
      return compileStructure(fieldClass, node, place);
    case 'variant':
      return compileVariant(fieldClass, node, place);
    case 'optional':
      return compileOptional(fieldClass, node, place);
    default:
      return assertUnreachable(fieldClass);
  }
}

export function compileStructure(
  fieldClass: StructureClass,
  node: FieldNode,
  start: KnownPlace,
): StructureCodec {
  const members: MemberCodec[] = [];
  let place = start;
  let offset: number | undefined = 0;
  fieldClass.members.forEach(({ name, fieldClass: inner }, index) => {
    const alignBits = alignmentOf(inner);
    const enter = aligner(place, alignBits);
    if (offset !== undefined)
      offset = place.modulus < alignBits ? undefined : offset + padding(place, alignBits);
    place = afterAlign(place, alignBits);
    const codec = compileField(node.children[index]!, place);
    members.push({ name, codec, enter, offset });
    offset = offset === undefined || codec.sizeBits === undefined ? undefined : offset + codec.sizeBits;
    place = afterField(place, codec);
  });
  return {
    alignBits: alignmentOf(fieldClass),
    sizeBits: offset,
    isPlain: offset !== undefined && members.every(({ codec }) => codec.isPlain),
    endsAtByte: place.modulus % 8 === 0 && place.residue % 8 === 0,
    members,
    skip: sequence(skipSteps(members)),
    decode: structureDecoder(members),
  };
}

/** One step for each run of members of constant size that need nothing done. */
function skipSteps(members: readonly MemberCodec[]): ((reader: FieldReader) => void)[] {
  const steps: ((reader: FieldReader) => void)[] = [];
  let at: number | undefined = 0;
  let pending = 0;
  const flush = (): void => {
    const bits = pending;
    if (bits > 0) steps.push((reader) => reader.advance(bits));
    pending = 0;
  };
  for (const { codec, enter, offset } of members) {
    if (offset !== undefined && at !== undefined) pending += offset - at;
    else if (enter !== undefined) {
      flush();
      steps.push(enter);
    }
    if (codec.isPlain) pending += codec.sizeBits!;
    else {
      flush();
      steps.push(codec.skip);
    }
    at = offset === undefined || codec.sizeBits === undefined ? undefined : offset + codec.sizeBits;
  }
  flush();
  return steps;
}

function sequence(steps: readonly ((reader: FieldReader) => void)[]): (reader: FieldReader) => void {
  const [first, second, third] = steps;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  if (third === undefined) {
    return (reader) => {
      first(reader);
      second(reader);
    };
  }
  return (reader) => {
    for (let index = 0; index < steps.length; index++) steps[index]!(reader);
  };
}

function structureDecoder(members: readonly MemberCodec[]): StructureCodec['decode'] {
  return (reader) => {
    const value: Record<string, FieldValue> = {};
    for (let index = 0; index < members.length; index++) {
      const { name, codec, enter } = members[index]!;
      if (enter !== undefined) enter(reader);
      setField(value, name, codec.decode(reader));
    }
    return value;
  };
}

/** Names come from metadata: one of them must not reach the object's prototype. */
export function setField(into: Record<string, FieldValue>, name: string, value: FieldValue): void {
  if (name === '__proto__') {
    Object.defineProperty(into, name, { value, enumerable: true, writable: true, configurable: true });
  } else into[name] = value;
}

/** A codec behind the alignment that its place needs. */
interface Entered {
  readonly skip: (reader: FieldReader) => void;
  readonly decode: (reader: FieldReader) => FieldValue;
  readonly endsAtByte: boolean;
}

function compileEntered(node: FieldNode, place: KnownPlace): Entered {
  const alignBits = alignmentOf(node.fieldClass);
  const enter = aligner(place, alignBits);
  const inside = afterAlign(place, alignBits);
  const codec = compileField(node, inside);
  const after = afterField(inside, codec);
  const endsAtByte = after.modulus % 8 === 0 && after.residue % 8 === 0;
  if (enter === undefined) return { skip: codec.skip, decode: codec.decode, endsAtByte };
  return {
    endsAtByte,
    skip: (reader) => {
      enter(reader);
      codec.skip(reader);
    },
    decode: (reader) => {
      enter(reader);
      return codec.decode(reader);
    },
  };
}

function isIn(value: number | bigint, ranges: readonly IntegerRange[]): boolean {
  for (const { from, to } of ranges) if (from <= value && value <= to) return true;
  return false;
}

/** Empties the slots of what may not be there, so that nobody takes the values of an event before. */
function forgetting(node: FieldNode): (reader: FieldReader) => void {
  const slots = node.children.flatMap(slotsWithin);
  if (slots.length === 0) return () => {};
  return (reader) => {
    for (const slot of slots) reader.slots[slot] = undefined;
  };
}

function compileVariant(fieldClass: VariantClass, node: FieldNode, place: KnownPlace): FieldCodec {
  const options = node.children.map((child, index) => ({
    ...compileEntered(child, place),
    ranges: node.ranges[index]!,
  }));
  const { source } = node;
  const forget = forgetting(node);
  const selected = (reader: FieldReader): Entered => {
    const value = reader.slots[source];
    if (value !== undefined) for (const option of options) if (isIn(value, option.ranges)) return option;
    throw new StreamDamage(
      `no option of a variant is selected by ${value}, expected one of ${fieldClass.options.map(({ name }) => name).join(', ')}`,
    );
  };
  return {
    alignBits: 1,
    sizeBits: undefined,
    isPlain: false,
    endsAtByte: options.every(({ endsAtByte }) => endsAtByte),
    skip: (reader) => {
      const option = selected(reader);
      forget(reader);
      option.skip(reader);
    },
    decode: (reader) => {
      const option = selected(reader);
      forget(reader);
      return option.decode(reader);
    },
  };
}

function compileOptional(fieldClass: OptionalClass, node: FieldNode, place: KnownPlace): FieldCodec {
  const { ranges } = fieldClass;
  const content = compileEntered(node.children[0]!, place);
  const { source } = node;
  const forget = forgetting(node);
  const isThere = (reader: FieldReader): boolean => {
    const value = reader.slots[source];
    if (value === undefined) throw new StreamDamage('what selects an optional field is not there');
    return ranges === undefined ? value !== 0 && value !== 0n : isIn(value, ranges);
  };
  return {
    alignBits: 1,
    sizeBits: undefined,
    isPlain: false,
    endsAtByte: content.endsAtByte && place.modulus % 8 === 0 && place.residue % 8 === 0,
    skip: (reader) => {
      const there = isThere(reader);
      forget(reader);
      if (there) content.skip(reader);
    },
    decode: (reader) => {
      const there = isThere(reader);
      forget(reader);
      return there ? content.decode(reader) : undefined;
    },
  };
}
