/**
 * The `format` file of a tracepoint: the fields of the record that a program finds behind its context's start. Taken are
 * integers (pointers are numbers) and arrays of bytes, which are text; arrays of larger numbers and texts whose place the
 * record names (`__data_loc`) are left out, and so are the four common fields. Form: the kernel's Documentation/trace/events.rst.
 */
import type { ArgumentType, ProbeArgument } from '../../tracepoints/index.ts';

const fieldPattern =
  /^\s*field:(?<declaration>[^;]+);\s*offset:(?<offset>\d{1,6});\s*size:(?<size>\d{1,6});\s*signed:(?<signed>[01]);/;

export function parseTracepointFormat(text: string): ProbeArgument[] {
  return text.split('\n').flatMap((line) => {
    const groups = fieldPattern.exec(line)?.groups;
    if (groups === undefined) return [];
    const { declaration = '', offset, size, signed } = groups;
    const [, kind = '', name, count] = /^(.*?)(\w+)(\[[^\]]*\])?$/.exec(declaration.trim()) ?? [];
    const type = fieldType(kind.trim(), count, Number(size), signed === '1');
    if (name === undefined || name.startsWith('common_') || type === undefined) return [];
    return [
      { name, type, place: { kind: 'record', offsetBytes: Number(offset) }, meaning: declaration.trim() },
    ];
  });
}

function fieldType(
  kind: string,
  count: string | undefined,
  sizeBytes: number,
  isSigned: boolean,
): ArgumentType | undefined {
  if (/^__(rel|data)_loc|__rel_loc/.test(kind)) return undefined;
  if (count !== undefined) {
    const elements = Number(count.slice(1, -1));
    const isBytes =
      /\b(char|u8|__u8|uint8_t|s8)$/.test(kind) && (Number.isNaN(elements) || elements === sizeBytes);
    return isBytes && sizeBytes > 0 ? { kind: 'text', bytes: sizeBytes } : undefined;
  }
  const bytes = ([1, 2, 4, 8] as const).find((each) => each === sizeBytes);
  return bytes === undefined ? undefined : { kind: 'integer', bytes, isSigned };
}
