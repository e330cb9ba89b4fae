/**
 * The structs of abi.h as JavaScript values, derived from the generated table: a struct becomes an object with the
 * same field names. Fields named `reserved` are written as zero and not read. Nothing is checked here but the
 * room; what the values may be is the protocol's business.
 */
import { STRUCTS } from './abi.ts';

export type StructName = keyof typeof STRUCTS;

type FieldsOf<Name extends StructName> = (typeof STRUCTS)[Name]['fields'];

/** uint64_t is a bigint, char[] a string, uint8_t[] bytes, a struct an object, every other integer a number. */
type ValueOf<Field> = Field extends { type: 'char'; count: number }
  ? string
  : Field extends { type: 'uint8_t'; count: number }
    ? Uint8Array
    : Field extends { count: number }
      ? never
      : Field extends { type: 'uint64_t' }
        ? bigint
        : Field extends { type: infer Type extends StructName }
          ? StructValue<Type>
          : number;

export type StructValue<Name extends StructName> = {
  readonly [Key in keyof FieldsOf<Name> as Key extends `reserved${string}` ? never : Key]: ValueOf<
    FieldsOf<Name>[Key]
  >;
};

interface FieldLayout {
  readonly offset: number;
  readonly type: string;
  readonly count?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function fieldsOf(name: StructName): [string, FieldLayout][] {
  return Object.entries(STRUCTS[name].fields).filter(([field]) => !field.startsWith('reserved'));
}

/** Reads the struct at `offset`; every value is a copy. */
export function decodeStruct<Name extends StructName>(
  name: Name,
  view: DataView,
  offset: number,
): StructValue<Name> {
  const values = fieldsOf(name).map(([field, layout]) => [field, decodeField(layout, view, offset)]);
  return Object.fromEntries(values) as StructValue<Name>;
}

function decodeField({ offset, type, count }: FieldLayout, view: DataView, start: number): unknown {
  const at = start + offset;
  if (count !== undefined) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, count);
    return type === 'char' ? decodeText(bytes) : bytes.slice();
  }
  switch (type) {
    case 'uint16_t':
      return view.getUint16(at, true);
    case 'uint32_t':
      return view.getUint32(at, true);
    case 'int32_t':
      return view.getInt32(at, true);
    case 'uint64_t':
      return view.getBigUint64(at, true);
    default:
      return decodeStruct(type as StructName, view, at);
  }
}

/** UTF-8 up to the first zero byte, fit for a terminal: control characters become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

/** Writes the struct at `offset`, over zeroes. Text that is too long is cut so that a final zero byte remains. */
export function encodeStruct<Name extends StructName>(
  name: Name,
  view: DataView,
  offset: number,
  values: StructValue<Name>,
): void {
  for (const [field, layout] of fieldsOf(name)) {
    encodeField(layout, view, offset, (values as Readonly<Record<string, unknown>>)[field]);
  }
}

function encodeField(layout: FieldLayout, view: DataView, start: number, value: unknown): void {
  const { offset, type, count } = layout;
  const at = start + offset;
  if (count !== undefined) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, count);
    if (type === 'char') encoder.encodeInto(value as string, bytes.subarray(0, count - 1));
    else bytes.set(value as Uint8Array);
    return;
  }
  if (type === 'uint16_t') view.setUint16(at, value as number, true);
  else if (type === 'uint32_t') view.setUint32(at, value as number, true);
  else if (type === 'int32_t') view.setInt32(at, value as number, true);
  else if (type === 'uint64_t') view.setBigUint64(at, value as bigint, true);
  else encodeStruct(type as StructName, view, at, value as StructValue<StructName>);
}
