import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArgumentPlace } from '../../tracepoints/index.ts';
import { registerOffset, registerPart } from './pt-regs.ts';
import { parseUsdtArguments } from './usdt-argument.ts';

const scope = {
  location: 0x1000,
  address: (name: string) => ({ counter: 0x4000, 'table.1': 0x5000 })[name],
};

const at = (name: string) => registerOffset(name)!;

function memory(base: string | undefined, displacement: bigint, index?: string, scale = 1): ArgumentPlace {
  return {
    kind: 'memory',
    base: base === undefined ? undefined : at(base),
    index: index === undefined ? undefined : at(index),
    scale,
    displacement,
  };
}

describe('arguments of USDT probes', () => {
  test.each<[text: string, bytes: number, isSigned: boolean, place: ArgumentPlace]>([
    ['-4@$7', 4, true, { kind: 'constant', value: 7n }],
    ['4@$-1', 4, false, { kind: 'constant', value: 0xffff_ffffn }],
    ['-8@$-9223372036854775808', 8, true, { kind: 'constant', value: -(1n << 63n) }],
    ['-1@$200', 1, true, { kind: 'constant', value: -56n }],
    ['2@$0x1f', 2, false, { kind: 'constant', value: 31n }],
    ['8@%rax', 8, false, { kind: 'register', offsetBytes: 80 }],
    ['-4@%edi', 4, true, { kind: 'register', offsetBytes: 112 }],
    ['2@%r8w', 2, false, { kind: 'register', offsetBytes: 72 }],
    ['1@%bh', 1, false, { kind: 'register', offsetBytes: 41 }],
    ['-1@%sil', 1, true, { kind: 'register', offsetBytes: 104 }],
    ['1@%r15b', 1, false, { kind: 'register', offsetBytes: 0 }],
    ['%ecx', 4, false, { kind: 'register', offsetBytes: 88 }],
    ['8@(%rsp)', 8, false, memory('sp', 0n)],
    ['-4@-20(%rbp)', 4, true, memory('bp', -20n)],
    ['8@0x10(%r12)', 8, false, memory('r12', 16n)],
    ['4@8(%rdi,%rsi,4)', 4, false, memory('di', 8n, 'si', 4)],
    ['4@(%rdi,%rsi)', 4, false, memory('di', 0n, 'si', 1)],
    ['4@16(,%rax,8)', 4, false, memory(undefined, 16n, 'ax', 8)],
    ['4@(%rdi, %rsi, 2)', 4, false, memory('di', 0n, 'si', 2)],
    ['4@counter(%rip)', 4, false, memory('ip', 0x3000n)],
    ['4@counter+8(%rip)', 4, false, memory('ip', 0x3008n)],
    ['4@8+counter(%rip)', 4, false, memory('ip', 0x3008n)],
    ['-8@table.1-4(,%rcx,8)', 8, true, memory(undefined, 0x4ffcn, 'cx', 8)],
    ['4@counter', 4, false, memory(undefined, 0x4000n)],
  ])('%s', (text, bytes, isSigned, place) => {
    expect(parseUsdtArguments(text, scope)).toEqual([
      { name: 'arg0', meaning: '', type: { kind: 'integer', bytes, isSigned }, place },
    ]);
  });

  test('every register by all its names', () => {
    const names: Record<string, string[]> = {
      ax: ['rax', 'eax', 'ax', 'al'],
      si: ['rsi', 'esi', 'si', 'sil'],
      bp: ['rbp', 'ebp', 'bp', 'bpl'],
      r10: ['r10', 'r10d', 'r10w', 'r10b'],
      r9: ['r9', 'r9d', 'r9w', 'r9l'],
    };
    for (const [register, widths] of Object.entries(names)) {
      widths.forEach((name, n) => {
        expect(registerPart(name)).toEqual({ offsetBytes: at(register), bytes: [8, 4, 2, 1][n] });
      });
    }
    expect(registerPart('dh')).toEqual({ offsetBytes: at('dx') + 1, bytes: 1 });
    expect(registerPart('sih')).toBeUndefined();
    expect(registerPart('xmm0')).toBeUndefined();
  });

  test('what no program can find is left out, the others keep their numbers', () => {
    const text = '8f@%xmm0 4@%edi 8@unknown(%rip) 3@%eax 8@(%eax) 8@4(%rip) -4@$2 @';
    expect(parseUsdtArguments(text, scope).map(({ name }) => name)).toEqual(['arg1', 'arg6']);
    expect(parseUsdtArguments('', scope)).toEqual([]);
  });

  test('any text: a list, quickly', () => {
    const piece = fc.constantFrom(
      '-',
      '4',
      '@',
      '%',
      'rax',
      '(',
      ')',
      ',',
      '$',
      '+',
      'counter',
      ' ',
      '0x',
      '8',
      'f',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        for (const { place } of parseUsdtArguments(pieces.join(''), scope)) {
          if (place.kind === 'memory') expect([1, 2, 4, 8]).toContain(place.scale);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
