/** The conversions in a printf format, and which values each of them takes. Printing is output/'s. */
import type { Span } from '../../base/index.ts';
import { fail } from '../syntax/index.ts';
import type { Expression } from '../typed.ts';
import { describeType } from './value-types.ts';

const conversion = /%%|%[-+ #0]*[0-9]*(?:\.[0-9]*)?((?:hh|h|ll|l|j|z|t)?)([A-Za-z]?)/g;

/** Letters of conversions. */
const forIntegers = 'diouxXpc';
const forText = 's';
const forBuffers = 'r';

/** Fails when the arguments are not those of the format. `span` is the one of the call. */
export function checkFormat(format: string, values: readonly Expression[], name: string, span: Span): void {
  let count = 0;
  for (const [text, length, letter] of format.matchAll(conversion)) {
    if (text === '%%') continue;
    if (letter === undefined || letter === '' || !(forIntegers + forText + forBuffers).includes(letter)) {
      fail(span, `${name}() has no conversion ${text}`, 'there are %d %i %u %x %X %o %c %p %s %r and %%');
    }
    if (length !== '' && !'diouxX'.includes(letter))
      fail(span, `${name}(): ${length} does not go with %${letter}`);
    const value = values[count++];
    if (value !== undefined) checkValue(text, letter, value, name);
  }
  if (count !== values.length) {
    const noun = count === 1 ? 'value' : 'values';
    fail(span, `${name}(): the format takes ${count} ${noun}, got ${values.length}`);
  }
}

function checkValue(text: string, letter: string, { type, span }: Expression, name: string): void {
  const isInteger = type.kind === 'integer';
  if (forIntegers.includes(letter) && !isInteger) {
    fail(span, `${name}(): ${text} takes an integer, got ${describeType(type)}`, 'print it with %s');
  }
  if (letter === forBuffers && type.kind !== 'buffer') {
    fail(span, `${name}(): ${text} takes a buffer, got ${describeType(type)}`, 'buf() makes one');
  }
  if (letter === forText && (isInteger || type.kind === 'tuple' || type.kind === 'buffer')) {
    const hint = isInteger ? 'print it with %d' : type.kind === 'buffer' ? 'print it with %r' : undefined;
    fail(span, `${name}(): ${text} takes text or an address, got ${describeType(type)}`, hint);
  }
}
