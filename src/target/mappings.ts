/** What is mapped where in a process: /proc/PID/maps, proc_pid_maps(5). */

export interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly isExecutable: boolean;
  /** Of the file. */
  readonly offset: number;
  /** Or a name in brackets; empty for memory that is no file's. */
  readonly path: string;
}

export function parseMappings(text: string): Mapping[] {
  return [...text.matchAll(/^([0-9a-f]+)-([0-9a-f]+) ..(.). ([0-9a-f]+) \S+ \d+ *(.*)$/gm)].map(
    ([, start, end, executable, offset, path]) => ({
      start: Number.parseInt(start!, 16),
      end: Number.parseInt(end!, 16),
      isExecutable: executable === 'x',
      offset: Number.parseInt(offset!, 16),
      path: path!,
    }),
  );
}

/** The code of files. */
export function parseCodeMappings(text: string): Mapping[] {
  return parseMappings(text).filter(({ isExecutable, path }) => isExecutable && path.startsWith('/'));
}

/** A file's byte in memory, as code; undefined where it is not mapped so. */
export function addressOfCode(
  mappings: readonly Mapping[],
  path: string,
  fileOffset: number,
): number | undefined {
  const found = mappings.find(
    ({ path: mapped, isExecutable, offset, start, end }) =>
      mapped === path && isExecutable && fileOffset >= offset && fileOffset < offset + (end - start),
  );
  return found && found.start + (fileOffset - found.offset);
}

/** Bytes below the address that a stack can take; a main thread's grows. */
export function stackRoom(mappings: readonly Mapping[], stackPointer: number): number {
  const stack = mappings.find(({ start, end }) => stackPointer >= start && stackPointer < end);
  if (stack === undefined) return 0;
  return stack.path === '[stack]' ? Number.POSITIVE_INFINITY : stackPointer - stack.start;
}
