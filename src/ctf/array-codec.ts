/** Arrays with a constant length and with one that another field has; arrays of characters are text (CTF 1.8.3, section 4.2.5). */

import { aligner, type FieldCodec, type KnownPlace } from './field-codec.ts';
import type { FieldNode } from './field-node.ts';
import { type FieldReader, OVERRUN } from './field-reader.ts';
import { alignmentOf, sizeOf } from './field-size.ts';
import type { FieldValue } from './field-value.ts';
import { characterArrayCodec, slotLength } from './text-codec.ts';
import type { ArrayClass } from './trace-class.ts';

/** Of a first array; longer ones grow as their elements are read. */
const FIRST_CAPACITY = 1024;

export function arrayCodec(
  fieldClass: ArrayClass,
  node: FieldNode,
  place: KnownPlace,
  compile: (node: FieldNode, place: KnownPlace) => FieldCodec,
): FieldCodec {
  const alignBits = alignmentOf(fieldClass);
  const constant = typeof fieldClass.length === 'number' ? fieldClass.length : undefined;
  const { element: elementClass } = fieldClass;
  const startsAtByte = place.modulus % 8 === 0 && place.residue % 8 === 0;
  if (
    elementClass.kind === 'integer' &&
    elementClass.encoding !== undefined &&
    elementClass.sizeBits === 8 &&
    elementClass.alignBits <= 8 &&
    startsAtByte
  ) {
    return characterArrayCodec(constant, node, alignBits);
  }
  // Every element begins at its own alignment, and at a byte where the first one does and all are whole bytes.
  const elementAlign = alignmentOf(elementClass);
  const size = sizeOf(elementClass);
  const isWhole = startsAtByte && (elementAlign >= 8 || (size !== undefined && size % 8 === 0));
  const known = isWhole ? Math.max(8, elementAlign) : elementAlign;
  const codec = compile(node.children[0]!, { modulus: known, residue: 0 });
  const stride = size === undefined ? undefined : Math.ceil(size / elementAlign) * elementAlign;
  const enter =
    elementAlign === 1 || (stride !== undefined && stride === size)
      ? undefined
      : aligner({ modulus: 1, residue: 0 }, elementAlign);
  const countOf = constant === undefined ? lengthIn(node.source) : () => constant;

  const eachElement = (reader: FieldReader): void => {
    const count = countOf(reader);
    reader.claimElements(count);
    for (let index = 0; index < count; index++) {
      if (enter !== undefined) enter(reader);
      codec.skip(reader);
    }
  };
  const allAtOnce = (reader: FieldReader): void => {
    const count = countOf(reader);
    reader.claimElements(count);
    if (count > 0) reader.advance((count - 1) * stride! + size!);
  };
  const isPlain = codec.isPlain && stride !== undefined;
  return {
    alignBits,
    sizeBits:
      constant === undefined || stride === undefined
        ? undefined
        : constant === 0
          ? 0
          : (constant - 1) * stride + size!,
    // Elements are claimed when they are skipped, too, so that decoding cannot fail later; those that take a byte each need not be.
    isPlain: isPlain && constant !== undefined && size! >= 8,
    endsAtByte: isWhole && (size === undefined ? codec.endsAtByte : size % 8 === 0),
    skip: isPlain ? allAtOnce : eachElement,
    decode: (reader) => {
      const count = countOf(reader);
      reader.claimElements(count);
      if (isPlain && count > 0 && reader.bit + (count - 1) * stride + size! > reader.limit) throw OVERRUN;
      const values: FieldValue[] = count <= FIRST_CAPACITY ? new Array<FieldValue>(count) : [];
      for (let index = 0; index < count; index++) {
        if (enter !== undefined) enter(reader);
        values[index] = codec.decode(reader);
      }
      return values;
    },
  };
}

function lengthIn(slot: number): (reader: FieldReader) => number {
  return (reader) => slotLength(reader, slot);
}
