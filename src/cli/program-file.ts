/** The file that --bpf names: read, decoded, and its name in front of whatever is wrong with it. */
import { readFileSync } from 'node:fs';
import { HoneError, UsageError } from '../base/index.ts';
import { BpfObject } from '../bpf/index.ts';

/**
 * @param file FILE, or FILE:PROGRAM when the object has several
 * @throws UsageError when it cannot be read; HoneError with the file's name for all that `use` finds wrong
 */
export function useProgramFile<T>(file: string, use: (object: BpfObject, name: string | undefined) => T): T {
  const [, path = file, name] = /^(.+):([A-Za-z_]\w*)$/.exec(file) ?? [];
  const bytes = readObject(path);
  try {
    return use(new BpfObject(bytes), name);
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    throw new HoneError(error.code, `--bpf ${path}: ${error.message}`, { cause: error });
  }
}

function readObject(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--bpf ${path}: ${(error as Error).message}`);
  }
}
