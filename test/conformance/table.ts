/** The fixed table of filters, one a line; lines that begin with "# " are headings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function expressions(): readonly string[] {
  return readFileSync(join(import.meta.dirname, 'expressions.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# '));
}
