/** Alignments and sizes of classes in bits, as far as they do not depend on data (CTF2-SPEC-2.0, section 6.2). */
import { type FieldClass, isReference } from './trace-class.ts';

/** Of the place at which a field of the class must begin. */
export function alignmentOf(fieldClass: FieldClass): number {
  switch (fieldClass.kind) {
    case 'structure':
      return fieldClass.members.reduce(
        (most, member) => Math.max(most, alignmentOf(member.fieldClass)),
        fieldClass.minimumAlignBits,
      );
    case 'array':
      return Math.max(fieldClass.minimumAlignBits, alignmentOf(fieldClass.element));
    case 'variant':
    case 'optional':
      return 1;
    default:
      return fieldClass.alignBits;
  }
}

/** From where its alignment is met; undefined when it depends on the data. */
export function sizeOf(fieldClass: FieldClass): number | undefined {
  switch (fieldClass.kind) {
    case 'integer':
    case 'boolean':
    case 'bits':
    case 'float':
      return fieldClass.sizeBits;
    case 'text':
    case 'blob':
      return typeof fieldClass.lengthBytes === 'number' ? fieldClass.lengthBytes * 8 : undefined;
    case 'array': {
      if (isReference(fieldClass.length)) return undefined;
      const size = sizeOf(fieldClass.element);
      if (size === undefined || fieldClass.length === 0) return size && 0;
      return (fieldClass.length - 1) * roundUp(size, alignmentOf(fieldClass.element)) + size;
    }
    case 'structure': {
      let size = 0;
      for (const { fieldClass: member } of fieldClass.members) {
        const memberSize = sizeOf(member);
        if (memberSize === undefined) return undefined;
        size = roundUp(size, alignmentOf(member)) + memberSize;
      }
      return size;
    }
    default:
      return undefined;
  }
}

function roundUp(size: number, alignBits: number): number {
  return Math.ceil(size / alignBits) * alignBits;
}
