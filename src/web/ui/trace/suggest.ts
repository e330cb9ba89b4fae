/** What can stand where somebody is writing: probes, arguments of the probes in the script, fields, functions. */
import { FIELDS } from '../../../packet/index.ts';
import { languageBuiltins, languageFunctions } from '../../../script/index.ts';
import type { PointView } from '../../protocol/index.ts';

export interface Suggestion {
  readonly text: string;
  readonly help: string;
}

const MOST = 8;

/** The word that ends at the caret, as far as it is written: `ip.sr`, `dpdk:rx`. */
export function wordBefore(script: string, caret: number): string {
  return /[\w.:@$]+$/.exec(script.slice(0, caret))?.[0] ?? '';
}

export function suggest(
  script: string,
  word: string,
  points: readonly PointView[],
  isOfKernel: boolean,
): readonly Suggestion[] {
  const other = isOfKernel ? 'agent' : 'kernel';
  if (word.length < 2) return [];
  const inScript = points.filter(({ name }) => script.includes(name));
  const all: Suggestion[] = [
    ...points.map(({ name, meaning }) => ({ text: name, help: meaning })),
    ...inScript.flatMap((point) =>
      point.arguments.map(({ name, type, meaning }) => ({
        text: `args.${name}`,
        help: `${type}: ${meaning}`,
      })),
    ),
    ...languageFunctions
      .filter(({ where }) => where !== other)
      .map(({ name, signature, help }) => ({ text: `${name}(`, help: `${signature}: ${help}` })),
    ...languageBuiltins
      .filter(({ where }) => where !== other)
      .map(({ name, help }) => ({ text: name, help })),
    ...FIELDS.filter(({ places }) => places.length > 0).map(({ name, description }) => ({
      text: name,
      help: description,
    })),
  ];
  const known = new Set<string>();
  return all
    .filter(({ text }) => {
      const isNew = text.startsWith(word) && text !== word && !known.has(text);
      known.add(text);
      return isNew;
    })
    .slice(0, MOST);
}
