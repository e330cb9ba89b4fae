/** The records of a Name Resolution Block (draft-ietf-opsawg-pcapng, section 4.5): walked where they lie. */
import { FormatError } from '../base/index.ts';
import type { OptionsSpan } from './option-codec.ts';

export const NRB_RECORD_END = 0;

/**
 * Calls for each record with the place of its value, up to nrb_record_end or the end of the span. Gives where the
 * options start, and whether nrb_record_end was there.
 * @throws FormatError when a record runs past the end of its block
 */
export function eachNameRecord(
  span: OptionsSpan,
  visit: (type: number, at: number, length: number) => void,
): { end: number; ended: boolean } {
  const { view, end, littleEndian, offset } = span;
  let at = span.start;
  while (at + 4 <= end) {
    const type = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    at += 4;
    if (type === NRB_RECORD_END) return { end: at, ended: true };
    if (at + length > end) {
      const where = offset + at;
      const room = end - at;
      throw new FormatError(
        `broken name record at byte ${where}: got length ${length}, expected at most ${room}`,
        where,
      );
    }
    visit(type, at, length);
    at += length + (-length & 3);
  }
  return { end: at, ended: false };
}
