/**
 * The fixed table of filters, one a line. Lines that begin with "# " are headings; a line that begins with "@" names the link
 * types of all filters after it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Entry {
  /** As tcpdump's -y has it. */
  readonly linkType: string;
  readonly expression: string;
}

/** All filters, those of Ethernet first. */
export function entries(): readonly Entry[] {
  let linkTypes = ['EN10MB'];
  return ['expressions.txt', 'encapsulations.txt', 'link-types.txt'].flatMap((file) =>
    readFileSync(join(import.meta.dirname, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('# '))
      .flatMap((line) => {
        if (!line.startsWith('@')) return linkTypes.map((linkType) => ({ linkType, expression: line }));
        linkTypes = line.slice(1).trim().split(' ');
        return [];
      }),
  );
}

/** The filters of Ethernet. */
export function expressions(): readonly string[] {
  return entries()
    .filter(({ linkType }) => linkType === 'EN10MB')
    .map(({ expression }) => expression);
}
