/** What is wrong with a file, with the file's name before it. */
import { FormatError } from '../base/index.ts';
import type { ByteSource } from './byte-source.ts';

/** @throws `error` itself when it is not about the file's contents */
export function damageOf(source: ByteSource, error: unknown): FormatError {
  if (!(error instanceof FormatError)) throw error;
  return new FormatError(`${source.name}: ${error.message}`, error.offsetBytes, { cause: error });
}
