/** The conformance corpus of eBPF: one case a file, in sections that start with `-- asm`, `-- raw`, `-- mem`, `-- result`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../../src/bpf/asm/assemble.ts';
import type { BpfCase } from './bpf-case.ts';
import { corpora } from './packets.ts';

const folder = join(corpora, 'bpf-conformance');

export const hasBpfCorpus: boolean = existsSync(folder);

export interface CorpusCase extends BpfCase {
  /** The program's bytes as the case gives them. */
  readonly raw: readonly bigint[] | undefined;
}

/** All cases, by their files' names. A section that is not known is an error. */
export function corpusCases(): readonly CorpusCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.data'))
    .sort()
    .map((name) => parseCase(name.slice(0, -'.data'.length), readFileSync(join(folder, name), 'utf8')));
}

/** `c` and `no register offset` say nothing about the program: its C source, and how other engines patch it. */
const knownSections = ['asm', 'raw', 'mem', 'result', 'c', 'no register offset'];

function parseCase(name: string, text: string): CorpusCase {
  const sections = new Map<string, string>();
  for (const section of text.split(/^-- /m).slice(1)) {
    const end = section.indexOf('\n');
    sections.set(section.slice(0, end).trim(), section.slice(end + 1));
  }
  const unknown = [...sections.keys()].filter((key) => !knownSections.includes(key));
  if (unknown.length > 0) throw new Error(`${name}: sections ${unknown.join(', ')} are not known`);
  const words = (key: string): readonly string[] =>
    (sections.get(key) ?? '')
      .split('\n')
      .flatMap((line) => line.replace(/#.*/, '').split(/\s+/))
      .filter(Boolean);
  const memory = sections.has('mem')
    ? Uint8Array.from(words('mem'), (byte) => Number.parseInt(byte, 16))
    : undefined;
  return {
    name,
    program: assemble(sections.get('asm')!),
    attempts: [{ ...(memory === undefined ? {} : { memory }), result: BigInt(words('result')[0]!) }],
    raw: sections.has('raw') ? words('raw').map((word) => BigInt(word)) : undefined,
  };
}
