/** Functions that give a value, each with the types it takes; which there are and how many arguments: language.ts. */
import { nearest, type Span } from '../../base/index.ts';
import { findFunction, type LanguageFunction, languageFunctions, missingWords } from '../language.ts';
import type { ValueType } from '../plan.ts';
import { type CallTree, type ExpressionTree, fail, type MapTree } from '../syntax/index.ts';
import type { Expression } from '../typed.ts';
import { requireForm } from './forms.ts';
import { integerValue, namedRegister, positionalText, stack } from './names.ts';
import type { ProbeChecker } from './probe-checker.ts';
import { describeType, STACK_DEPTH, STRING_BYTES, signed } from './value-types.ts';

/** The most that buf() takes of a packet: what the trace context holds of one, less what an event needs. */
const MAX_BUFFER_BYTES = 240;

/** The row of the called function, after its form and its number of arguments were checked. */
export function requireFunction(call: CallTree, checker: ProbeChecker): LanguageFunction {
  const { name, nameSpan, span } = call;
  const entry = findFunction(name);
  if (entry === undefined) {
    if (missingWords.has(name)) return fail(nameSpan, `bpftrace's ${name}() is not here`);
    const like = nearest(
      name,
      languageFunctions.map((each) => each.name),
    );
    return fail(
      nameSpan,
      `unknown function ${name}()`,
      like === undefined ? undefined : `did you mean ${like}()?`,
    );
  }
  requireForm(checker.script.form, entry.where, nameSpan, `${name}()`);
  const [least, most] = entry.arguments;
  const count = call.arguments.length;
  if (count < least || count > most) {
    const wanted = least === most ? String(least) : `${least} to ${most}`;
    const noun = wanted === '1' ? 'argument' : 'arguments';
    fail(span, `${name}() takes ${wanted} ${noun}, got ${count}`, entry.signature);
  }
  return entry;
}

/** The value of a call. */
export function callValue(call: CallTree, checker: ProbeChecker): Expression {
  const entry = requireFunction(call, checker);
  const { span } = call;
  if (entry.kind === 'aggregation') {
    fail(span, `${call.name}() stands alone behind "@map ="`, `@ = ${entry.signature}`);
  }
  if (entry.kind === 'action') fail(span, `${call.name}() gives no value`);
  return valueFunctions[call.name]!(call, checker);
}

/** The string that an argument is. */
export function literalText(tree: ExpressionTree, what: string): string {
  if (tree.kind === 'text') return tree.value;
  return fail(tree.span, `${what} has to be a string that is written out`);
}

function requireKernel(span: Span, what: string, checker: ProbeChecker): void {
  requireForm(checker.script.form, 'kernel', span, what);
}

const valueFunctions: Readonly<Record<string, (call: CallTree, checker: ProbeChecker) => Expression>> = {
  has_key(call, checker) {
    const tree = mapWithKeys(call);
    checker.script.maps.require(tree);
    const { map, keys } = checker.mapAndKeys(tree);
    checker.script.maps.read(tree);
    if (keys.length === 0) fail(call.span, `${tree.name} has no keys`);
    return { op: 'has-key', map, keys, type: signed, span: call.span };
  },

  len: ({ span }) =>
    fail(
      span,
      'len() is known where all threads come together: when a line is printed',
      'printf("%d\\n", len(@map)) and print(len(@map)) work everywhere, other places nowhere',
    ),

  str({ arguments: [text, length], span }, checker) {
    const tree = text!;
    if (tree.kind === 'positional' && tree.index !== 'count') {
      return positionalText(tree.index, span, checker);
    }
    const value = checker.value(tree);
    if (value.type.kind === 'text') {
      if (length !== undefined) fail(length.span, 'a length goes only with an address');
      return value;
    }
    if (value.type.kind !== 'integer') {
      fail(tree.span, `str() takes an address or text, got ${describeType(value.type)}`);
    }
    requireKernel(span, 'str() of an address', checker);
    const limit = length === undefined ? undefined : checker.integer(length, 'the length');
    const type: ValueType = { kind: 'text', bytes: STRING_BYTES };
    return { op: 'read-text', address: value, limit, type, span };
  },

  buf(call, checker) {
    return checker.script.form === 'agent' ? packetBuffer(call, checker) : memoryBuffer(call, checker);
  },

  strncmp({ arguments: [a, b, length], span }, checker) {
    const [left, right] = [a!, b!].map((tree) => {
      const value = checker.value(tree);
      if (value.type.kind === 'text') return value;
      return fail(tree.span, `strncmp() takes text, got ${describeType(value.type)}`);
    });
    const bytes = Number(checker.literal(length!, 'the length'));
    if (bytes < 1) fail(length!.span, `the length is at least 1, got ${bytes}`);
    const equal: Expression = {
      op: 'equal-text',
      left: left!,
      right: right!,
      bytes: Math.min(bytes, Math.max(textBytes(left!.type), textBytes(right!.type))),
      type: signed,
      span,
    };
    return { op: 'not', operand: equal, type: signed, span };
  },

  strftime({ arguments: [format, time], span }, checker) {
    const value = checker.integer(time!, 'strftime()');
    return { ...value, type: { kind: 'time', format: literalText(format!, 'the format') }, span };
  },

  ntop({ arguments: list, span }, checker) {
    const [family, address] = list.length === 2 ? [list[0], list[1]!] : [undefined, list[0]!];
    const value = checker.value(address);
    const { kind } = value.type;
    if (kind === 'ipv4' || kind === 'ipv6' || kind === 'ip') return { ...value, span };
    if (kind !== 'integer' && kind !== 'buffer' && kind !== 'text') {
      fail(address.span, `ntop() takes an address, got ${describeType(value.type)}`);
    }
    const familyValue = family === undefined ? undefined : checker.integer(family, 'the family');
    return { op: 'ip-address', family: familyValue, address: value, type: { kind: 'ip' }, span };
  },

  macaddr({ arguments: [address], span }, checker) {
    const value = checker.value(address!);
    if (value.type.kind === 'mac') return { ...value, span };
    requireKernel(span, 'macaddr() of an address', checker);
    return {
      op: 'mac-address',
      address: checker.integer(address!, 'macaddr()'),
      type: { kind: 'mac' },
      span,
    };
  },

  usym: (call, checker) => symbol('user', call, checker),
  ksym: (call, checker) => symbol('kernel', call, checker),
  ustack: (call, checker) => stackOf('ustack', call, checker),
  kstack: (call, checker) => stackOf('kstack', call, checker),

  reg({ arguments: [name], span }, checker) {
    return namedRegister(literalText(name!, 'the name'), span, checker);
  },

  sizeof({ arguments: [tree], span }, checker) {
    const value = checker.value(tree!);
    return integerValue(BigInt(value.op === 'cast' ? value.bytes : sizeOf(value.type)), span);
  },
};

function sizeOf(type: ValueType): number {
  switch (type.kind) {
    case 'text':
    case 'buffer':
      return type.bytes;
    case 'ipv4':
      return 4;
    case 'mac':
      return 6;
    case 'ipv6':
      return 16;
    case 'tuple':
      return type.members.reduce((sum, member) => sum + sizeOf(member), 0);
    default:
      return 8;
  }
}

function textBytes(type: ValueType): number {
  return type.kind === 'text' ? type.bytes : 0;
}

/** `has_key(@x, k)`, `has_key(@x, (k, l))` and `has_key(@x[k])` are one; `delete` likewise. */
export function mapWithKeys({ name, arguments: [map, key] }: CallTree): MapTree {
  const tree = map!;
  if (tree.kind !== 'map') return fail(tree.span, `${name}() takes a map: ${name}(@map[key])`);
  if (key === undefined) return tree;
  if (tree.keys.length > 0) fail(key.span, 'the key stands twice');
  return { ...tree, keys: key.kind === 'tuple' ? key.members : [key] };
}

function packetBuffer({ arguments: list, span }: CallTree, checker: ProbeChecker): Expression {
  if (list.length > 1) fail(span, 'buf() in the application is of the packet and takes a length: buf(64)');
  if (checker.point.kind !== 'packet') {
    fail(span, `buf() is of a packet, and ${checker.probeName} is not about one`);
  }
  const bytes = list[0] === undefined ? STRING_BYTES : Number(checker.literal(list[0], 'the length'));
  if (bytes < 1 || bytes > MAX_BUFFER_BYTES) {
    fail(list[0]!.span, `buf() takes 1 to ${MAX_BUFFER_BYTES} bytes, got ${bytes}`);
  }
  return { op: 'read-buffer', address: undefined, length: undefined, type: { kind: 'buffer', bytes }, span };
}

function memoryBuffer({ arguments: [address, length], span }: CallTree, checker: ProbeChecker): Expression {
  if (address === undefined || length === undefined) {
    return fail(span, 'buf() in the kernel takes an address and a length');
  }
  const isPlain = length.kind === 'integer';
  const bytes = isPlain && length.value < 200n ? Number(length.value) : STRING_BYTES;
  return {
    op: 'read-buffer',
    address: checker.integer(address, 'buf()'),
    length: checker.integer(length, 'the length'),
    type: { kind: 'buffer', bytes: Math.max(1, bytes) },
    span,
  };
}

function symbol(where: 'user' | 'kernel', call: CallTree, checker: ProbeChecker): Expression {
  const address = checker.integer(call.arguments[0]!, `${call.name}()`);
  return { op: 'symbol', where, address, type: { kind: 'symbol', where }, span: call.span };
}

const stackModes: ReadonlySet<string> = new Set(['bpftrace', 'perf', 'raw']);

/** `kstack(3)`, `kstack(perf, 3)`; the mode is taken, and frames are printed in bpftrace's way. */
function stackOf(name: 'ustack' | 'kstack', call: CallTree, checker: ProbeChecker): Expression {
  const list = [...call.arguments];
  const mode = list[0]?.kind === 'name' ? list.shift() : undefined;
  if (mode?.kind === 'name' && !stackModes.has(mode.name)) {
    fail(mode.span, `no stack mode ${mode.name}`, 'there are bpftrace and perf');
  }
  const [depthTree] = list;
  if (list.length > 1) fail(call.span, `${name}() takes a mode and a depth`);
  const depth = depthTree === undefined ? STACK_DEPTH : Number(checker.literal(depthTree, 'the depth'));
  if (depth < 1) fail(depthTree!.span, `the depth is at least 1, got ${depth}`);
  return stack(name, Math.min(depth, STACK_DEPTH), call.span);
}
