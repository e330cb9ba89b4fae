/**
 * The language's words as one table: functions and builtins, where they can be used, how they are written and what they
 * do. The checker takes arguments' numbers, forms and near names from here, docs/trace.md its tables.
 */

/** Where a word can be used. */
export type Where =
  | 'everywhere'
  /** The kernel's programs. */
  | 'kernel'
  /** Programs in the application, on recorded packets and on replays. */
  | 'agent';

export interface LanguageFunction {
  readonly name: string;
  /** An aggregation stands alone on the right of `@map =`; an action is a statement; a value stands in expressions. */
  readonly kind: 'aggregation' | 'action' | 'value';
  readonly where: Where;
  readonly signature: string;
  /** How many arguments it takes. */
  readonly arguments: readonly [least: number, most: number];
  readonly help: string;
}

export interface LanguageBuiltin {
  readonly name: string;
  readonly where: Where;
  readonly help: string;
}

type Row = readonly [signature: string, least: number, most: number, help: string, where?: Where];

function rows(kind: LanguageFunction['kind'], table: readonly Row[]): LanguageFunction[] {
  return table.map(([signature, least, most, help, where = 'everywhere']) => ({
    name: signature.slice(0, signature.indexOf('(')),
    kind,
    where,
    signature,
    arguments: [least, most],
    help,
  }));
}

export const languageFunctions: readonly LanguageFunction[] = [
  ...rows('aggregation', [
    ['count()', 0, 0, 'how often it was reached'],
    ['sum(n)', 1, 1, 'the sum of n'],
    ['avg(n)', 1, 1, 'the average of n'],
    ['min(n)', 1, 1, 'the smallest n'],
    ['max(n)', 1, 1, 'the largest n'],
    ['stats(n)', 1, 1, 'count, average and sum of n'],
    ['hist(n[, k])', 1, 2, 'histogram of n in powers of 2, each in 2^k parts (k from 0 to 5)'],
    ['lhist(n, min, max, step)', 4, 4, 'histogram of n in equal steps'],
  ]),
  ...rows('action', [
    ['printf(format, ...)', 1, 64, 'prints a line by a format'],
    ['print(@map[, top[, divisor]])', 1, 3, 'prints a map, one entry of it (@map[key]), or any value'],
    ['clear(@map)', 1, 1, 'empties a map'],
    ['zero(@map)', 1, 1, 'sets all values of a map to 0'],
    ['delete(@map[key])', 1, 2, 'takes one key out of a map'],
    ['exit()', 0, 0, 'ends the trace'],
    ['time([format])', 0, 1, 'prints the time of day, as strftime(3) formats it'],
    ['join(address[, separator])', 1, 2, 'prints an array of strings in memory', 'kernel'],
  ]),
  ...rows('value', [
    ['has_key(@map, key)', 1, 2, '1 when the map has the key'],
    ['len(@map)', 1, 1, 'keys in a map when the line is printed: printf() and print() take it'],
    ['str(text[, length])', 1, 2, 'text in memory; str($1): a parameter of the command line as text'],
    ['buf([address,] length)', 0, 2, 'bytes of memory; in the application the first bytes of the packet'],
    ['strncmp(a, b, length)', 3, 3, '0 when two texts are the same up to a length'],
    ['strftime(format, ns)', 2, 2, 'a time as text, as strftime(3) formats it'],
    ['ntop([family,] address)', 1, 2, 'an IP address as text'],
    ['macaddr(address)', 1, 1, 'a MAC address as text'],
    ['usym(address)', 1, 1, 'the function of the process at an address', 'kernel'],
    ['ksym(address)', 1, 1, 'the function of the kernel at an address', 'kernel'],
    ['ustack([mode,] [depth])', 0, 2, 'the stack of the process', 'kernel'],
    ['kstack([mode,] [depth])', 0, 2, 'the stack of the kernel', 'kernel'],
    ['reg(name)', 1, 1, 'a register, as reg("ip")', 'kernel'],
    ['sizeof(type)', 1, 1, 'bytes of a type or of a value'],
  ]),
];

function builtin(name: string, help: string, where: Where = 'everywhere'): LanguageBuiltin {
  return { name, where, help };
}

export const languageBuiltins: readonly LanguageBuiltin[] = [
  builtin('args', 'arguments of the probe by name: args.port, args->port'),
  builtin('arg0', 'arguments of the probe by number, arg0 to arg9'),
  builtin('nsecs', 'time in ns: in the application since 1970, in the kernel since the start of the machine'),
  builtin('elapsed', 'ns since the trace began'),
  builtin('pid', 'process id'),
  builtin('tid', 'thread id'),
  builtin('comm', 'name of the thread'),
  builtin('lcore', 'lcore of DPDK', 'agent'),
  builtin('cpu', 'CPU it runs on', 'kernel'),
  builtin('uid', 'user id', 'kernel'),
  builtin('gid', 'group id', 'kernel'),
  builtin('rand', 'a random number of 32 bits', 'kernel'),
  builtin('cgroup', 'id of the cgroup', 'kernel'),
  builtin('retval', 'what the function gave back (uretprobe)', 'kernel'),
  builtin('func', 'name of the function, or of the trace point'),
  builtin('probe', 'name of the probe'),
  builtin('ustack', 'the stack of the process', 'kernel'),
  builtin('kstack', 'the stack of the kernel', 'kernel'),
];

/** Words of bpftrace that there are not here, so that a message can say so. */
export const missingWords: ReadonlySet<string> = new Set([
  ...['system', 'cat', 'signal', 'override', 'cgroupid', 'cgroup_path', 'kaddr', 'uaddr', 'kptr', 'uptr'],
  ...['path', 'skboutput', 'pton', 'unwatch', 'bswap', 'offsetof', 'strcontains', 'print_map', 'username'],
  ...['curtask', 'ctx', 'cpid', 'numaid', 'jiffies', 'sarg0', 'sarg1', 'sarg2', 'sarg3', 'sarg4', 'sarg5'],
]);

export function findFunction(name: string): LanguageFunction | undefined {
  return languageFunctions.find((entry) => entry.name === name);
}

/** `arg1` to `arg9` are `arg0`. */
export function findBuiltin(name: string): LanguageBuiltin | undefined {
  const row = /^arg[0-9]$/.test(name) ? 'arg0' : name;
  return languageBuiltins.find((entry) => entry.name === row);
}
