/** A field of an event as a DebugAnnotation. */
import { EnumerationValue, type FieldValue } from '../../ctf/index.ts';
import { formatHex } from '../format-value.ts';
import type { InternedNames } from './interned-names.ts';
import type { ProtoWriter } from './proto-writer.ts';
import { debugAnnotation } from './trace-fields.ts';

/** @param field of the message that has the annotation */
export function writeAnnotation(
  writer: ProtoWriter,
  field: number,
  name: string,
  value: FieldValue,
  names: InternedNames,
): void {
  if (value === undefined) return;
  writer.open(field);
  const iid = names.find(name);
  if (iid === undefined) writer.string(debugAnnotation.name, name);
  else writer.uint(debugAnnotation.nameIid, iid);
  writeValue(writer, value, names);
  writer.close();
}

function writeValue(writer: ProtoWriter, value: FieldValue, names: InternedNames): void {
  switch (typeof value) {
    case 'number':
      if (!Number.isSafeInteger(value)) writer.double(debugAnnotation.doubleValue, value);
      else if (value < 0) writer.int(debugAnnotation.intValue, value);
      else writer.uint(debugAnnotation.uintValue, value);
      break;
    case 'bigint':
      if (value < 0n) writer.int(debugAnnotation.intValue, value);
      else writer.uint(debugAnnotation.uintValue, value);
      break;
    case 'boolean':
      writer.bool(debugAnnotation.boolValue, value);
      break;
    case 'string':
      writer.string(debugAnnotation.stringValue, value);
      break;
    case 'undefined':
      break;
    default:
      writeCompound(writer, value, names);
  }
}

function writeCompound(writer: ProtoWriter, value: FieldValue & object, names: InternedNames): void {
  if (value instanceof EnumerationValue) {
    const [label] = value.labels;
    writeValue(writer, label ?? value.value, names);
  } else if (value instanceof Uint8Array) {
    writer.string(debugAnnotation.stringValue, formatHex(value));
  } else if (isArray(value)) {
    for (const element of value) {
      writer.open(debugAnnotation.arrayValues);
      writeValue(writer, element, names);
      writer.close();
    }
  } else {
    for (const key in value) writeAnnotation(writer, debugAnnotation.dictEntries, key, value[key], names);
  }
}

function isArray(value: object): value is readonly FieldValue[] {
  return Array.isArray(value);
}
