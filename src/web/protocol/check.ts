/**
 * Checks of messages: each takes anything and gives a value of its type, or throws and says where what was wrong. Both
 * halves use them on everything that arrives; nothing is passed on that was not looked at, and no key that is unknown.
 */
import { PeerError } from '../../base/index.ts';

/** @param at where the value stands, for the message: `start-capture.ports[2].pid` */
export type Check<T> = (value: unknown, at: string) => T;

function fail(at: string, got: unknown, expected: string): never {
  const text = got === undefined ? 'nothing' : JSON.stringify(got);
  throw new PeerError('PEER_PROTOCOL', `${at}: got ${text.slice(0, 60)}, expected ${expected}`);
}

export function text(mostLength: number): Check<string> {
  return (value, at) =>
    typeof value === 'string' && value.length <= mostLength
      ? value
      : fail(at, value, `text of at most ${mostLength} characters`);
}

export function integer(least: number, most: number): Check<number> {
  return (value, at) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : fail(at, value, `an integer from ${least} to ${most}`);
}

/** A count of packets, bytes or nanoseconds: exact up to 2^53. */
export const count: Check<number> = integer(0, Number.MAX_SAFE_INTEGER);

export const number: Check<number> = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(at, value, 'a number');

export const boolean: Check<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : fail(at, value, 'true or false');

export function oneOf<const T extends string>(...values: readonly T[]): Check<T> {
  return (value, at) =>
    values.includes(value as T) ? (value as T) : fail(at, value, `one of ${values.join(', ')}`);
}

/** The value, or null for one that is not known. */
export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value, at) => (value === null ? null : check(value, at));
}

export function list<T>(check: Check<T>, mostLength: number): Check<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > mostLength) {
      return fail(at, Array.isArray(value) ? value.length : value, `a list of at most ${mostLength}`);
    }
    return value.map((entry, index) => check(entry, `${at}[${index}]`));
  };
}

export function object<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, value, 'an object');
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) fail(`${at}.${unknown}`, 'it', 'no such field');
    const from = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      names.map((name) => [
        name,
        fields[name](Object.hasOwn(from, name) ? from[name] : undefined, `${at}.${name}`),
      ]),
    ) as T;
  };
}

/** A message: an object whose `type` says which of the checks it has to pass. */
export type MessageChecks<M extends { readonly type: string }> = {
  readonly [K in M['type']]: Check<Omit<Extract<M, { readonly type: K }>, 'type'>>;
};

/** @throws PeerError PEER_PROTOCOL for what is no message of these */
export function parseMessage<M extends { readonly type: string }>(checks: MessageChecks<M>, json: string): M {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    fail('message', json, 'JSON');
  }
  if (typeof value !== 'object' || value === null) fail('message', value, 'an object');
  const { type, ...fields } = value as { readonly type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) fail('message.type', type, 'a known type');
  const check = checks[type as M['type']] as Check<object>;
  return { type, ...check(fields, type) } as M;
}
