/**
 * What of the words of `hone read` commander cannot know: -e and -t mean different things to users of tcpdump and of
 * tshark, and files and the filter stand one after another.
 */
import { existsSync } from 'node:fs';
import { TIME_STYLES } from '../packet/time-column.ts';

/** -tt to -ttttt of tcpdump. */
const TIMES_BY_LETTERS: readonly string[] = ['e', 'd', 'ad', 'r'];
/** Options without a value that may stand together in one word. */
const TOGETHER = /^-[neqtxXP]+$/;
const OUTPUT = /^(?:-T|--output)(?:=?(.+))?$/;

/**
 * Rewrites what tcpdump's users type: for lines of text, -e is the link-layer header (--link-header), and a lone -t, -tt
 * and so on are styles of time. With fields, -e keeps its value.
 */
export function rewriteHabits(argv: readonly string[]): string[] {
  const isText = !asksForFields(argv);
  return argv.flatMap((word, index) => {
    if (!TOGETHER.test(word)) return [word];
    const styleFollows = Object.hasOwn(TIME_STYLES, argv[index + 1] ?? '') || argv[index + 1] === 'none';
    const times = word.split('t').length - 1;
    const isHabit = (isText && word.includes('e')) || (times > 0 && !(styleFollows && word.endsWith('t')));
    if (!isHabit) return [word];
    const rest = word.replace(isText ? /[te]/g : /t/g, '');
    const time = times === 1 ? 'none' : TIMES_BY_LETTERS[Math.min(times, 5) - 2];
    return [
      ...(rest.length > 1 ? [rest] : []),
      ...(isText && word.includes('e') ? ['--link-header'] : []),
      ...(times > 0 ? ['-t', time!] : []),
    ];
  });
}

function asksForFields(argv: readonly string[]): boolean {
  const at = argv.findIndex((word) => OUTPUT.test(word));
  if (at < 0) return false;
  const value = OUTPUT.exec(argv[at]!)?.[1] ?? argv[at + 1];
  return value !== 'text';
}

/**
 * Files first, then the words of a filter: the first word is a file, and so are those after it, up to the first that is
 * not the name of one.
 * @param hasFiles files were given otherwise, so that even the first word may be the filter's
 */
export function splitWords(
  words: readonly string[],
  hasFiles: boolean,
  exists: (path: string) => boolean = existsSync,
): { readonly files: readonly string[]; readonly filter: string } {
  const first = hasFiles ? 0 : 1;
  const end = words.findIndex((word, index) => index >= first && word !== '-' && !exists(word));
  const count = end < 0 ? words.length : end;
  return { files: words.slice(0, count), filter: words.slice(count).join(' ') };
}
