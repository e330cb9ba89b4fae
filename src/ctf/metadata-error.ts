import { FormatError } from '../base/index.ts';

/** A place in the text of metadata: lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export function metadataError(message: string, place: Place): FormatError {
  return new FormatError(`metadata, line ${place.line}, column ${place.column}: ${message}`, place.offset);
}

/** The place of an offset, for what keeps offsets only. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  return { offset, line, column: offset - lineStart + 1 };
}

/** What a message shows of a token or a value: cut, without line ends. */
export function excerpt(text: string): string {
  const flat = text.replace(/\p{Cc}+/gu, ' ');
  return flat.length > 40 ? `${flat.slice(0, 37)}...` : flat;
}
