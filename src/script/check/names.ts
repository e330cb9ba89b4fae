/** Names: builtins, arguments of the probe, positional parameters, registers. */
import { nearest, type Span } from '../../base/index.ts';
import { FIELDS } from '../../packet/index.ts';
import type { ProbeArgument } from '../../tracepoints/index.ts';
import { findBuiltin, findFunction, languageBuiltins, missingWords } from '../language.ts';
import { fail } from '../syntax/index.ts';
import type { BuiltinName, Expression } from '../typed.ts';
import { requireForm } from './forms.ts';
import type { ProbeChecker } from './probe-checker.ts';
import { STACK_DEPTH, signed, typeOfArgument, typeOfText, unsigned } from './value-types.ts';

/** Offsets in struct pt_regs of x86-64, by the names that `reg` takes. */
const registers: ReadonlyMap<string, number> = new Map(
  ['r15', 'r14', 'r13', 'r12', 'bp', 'bx', 'r11', 'r10', 'r9', 'r8', 'ax', 'cx', 'dx', 'si', 'di']
    .map((name, index) => [name, 8 * index] as [string, number])
    .concat([
      ['ip', 128],
      ['flags', 144],
      ['sp', 152],
    ]),
);
/** Where the System V ABI puts integer arguments. */
const argumentRegisters = ['di', 'si', 'dx', 'cx', 'r8', 'r9'];
const RETURN_REGISTER = 'ax';

const hasRegisters = new Set(['uprobe', 'uretprobe', 'usdt', 'profile', 'software']);

function register(name: string, span: Span): Expression {
  return { op: 'register', offsetBytes: registers.get(name)!, type: unsigned, span };
}

/** `reg("ip")` */
export function namedRegister(name: string, span: Span, checker: ProbeChecker): Expression {
  if (!registers.has(name)) {
    fail(span, `no register ${JSON.stringify(name)}`, `there are ${[...registers.keys()].join(', ')}`);
  }
  if (!hasRegisters.has(checker.point.kind)) fail(span, `${checker.probeName} has no registers`);
  return register(name, span);
}

/** The builtin of this name. */
export function builtinValue(name: string, span: Span, checker: ProbeChecker): Expression {
  const entry = findBuiltin(name);
  if (entry === undefined) return failUnknownName(name, span);
  requireForm(checker.script.form, entry.where, span, name);
  switch (entry.name) {
    case 'args':
      return fail(span, 'args alone is no value', 'args.NAME is an argument of the probe');
    case 'arg0':
      return numberedArgument(name, span, checker);
    case 'retval':
      if (checker.point.kind !== 'uretprobe') fail(span, 'retval is only there in probes uretprobe:');
      return register(RETURN_REGISTER, span);
    case 'comm':
      return { op: 'builtin', name: 'comm', type: { kind: 'text', bytes: 16 }, span };
    case 'probe':
      return { op: 'text', value: checker.probeName, type: typeOfText(checker.probeName), span };
    case 'func':
      return functionName(span, checker);
    case 'ustack':
    case 'kstack':
      return stack(entry.name, STACK_DEPTH, span);
    default:
      return { op: 'builtin', name: entry.name as BuiltinName, type: unsigned, span };
  }
}

export function stack(name: 'ustack' | 'kstack', depth: number, span: Span): Expression {
  const where = name === 'ustack' ? 'user' : 'kernel';
  return { op: 'stack', where, depth, type: { kind: 'stack', where, depth }, span };
}

function functionName(span: Span, checker: ProbeChecker): Expression {
  const { kind, name } = checker.point;
  switch (kind) {
    case 'begin':
    case 'end':
    case 'interval':
    case 'software':
    case 'tracepoint':
      return fail(span, `${checker.probeName} is no function: there is no func`);
    case 'burst':
    case 'packet':
    case 'application':
    case 'observed': {
      const value = name.split(':').at(-1)!;
      return { op: 'text', value, type: typeOfText(value), span };
    }
    default:
      return { op: 'builtin', name: 'func', type: { kind: 'symbol', where: 'user' }, span };
  }
}

function numberedArgument(name: string, span: Span, checker: ProbeChecker): Expression {
  const index = Number(name.slice(3));
  const { kind, arguments: list } = checker.point;
  if (kind === 'uprobe' && list.length === 0) {
    const registerName = argumentRegisters[index];
    if (registerName === undefined) fail(span, `${name}: only arg0 to arg5 are in registers`);
    return register(registerName, span);
  }
  // Arguments of a USDT probe that no program can find are left out: the others keep their numbers.
  const argument = list.find((each) => each.name === name) ?? list[index];
  if (argument === undefined) {
    return fail(
      span,
      list.length === 0
        ? `${checker.probeName} has no arguments`
        : `${checker.probeName} has ${list.length} arguments, arg0 to arg${list.length - 1}: no ${name}`,
    );
  }
  return argumentValue(argument, span);
}

function argumentValue(argument: ProbeArgument, span: Span): Expression {
  return { op: 'argument', argument, type: typeOfArgument(argument.type), span };
}

/** `args.name` */
export function namedArgument(name: string, span: Span, checker: ProbeChecker): Expression {
  const { arguments: list } = checker.point;
  const argument = list.find((each) => each.name === name);
  if (argument !== undefined) return argumentValue(argument, span);
  if (list.length === 0) return fail(span, `${checker.probeName} has no arguments with names`);
  const names = list.map((each) => each.name);
  const like = nearest(name, names);
  return fail(
    span,
    `${checker.probeName} has no argument ${name}`,
    like === undefined ? `it has ${names.join(', ')}` : `did you mean ${like}? it has ${names.join(', ')}`,
  );
}

/** `$1`, `$#` as a number. */
export function positionalNumber(index: number | 'count', span: Span, checker: ProbeChecker): bigint {
  const { positional } = checker.script;
  if (index === 'count') return BigInt(positional.length);
  if (index === 0) fail(span, 'parameters are numbered from 1');
  const text = positional[index - 1] ?? '0';
  if (!/^-?(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})$/.test(text)) {
    fail(span, `$${index} is used as a number, and is ${JSON.stringify(text)}`, `str($${index}) is its text`);
  }
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
  return BigInt.asIntN(64, value);
}

/** `str($1)` */
export function positionalText(index: number, span: Span, checker: ProbeChecker): Expression {
  const value = checker.script.positional[index - 1] ?? '';
  return { op: 'text', value, type: typeOfText(value), span };
}

function failUnknownName(name: string, span: Span): never {
  if (findFunction(name) !== undefined) fail(span, `${name} is a function`, `write ${name}(...)`);
  if (missingWords.has(name)) fail(span, `bpftrace's ${name} is not here`);
  const names = languageBuiltins.map((entry) => entry.name);
  const like = nearest(name, [...names, ...FIELDS.map((field) => field.protocol)]);
  fail(span, `unknown name ${name}`, like === undefined ? undefined : `did you mean ${like}?`);
}

/** An integer of the script as an expression. */
export function integerValue(value: bigint, span: Span): Expression {
  return { op: 'integer', value, type: value >= 1n << 63n ? unsigned : signed, span };
}
