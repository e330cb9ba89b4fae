/**
 * The two notations of the instruction table as token sequences: one tokeniser, and templates compiled into the shape
 * that a line has to have. A shape is the line's tokens with registers as R or W, numbers as N and names of labels as
 * L; every template has its own, so that a line leads to its row with one look-up and no notation has to be named.
 */
import { type InsnRow, insnTable } from '../isa/table.ts';

type TokenKind = 'R' | 'W' | 'N' | 'word' | 'sign';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Place in the source text. */
  readonly start: number;
  /** A register's number, a number's value. */
  readonly value: bigint;
}

const tokenPattern =
  /(?<space>\s+)|(?<sign>s>>=|s\/=|s%=|s>=|s<=|s>|s<|<<=|>>=|[-+*/%&|^<>=!]=)|(?<number>[-+]?\s*(?:0x[0-9a-f]+|[0-9]+)\b)|%?(?<register>[rw](?:[0-9]|10)\b)|(?<word>[a-z_.$][\w.$]*)|(?<other>[-+*&|<>=()[\],:])/iy;

/** The tokens of `source` from `start` to `end`, or the offset of what is none. */
export function tokenize(source: string, start: number, end: number): readonly Token[] | number {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = start;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    // Space may reach over the end of the line.
    if (match?.groups?.space !== undefined) continue;
    if (match === null || at + match[0].length > end) return at;
    const { number, register, word } = match.groups!;
    const text = match[0];
    if (number !== undefined) tokens.push({ kind: 'N', text, start: at, value: parseNumber(number) });
    else if (register !== undefined) {
      const kind = register[0]!.toUpperCase() as 'R' | 'W';
      tokens.push({ kind, text, start: at, value: BigInt(register.slice(1)) });
    } else tokens.push({ kind: word !== undefined ? 'word' : 'sign', text, start: at, value: 0n });
  }
  return tokens;
}

function parseNumber(text: string): bigint {
  const digits = text.replace(/^[-+]\s*/, '');
  return text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

/** Words after these are names of labels, whatever else they mean: `jeq r0, 1, exit`. */
const beforeLabel: ReadonlySet<string> = new Set([',', 'goto', 'gotol', 'ja', 'ja32', 'local']);

/** Whether the token at `index` names a label. */
export function isLabel(tokens: readonly Token[], index: number): boolean {
  if (tokens[index]!.kind !== 'word') return false;
  const before = tokens[index - 1]?.text;
  if (before === undefined || index !== tokens.length - 1) return false;
  return beforeLabel.has(before) || (before === 'call' && index === 1);
}

export function shapeOf(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, text }, index) => {
      if (kind === 'word') return isLabel(tokens, index) ? 'L' : text;
      return kind === 'sign' ? text : kind;
    })
    .join(' ');
}

/** What a template's token stands for: a field, or a register that it names itself. */
type Slot = FieldName | { readonly register: bigint };
export type FieldName = 'dst' | 'src' | 'imm' | 'off' | 'to' | 'immTo' | 'imm64' | 'next' | 'label';

export interface Form {
  readonly row: InsnRow;
  /** One for each token that is a register, number or label, in order. */
  readonly slots: readonly Slot[];
}

const placeholders: Readonly<Record<string, { readonly field: FieldName; readonly sample: string }>> = {
  dst: { field: 'dst', sample: 'r1' },
  src: { field: 'src', sample: 'r1' },
  wdst: { field: 'dst', sample: 'w1' },
  wsrc: { field: 'src', sample: 'w1' },
  imm: { field: 'imm', sample: '1' },
  number: { field: 'imm', sample: '1' },
  imm64: { field: 'imm64', sample: '1' },
  off: { field: 'off', sample: '+1' },
  index: { field: 'imm', sample: '+1' },
  next: { field: 'next', sample: '+1' },
  to: { field: 'to', sample: '+1' },
  immTo: { field: 'immTo', sample: '+1' },
};

let compiled: ReadonlyMap<string, Form> | undefined;

/** Every line that the notations know, by its shape. */
export function allForms(): ReadonlyMap<string, Form> {
  compiled ??= compileForms();
  return compiled;
}

function compileForms(): Map<string, Form> {
  const all = new Map<string, Form>();
  const add = (row: InsnRow, template: string): void => {
    const fields: FieldName[] = [];
    const sample = template.replace(/\{(\w+)\}/g, (_, name: string) => {
      fields.push(placeholders[name]!.field);
      // A space keeps a number apart from a register before it.
      return ` ${placeholders[name]!.sample}`;
    });
    const tokens = tokenize(sample, 0, sample.length) as readonly Token[];
    const literals = template.replace(/\{\w+\}/g, ' {} ').match(/\{\}|\b[rw][0-9]+\b/g) ?? [];
    let next = 0;
    const slots = literals.map(
      (text): Slot => (text === '{}' ? fields[next++]! : { register: BigInt(text.slice(1)) }),
    );
    const shape = shapeOf(tokens);
    const known = all.get(shape);
    if (known !== undefined && known.row !== row)
      throw new Error(`${known.row.name} and ${row.name} look the same`);
    all.set(shape, { row, slots });
  };
  for (const row of insnTable) {
    for (const template of [row.mnemonic, ...row.kernel]) {
      add(row, template);
      // No displacement is a displacement of 0.
      if (/\{(off|next|index)\}/.test(template)) add(row, template.replace(/\{(off|next|index)\}/, ''));
    }
  }
  for (const [shape, { row, slots }] of [...all]) {
    const at = slots.findIndex((slot) => slot === 'to' || slot === 'immTo');
    if (at < 0) continue;
    const labelled = shape === 'call pc N' ? 'call L' : shape.replace(/N$/, 'L');
    all.set(labelled, { row, slots: slots.with(at, 'label') });
  }
  return all;
}
