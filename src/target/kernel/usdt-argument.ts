/**
 * The arguments of a USDT probe as compilers write them down: `-4@%eax 8@16(%rbp) 2@$7 4@counter(%rip)`, x86-64 in AT&T
 * notation. Size, negative when signed, then a constant, a register or a place in memory. Grammar: SystemTap's wiki,
 * "UserSpaceProbeImplementation"; names of variables, which gcc writes for globals, are looked up in the file. Numbers
 * with a fraction (`8f@%xmm0`) cannot be reached by a program of the kernel.
 */
import type { ArgumentPlace, ProbeArgument } from '../../tracepoints/index.ts';
import { registerOffset, registerPart } from './pt-regs.ts';

type Integer = Extract<ProbeArgument['type'], { kind: 'integer' }>;

/** What a name in an argument, and `%rip`, mean in the file of the probe. */
export interface ArgumentScope {
  /** Address of the probe in the file. */
  readonly location: number;
  /** Address of a variable in the file. */
  readonly address: (symbol: string) => number | undefined;
}

/** `arg0`, `arg1`, ... by their place; without those that no program can find. */
export function parseUsdtArguments(text: string, scope: ArgumentScope): ProbeArgument[] {
  return split(text).flatMap((argument, index) => {
    const parsed = parseArgument(argument, scope);
    return parsed === undefined ? [] : [{ name: `arg${index}`, meaning: '', ...parsed }];
  });
}

/** At spaces that are not in brackets. */
function split(text: string): string[] {
  return text.match(/[^\s(]+(?:\([^)]*\))?|\([^)]*\)/g) ?? [];
}

const argumentPattern = /^(?:(-?)([1248])@)?([^@]+)$/;
const memoryPattern =
  /^(?<displacement>[^()]*)(?:\((?:%(?<base>\w+))?(?:,\s*%(?<index>\w+)(?:,\s*(?<scale>[1248]))?)?\))?$/;

function parseArgument(
  text: string,
  scope: ArgumentScope,
): { type: Integer; place: ArgumentPlace } | undefined {
  const [, sign, size, operand] = argumentPattern.exec(text) ?? [];
  if (operand === undefined) return undefined;
  const part = operand.startsWith('%') ? registerPart(operand.slice(1)) : undefined;
  // Without a size, as old assemblers had it: the register's own, or a word.
  const bytes = (size === undefined ? (part?.bytes ?? 8) : Number(size)) as Integer['bytes'];
  const type: Integer = { kind: 'integer', bytes, isSigned: sign === '-' };
  const place = parsePlace(operand, type, scope);
  return place === undefined ? undefined : { type, place };
}

function parsePlace(operand: string, type: Integer, scope: ArgumentScope): ArgumentPlace | undefined {
  if (operand.startsWith('%')) {
    const part = registerPart(operand.slice(1));
    return part === undefined ? undefined : { kind: 'register', offsetBytes: part.offsetBytes };
  }
  if (operand.startsWith('$')) {
    const value = parseNumber(operand.slice(1));
    return value === undefined ? undefined : { kind: 'constant', value: widen(value, type) };
  }
  const groups = memoryPattern.exec(operand)?.groups;
  if (groups === undefined) return undefined;
  const { displacement = '', base, index, scale = '1' } = groups;
  const distance = parseDisplacement(displacement, scope);
  if (distance === undefined) return undefined;
  if (base === 'rip') {
    // What the register holds at the probe is the probe's address, wherever the file was loaded.
    const fromProbe = distance - BigInt(scope.location);
    const place = { kind: 'memory', base: registerOffset('ip'), index: undefined, scale: 1 } as const;
    return index === undefined && /[A-Za-z_]/.test(displacement)
      ? { ...place, displacement: fromProbe }
      : undefined;
  }
  const baseOffset = addressRegister(base);
  const indexOffset = addressRegister(index);
  if (baseOffset === null || indexOffset === null || operand === '') return undefined;
  return {
    kind: 'memory',
    base: baseOffset,
    index: indexOffset,
    scale: Number(scale),
    displacement: BigInt.asIntN(64, distance),
  };
}

/** Null for what is no whole register. */
function addressRegister(name: string | undefined): number | undefined | null {
  if (name === undefined) return undefined;
  const part = registerPart(name);
  return part?.bytes === 8 && name !== 'rip' ? part.offsetBytes : null;
}

/** A sum of numbers and addresses of variables: `-16`, `counter`, `8+table-2`. */
function parseDisplacement(text: string, scope: ArgumentScope): bigint | undefined {
  let sum = 0n;
  for (const [, sign, term] of text.matchAll(/([-+]?)([^-+]+|$)/g)) {
    if (term === '') continue;
    const number = parseNumber(term!);
    const address = number === undefined ? scope.address(term!) : undefined;
    if (number === undefined && address === undefined) return undefined;
    const value = number ?? BigInt(address!);
    sum += sign === '-' ? -value : value;
  }
  return sum;
}

function parseNumber(text: string): bigint | undefined {
  const match = /^([-+]?)(0x[0-9a-f]{1,16}|\d{1,20})$/i.exec(text);
  if (match === null) return undefined;
  const magnitude = BigInt(match[2]!);
  return match[1] === '-' ? -magnitude : magnitude;
}

/** The value as the argument's type has it. */
function widen(value: bigint, { bytes, isSigned }: Integer): bigint {
  return isSigned ? BigInt.asIntN(8 * bytes, value) : BigInt.asUintN(8 * bytes, value);
}
