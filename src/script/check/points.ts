/**
 * Probes by their text: those that the language has itself (BEGIN, END, interval, profile), and those that a target
 * knows, which it is asked for. Behind a point of DPDK may stand a port and a queue.
 */
import { type Diagnostic, nearest, UsageError } from '../../base/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import { type Clause, Fault, fail, type ProbeText } from '../syntax/index.ts';
import { requireForm } from './forms.ts';
import type { Form } from './probe-checker.ts';

/** A clause at one of its points. */
export interface ClausePoint {
  readonly clause: Clause;
  readonly point: ProbePoint;
  readonly port: number | undefined;
  readonly queue: number | undefined;
  readonly probeName: string;
}

export interface PointOptions {
  readonly form: Form;
  readonly positional: readonly string[];
  /**
   * The points that a probe's text stands for, several for one with `*`. Its first part is the provider's full name, its
   * parts of DPDK are two. Throws UsageError with the nearest names when there are none.
   */
  readonly findPoints: (probe: ProbeText) => readonly ProbePoint[];
}

const shortNames: Readonly<Record<string, string>> = {
  i: 'interval',
  p: 'profile',
  t: 'tracepoint',
  u: 'uprobe',
  ur: 'uretprobe',
  U: 'usdt',
  s: 'software',
  h: 'hardware',
  k: 'kprobe',
  kr: 'kretprobe',
};

const providers: Readonly<Record<Form, readonly string[]>> = {
  agent: ['BEGIN', 'END', 'interval', 'dpdk', 'app'],
  kernel: [
    ...['BEGIN', 'END', 'interval', 'profile'],
    ...['usdt', 'uprobe', 'uretprobe', 'tracepoint', 'software'],
  ],
};
const intervalUnits: Readonly<Record<string, readonly string[]>> = {
  interval: ['s', 'ms', 'us', 'hz'],
  profile: ['hz', 's', 'ms', 'us'],
};

/** All clauses at all of their points, in the order of the text; what is not found goes to `diagnostics`. */
export function findClausePoints(
  clauses: readonly Clause[],
  options: PointOptions,
  diagnostics: Diagnostic[],
): ClausePoint[] {
  const found: ClausePoint[] = [];
  const once = new Set<string>();
  for (const clause of clauses) {
    for (const text of clause.points) {
      try {
        for (const point of findPoint(text, options, once)) found.push({ clause, ...point });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        diagnostics.push(error.diagnostic);
      }
    }
  }
  return found;
}

function findPoint(text: ProbeText, options: PointOptions, once: Set<string>): Omit<ClausePoint, 'clause'>[] {
  const { span } = text;
  const [first = '', ...rest] = text.parts.map((part) => withParameters(part, options.positional));
  const provider = shortNames[first] ?? first;
  if (provider === 'BEGIN' || provider === 'END') {
    if (rest.length > 0) fail(span, `${provider} stands alone`);
    if (once.has(provider)) fail(span, `there is more than one ${provider}`);
    once.add(provider);
    return [own(provider, provider === 'BEGIN' ? 'begin' : 'end')];
  }
  if (provider === 'interval' || provider === 'profile') return [timer(provider, rest, text, options.form)];
  if (!providers[options.form].includes(provider)) failProvider(provider, text, options.form);
  const isDpdk = provider === 'dpdk';
  const parts = isDpdk ? [provider, ...rest.slice(0, 1)] : [provider, ...rest];
  const [port, queue] = isDpdk ? places(rest.slice(1), text) : [undefined, undefined];
  let points: readonly ProbePoint[];
  try {
    points = options.findPoints({ parts, span });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return fail(span, error.message);
  }
  if (points.length === 0) fail(span, `no probe matches ${parts.join(':')}`);
  const suffix = [port, queue].map((number) => (number === undefined ? '' : `:${number}`)).join('');
  return points.map((point) => ({ point, port, queue, probeName: point.name + suffix }));
}

function withParameters(part: string, positional: readonly string[]): string {
  return part.replace(/\$([0-9]+)/g, (_, index) => positional[Number(index) - 1] ?? '');
}

function own(name: string, kind: ProbePoint['kind']): Omit<ClausePoint, 'clause'> {
  return {
    point: { name, kind, arguments: [], meaning: '' },
    port: undefined,
    queue: undefined,
    probeName: name,
  };
}

/** `interval:s:1`, `profile:hz:99` */
function timer(
  provider: 'interval' | 'profile',
  rest: readonly string[],
  { span }: ProbeText,
  form: Form,
): Omit<ClausePoint, 'clause'> {
  if (provider === 'profile') requireForm(form, 'kernel', span, 'profile');
  const units = intervalUnits[provider]!;
  const [unit = '', count = ''] = rest;
  const example = `${provider}:${units[0]}:${provider === 'interval' ? 1 : 99}`;
  if (rest.length !== 2) fail(span, `${provider} takes a unit and a number, as in ${example}`);
  if (!units.includes(unit)) fail(span, `${provider} has no unit "${unit}"`, `there are ${units.join(', ')}`);
  if (!/^[0-9]{1,9}$/.test(count) || Number(count) === 0) {
    fail(span, `${provider} takes a number from 1 on, got "${count}"`, `as in ${example}`);
  }
  return own(`${provider}:${unit}:${Number(count)}`, provider);
}

/** Port and queue behind a point of DPDK; `*` or nothing is all. */
function places(parts: readonly string[], { span }: ProbeText): (number | undefined)[] {
  if (parts.length > 2) fail(span, 'behind a point of DPDK there are a port and a queue: dpdk:rx_burst:0:1');
  return ['port', 'queue'].map((what, index) => {
    const part = parts[index];
    if (part === undefined || part === '*') return undefined;
    if (!/^[0-9]{1,5}$/.test(part) || Number(part) > 65535) {
      fail(span, `the ${what} is a number or *, got "${part}"`);
    }
    return Number(part);
  });
}

function failProvider(provider: string, { span }: ProbeText, form: Form): never {
  const other = form === 'agent' ? 'kernel' : 'agent';
  if (providers[other].includes(provider)) {
    requireForm(form, other, span, `${provider}:`);
  }
  const like = nearest(provider, providers[form]);
  const list = providers[form].join(', ');
  fail(
    span,
    `no probe begins with ${provider === '' ? '":"' : provider}`,
    like === undefined ? `there are ${list}` : `did you mean ${like}?`,
  );
}
