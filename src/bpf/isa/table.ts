/**
 * The instruction table: every instruction of RFC 9669, with the legacy packet loads, and `callx`, which the RFC leaves
 * out and the conformance corpus has. The encoder's and decoder's checks (validate.ts), both assembler notations (asm/),
 * the engines' predecoding and docs/isa.md derive from it.
 *
 * A notation is a template. `{dst}` and `{src}` stand for 64-bit registers, `{wdst}` and `{wsrc}` for their lower halves,
 * `{imm}` and `{number}` for the constant, printed in hexadecimal and in decimal, `{off}` and `{index}` for a signed
 * displacement (in `off` or in `imm`), `{to}` and `{immTo}` for where a jump leads, counted in slots from the next
 * instruction (in `off` or in `imm`), `{imm64}` for the constant of both slots, `{next}` for the second slot's. A field
 * that `mnemonic` does not name and that tells no rows apart is reserved: it has to be 0.
 */
import * as bpf from './insn.ts';

/** RFC 9669, section 2.4. A group with 64 includes the one with 32. `callx` is the corpus' own. */
export type ConformanceGroup =
  | 'base32'
  | 'base64'
  | 'atomic32'
  | 'atomic64'
  | 'divmul32'
  | 'divmul64'
  | 'packet'
  | 'callx';

type InsnKind =
  /** `operation` is 'add', 'mov', 'neg' ...; `bits` its width. */
  | 'alu'
  /** A move that extends the sign from `sizeBits` to `bits`. */
  | 'movsx'
  /** A change of byte order, `operation` 'le', 'be' or 'bswap', of `sizeBits`. */
  | 'end'
  /** A 64-bit constant, two slots; `operation` is 'imm64' or an AddressKind of vm/engine.ts. */
  | 'lddw'
  | 'load'
  /** A load that extends the sign from `sizeBits`. */
  | 'loadsx'
  | 'store'
  /** `operation` is 'add', 'or', 'and', 'xor', 'xchg' or 'cmpxchg'. */
  | 'atomic'
  /** A conditional jump: `operation` is 'jeq' ...; `bits` the width of the comparison. */
  | 'jump'
  | 'ja'
  /** `operation` is 'helper', 'local', 'btf' or 'register'. */
  | 'call'
  | 'exit'
  /** A packet load of `sizeBits`: `operation` is 'abs' or 'ind'. */
  | 'packet';

/** 'operand': the program chooses it; 'fixed': the row does; 'reserved': 0. */
type FieldUse = 'operand' | 'fixed' | 'reserved';

export interface InsnRow {
  /** Unique: 'add32 imm'. */
  readonly name: string;
  readonly code: number;
  /** The fields that tell the rows of one code apart. */
  readonly fixed: { readonly src?: number; readonly off?: number; readonly imm?: number };
  readonly kind: InsnKind;
  readonly operation: string;
  /** The width of arithmetic and comparisons; 64 for the rest. */
  readonly bits: 32 | 64;
  /** The width in memory, or of the part of a register that is taken. */
  readonly sizeBits: 8 | 16 | 32 | 64;
  readonly operand: 'imm' | 'reg' | 'none';
  /** An atomic operation that gives the old value. */
  readonly fetches: boolean;
  readonly writes: 'dst' | 'src' | 'r0' | 'nothing';
  readonly group: ConformanceGroup;
  /** What each field of the slot is for; `next` is the immediate value of a second slot. */
  readonly uses: Readonly<Record<'dst' | 'src' | 'off' | 'imm' | 'next', FieldUse>>;
  /** The field that says where control may go besides the next instruction. */
  readonly target: 'off' | 'imm' | undefined;
  /** The first of clang's `-mcpu=v1` to `v4` whose code has it. */
  readonly cpu: 1 | 2 | 3 | 4;
  /** The notation of the conformance corpus. */
  readonly mnemonic: string;
  /** The notation of the kernel and clang; the first is printed, all are read. */
  readonly kernel: readonly string[];
  /** What it does, in the RFC's terms. */
  readonly meaning: string;
}

type RowSpec = Pick<InsnRow, 'name' | 'code' | 'kind' | 'group' | 'mnemonic' | 'kernel' | 'meaning'> &
  Partial<InsnRow>;

const row = (spec: RowSpec): InsnRow => ({
  fixed: {},
  operation: spec.kind,
  bits: 64,
  sizeBits: 64,
  operand: 'none',
  fetches: false,
  writes: 'nothing',
  cpu: 1,
  uses: usesOf(spec),
  target: spec.mnemonic.includes('{to}') ? 'off' : spec.mnemonic.includes('{immTo}') ? 'imm' : undefined,
  ...spec,
});

function usesOf({ mnemonic, fixed = {} }: RowSpec): InsnRow['uses'] {
  const use = (placeholder: RegExp, fixedValue?: number): FieldUse =>
    fixedValue !== undefined ? 'fixed' : placeholder.test(mnemonic) ? 'operand' : 'reserved';
  return {
    dst: use(/\{dst\}/),
    src: use(/\{src\}/, fixed.src),
    off: use(/\{(off|to)\}/, fixed.off),
    imm: use(/\{(imm|number|immTo|imm64)\}/, fixed.imm),
    next: use(/\{(next|imm64)\}/),
  };
}

const widths = [64, 32] as const;

/** What is taken of a register by an operation whose text is `sign`: a signed one has an s. */
const castOf = (bits: 32 | 64, sign: string): string =>
  bits === 64 ? '' : sign.includes('s') ? '(s32)' : '(u32)';

const operands = ['imm', 'reg'] as const;
const sourceBit = { imm: bpf.BPF_K, reg: bpf.BPF_X } as const;
const sizes = [
  { letter: 'b', code: bpf.BPF_B, sizeBits: 8 },
  { letter: 'h', code: bpf.BPF_H, sizeBits: 16 },
  { letter: 'w', code: bpf.BPF_W, sizeBits: 32 },
  { letter: 'dw', code: bpf.BPF_DW, sizeBits: 64 },
] as const;

interface Arithmetic {
  readonly operation: string;
  readonly code: number;
  /** The kernel's assignment. */
  readonly sign: string;
  readonly meaning: string;
  readonly off?: number;
}

/** In a meaning D and S are the operands, M the mask of a shift's distance. */
const arithmetic: readonly Arithmetic[] = [
  { operation: 'add', code: bpf.BPF_ADD, sign: '+=', meaning: 'D + S' },
  { operation: 'sub', code: bpf.BPF_SUB, sign: '-=', meaning: 'D - S' },
  { operation: 'mul', code: bpf.BPF_MUL, sign: '*=', meaning: 'D * S' },
  { operation: 'div', code: bpf.BPF_DIV, sign: '/=', meaning: 'S != 0 ? D / S : 0', off: 0 },
  { operation: 'sdiv', code: bpf.BPF_DIV, sign: 's/=', meaning: 'S != 0 ? D s/ S : 0', off: 1 },
  { operation: 'or', code: bpf.BPF_OR, sign: '|=', meaning: 'D | S' },
  { operation: 'and', code: bpf.BPF_AND, sign: '&=', meaning: 'D & S' },
  { operation: 'lsh', code: bpf.BPF_LSH, sign: '<<=', meaning: 'D << (S & M)' },
  { operation: 'rsh', code: bpf.BPF_RSH, sign: '>>=', meaning: 'D >> (S & M)' },
  { operation: 'mod', code: bpf.BPF_MOD, sign: '%=', meaning: 'S != 0 ? D % S : D', off: 0 },
  { operation: 'smod', code: bpf.BPF_MOD, sign: 's%=', meaning: 'S != 0 ? D s% S : D', off: 1 },
  { operation: 'xor', code: bpf.BPF_XOR, sign: '^=', meaning: 'D ^ S' },
  { operation: 'mov', code: bpf.BPF_MOV, sign: '=', meaning: 'S' },
  { operation: 'arsh', code: bpf.BPF_ARSH, sign: 's>>=', meaning: 'D s>> (S & M)' },
];

const divisions: ReadonlySet<string> = new Set(['mul', 'div', 'sdiv', 'mod', 'smod']);

const arithmeticRows: readonly InsnRow[] = arithmetic.flatMap(({ operation, code, sign, meaning, off }) =>
  widths.flatMap((bits) =>
    operands.map((operand) => {
      const w = bits === 32 ? 'w' : '';
      const mnemonic = `${operation}${bits === 32 ? 32 : ''}`;
      const isSelected = off !== undefined || (operation === 'mov' && operand === 'reg');
      const what = meaning
        .replace(/D/g, `${castOf(bits, meaning)}dst`)
        .replace(/S/g, operand === 'imm' ? 'imm' : `${castOf(bits, meaning)}src`)
        .replace(/M/g, String(bits - 1));
      return row({
        name: `${mnemonic} ${operand}`,
        code: (bits === 32 ? bpf.BPF_ALU : bpf.BPF_ALU64) | code | sourceBit[operand],
        fixed: isSelected ? { off: off ?? 0 } : {},
        kind: 'alu',
        operation,
        bits,
        operand,
        writes: 'dst',
        group: `${divisions.has(operation) ? 'divmul' : 'base'}${bits}`,
        cpu: off === 1 ? 4 : bits === 32 ? 3 : 1,
        mnemonic: `${mnemonic} {dst}, ${operand === 'imm' ? '{imm}' : '{src}'}`,
        kernel: [`{${w}dst} ${sign} ${operand === 'imm' ? '{imm}' : `{${w}src}`}`],
        meaning: `dst = ${bits === 32 ? `(u32)(${what})` : what}`,
      });
    }),
  ),
);

const negRows: readonly InsnRow[] = widths.map((bits) => {
  const w = bits === 32 ? 'w' : '';
  const mnemonic = bits === 32 ? 'neg32' : 'neg';
  return row({
    name: mnemonic,
    code: (bits === 32 ? bpf.BPF_ALU : bpf.BPF_ALU64) | bpf.BPF_NEG,
    kind: 'alu',
    operation: 'neg',
    bits,
    writes: 'dst',
    group: `base${bits}`,
    cpu: bits === 32 ? 3 : 1,
    mnemonic: `${mnemonic} {dst}`,
    kernel: [`{${w}dst} = -{${w}dst}`],
    meaning: bits === 32 ? 'dst = (u32)-dst' : 'dst = -dst',
  });
});

const movsxRows: readonly InsnRow[] = (
  [
    [8, 32],
    [16, 32],
    [8, 64],
    [16, 64],
    [32, 64],
  ] as const
).map(([sizeBits, bits]) => {
  const w = bits === 32 ? 'w' : '';
  return row({
    name: `movsx${sizeBits}${bits}`,
    code: (bits === 32 ? bpf.BPF_ALU : bpf.BPF_ALU64) | bpf.BPF_MOV | bpf.BPF_X,
    fixed: { off: sizeBits },
    kind: 'movsx',
    bits,
    sizeBits,
    operand: 'reg',
    writes: 'dst',
    group: `base${bits}`,
    cpu: 4,
    mnemonic: `movsx${sizeBits}${bits} {dst}, {src}`,
    kernel: [`{${w}dst} = (s${sizeBits}){${w}src}`],
    meaning: bits === 32 ? `dst = (u32)(s32)(s${sizeBits})src` : `dst = (s64)(s${sizeBits})src`,
  });
});

const byteOrderRows: readonly InsnRow[] = (
  [
    ['le', bpf.BPF_ALU | bpf.BPF_END],
    ['be', bpf.BPF_ALU | bpf.BPF_END | bpf.BPF_TO_BE],
    ['bswap', bpf.BPF_ALU64 | bpf.BPF_END],
  ] as const
).flatMap(([operation, code]) =>
  ([16, 32, 64] as const).map((sizeBits) =>
    row({
      name: `${operation}${sizeBits}`,
      code,
      fixed: { imm: sizeBits },
      kind: 'end',
      operation,
      sizeBits,
      writes: 'dst',
      group: sizeBits === 64 ? 'base64' : 'base32',
      cpu: operation === 'bswap' ? 4 : 1,
      mnemonic: `${operation}${sizeBits} {dst}`,
      kernel: [
        `{dst} = ${operation}${sizeBits} {dst}`,
        // The corpus has a second name for it.
        ...(operation === 'bswap' ? [`swap${sizeBits} {dst}`] : []),
      ],
      meaning: `dst = ${operation}${sizeBits}(dst)`,
    }),
  ),
);

const constantRows: readonly InsnRow[] = (
  [
    ['imm64', 'lddw', '{imm64}', 'dst = imm64'],
    ['map_by_fd', 'lddw map_by_fd', 'map_by_fd({number})', 'dst = map_by_fd(imm)'],
    [
      'map_val_by_fd',
      'lddw map_val_by_fd',
      'map_val(map_by_fd({number})){next}',
      'dst = map_val(map_by_fd(imm)) + next_imm',
    ],
    ['var_addr', 'lddw var_addr', 'var_addr({number})', 'dst = var_addr(imm)'],
    ['code_addr', 'lddw code_addr', 'code_addr({number})', 'dst = code_addr(imm)'],
    ['map_by_idx', 'lddw map_by_idx', 'map_by_idx({number})', 'dst = map_by_idx(imm)'],
    [
      'map_val_by_idx',
      'lddw map_val_by_idx',
      'map_val(map_by_idx({number})){next}',
      'dst = map_val(map_by_idx(imm)) + next_imm',
    ],
  ] as const
).map(([operation, name, constant, meaning], src) =>
  row({
    name,
    code: bpf.BPF_LD | bpf.BPF_IMM | bpf.BPF_DW,
    fixed: { src },
    kind: 'lddw',
    operation,
    operand: 'imm',
    writes: 'dst',
    group: 'base64',
    mnemonic: `lddw {dst}, ${constant}`,
    kernel: [`{dst} = ${constant}${src === 0 ? ' ll' : ''}`],
    meaning,
  }),
);

const memoryRows: readonly InsnRow[] = sizes.flatMap(({ letter, code, sizeBits }) => {
  const group = sizeBits === 64 ? 'base64' : 'base32';
  const load = `*(u${sizeBits} *)({src}{off})`;
  const place = `*(u${sizeBits} *)({dst}{off})`;
  const rows = [
    row({
      name: `ldx${letter}`,
      code: bpf.BPF_LDX | bpf.BPF_MEM | code,
      kind: 'load',
      sizeBits,
      writes: 'dst',
      group,
      mnemonic: `ldx${letter} {dst}, [{src}{off}]`,
      kernel: [`{dst} = ${load}`, ...(sizeBits === 64 ? [] : [`{wdst} = ${load}`])],
      meaning: `dst = *(u${sizeBits} *)(src + off)`,
    }),
    row({
      name: `st${letter}`,
      code: bpf.BPF_ST | bpf.BPF_MEM | code,
      kind: 'store',
      sizeBits,
      operand: 'imm',
      group,
      cpu: 4,
      mnemonic: `st${letter} [{dst}{off}], {number}`,
      kernel: [`${place} = {number}`],
      meaning: `*(u${sizeBits} *)(dst + off) = imm`,
    }),
    row({
      name: `stx${letter}`,
      code: bpf.BPF_STX | bpf.BPF_MEM | code,
      kind: 'store',
      sizeBits,
      operand: 'reg',
      group,
      mnemonic: `stx${letter} [{dst}{off}], {src}`,
      kernel: [`${place} = {src}`, ...(sizeBits === 64 ? [] : [`${place} = {wsrc}`])],
      meaning: `*(u${sizeBits} *)(dst + off) = src`,
    }),
  ];
  if (sizeBits !== 64) {
    rows.push(
      row({
        name: `ldxs${letter}`,
        code: bpf.BPF_LDX | bpf.BPF_MEMSX | code,
        kind: 'loadsx',
        sizeBits,
        writes: 'dst',
        group: 'base64',
        cpu: 4,
        mnemonic: `ldxs${letter} {dst}, [{src}{off}]`,
        kernel: [`{dst} = *(s${sizeBits} *)({src}{off})`],
        meaning: `dst = (s64)*(s${sizeBits} *)(src + off)`,
      }),
    );
  }
  return rows;
});

const atomicRows: readonly InsnRow[] = widths.flatMap((bits) => {
  const suffix = bits === 32 ? '32' : '';
  const w = bits === 32 ? 'w' : '';
  const place = `*(u${bits} *)(dst + off)`;
  const common = {
    code: bpf.BPF_STX | bpf.BPF_ATOMIC | (bits === 32 ? bpf.BPF_W : bpf.BPF_DW),
    kind: 'atomic',
    bits,
    sizeBits: bits,
    operand: 'reg',
    group: `atomic${bits}`,
  } as const;
  const old = bits === 32 ? '(u32)' : '';
  return [
    ...(
      [
        ['add', bpf.BPF_ADD, '+'],
        ['or', bpf.BPF_OR, '|'],
        ['and', bpf.BPF_AND, '&'],
        ['xor', bpf.BPF_XOR, '^'],
      ] as const
    ).flatMap(([operation, code, sign]) => [
      row({
        ...common,
        name: `lock ${operation}${suffix}`,
        fixed: { imm: code },
        operation,
        // Only this one is older than the third version.
        cpu: operation === 'add' ? 1 : 3,
        mnemonic: `lock ${operation}${suffix} [{dst}{off}], {src}`,
        kernel: [
          `lock *(u${bits} *)({dst}{off}) ${sign}= {${w}src}`,
          ...(bits === 32 ? [`lock *(u${bits} *)({dst}{off}) ${sign}= {src}`] : []),
        ],
        meaning: `${place} ${sign}= src`,
      }),
      row({
        ...common,
        name: `lock fetch ${operation}${suffix}`,
        fixed: { imm: code | bpf.BPF_FETCH },
        operation,
        fetches: true,
        writes: 'src',
        cpu: 3,
        mnemonic: `lock fetch ${operation}${suffix} [{dst}{off}], {src}`,
        kernel: [`{${w}src} = atomic_fetch_${operation}((u${bits} *)({dst}{off}), {${w}src})`],
        meaning: `old = ${place}; ${place} ${sign}= src; src = old`,
      }),
    ]),
    row({
      ...common,
      name: `lock xchg${suffix}`,
      fixed: { imm: bpf.BPF_XCHG },
      operation: 'xchg',
      fetches: true,
      writes: 'src',
      cpu: 3,
      mnemonic: `lock xchg${suffix} [{dst}{off}], {src}`,
      kernel: [`{${w}src} = xchg${bits === 32 ? '32_32' : '_64'}({dst}{off}, {${w}src})`],
      meaning: `old = ${place}; ${place} = src; src = old`,
    }),
    row({
      ...common,
      name: `lock cmpxchg${suffix}`,
      fixed: { imm: bpf.BPF_CMPXCHG },
      operation: 'cmpxchg',
      fetches: true,
      writes: 'r0',
      cpu: 3,
      mnemonic: `lock cmpxchg${suffix} [{dst}{off}], {src}`,
      kernel: [
        bits === 32 ? 'w0 = cmpxchg32_32({dst}{off}, w0, {wsrc})' : 'r0 = cmpxchg_64({dst}{off}, r0, {src})',
      ],
      meaning: `old = ${place}; if (old == ${old}r0) ${place} = src; r0 = old`,
    }),
  ];
});

interface Comparison {
  readonly operation: string;
  readonly code: number;
  readonly sign: string;
  readonly cpu: 1 | 2;
}

const comparisons: readonly Comparison[] = [
  { operation: 'jeq', code: bpf.BPF_JEQ, sign: '==', cpu: 1 },
  { operation: 'jgt', code: bpf.BPF_JGT, sign: '>', cpu: 1 },
  { operation: 'jge', code: bpf.BPF_JGE, sign: '>=', cpu: 1 },
  { operation: 'jset', code: bpf.BPF_JSET, sign: '&', cpu: 1 },
  { operation: 'jne', code: bpf.BPF_JNE, sign: '!=', cpu: 1 },
  { operation: 'jsgt', code: bpf.BPF_JSGT, sign: 's>', cpu: 1 },
  { operation: 'jsge', code: bpf.BPF_JSGE, sign: 's>=', cpu: 1 },
  { operation: 'jlt', code: bpf.BPF_JLT, sign: '<', cpu: 2 },
  { operation: 'jle', code: bpf.BPF_JLE, sign: '<=', cpu: 2 },
  { operation: 'jslt', code: bpf.BPF_JSLT, sign: 's<', cpu: 2 },
  { operation: 'jsle', code: bpf.BPF_JSLE, sign: 's<=', cpu: 2 },
];

const jumpRows: readonly InsnRow[] = comparisons.flatMap(({ operation, code, sign, cpu }) =>
  widths.flatMap((bits) =>
    operands.map((operand) => {
      const w = bits === 32 ? 'w' : '';
      const cast = castOf(bits, sign);
      const mnemonic = `${operation}${bits === 32 ? 32 : ''}`;
      return row({
        name: `${mnemonic} ${operand}`,
        code: (bits === 32 ? bpf.BPF_JMP32 : bpf.BPF_JMP) | code | sourceBit[operand],
        kind: 'jump',
        operation,
        bits,
        operand,
        group: `base${bits}`,
        cpu: bits === 32 ? 3 : cpu,
        mnemonic: `${mnemonic} {dst}, ${operand === 'imm' ? '{imm}' : '{src}'}, {to}`,
        kernel: [`if {${w}dst} ${sign} ${operand === 'imm' ? '{imm}' : `{${w}src}`} goto {to}`],
        meaning: `if (${cast}dst ${sign} ${operand === 'imm' ? 'imm' : `${cast}src`}) pc += off`,
      });
    }),
  ),
);

const controlRows: readonly InsnRow[] = [
  row({
    name: 'ja',
    code: bpf.BPF_JMP | bpf.BPF_JA,
    kind: 'ja',
    group: 'base32',
    mnemonic: 'ja {to}',
    kernel: ['goto {to}'],
    meaning: 'pc += off',
  }),
  row({
    name: 'ja32',
    code: bpf.BPF_JMP32 | bpf.BPF_JA,
    kind: 'ja',
    group: 'base32',
    cpu: 4,
    mnemonic: 'ja32 {immTo}',
    kernel: ['gotol {immTo}'],
    meaning: 'pc += imm',
  }),
  row({
    name: 'call helper',
    code: bpf.BPF_JMP | bpf.BPF_CALL,
    fixed: { src: 0 },
    kind: 'call',
    operation: 'helper',
    writes: 'r0',
    group: 'base32',
    mnemonic: 'call {number}',
    kernel: ['call {number}'],
    meaning: 'r0 = helper number imm (r1, ..., r5)',
  }),
  row({
    name: 'call local',
    code: bpf.BPF_JMP | bpf.BPF_CALL,
    fixed: { src: 1 },
    kind: 'call',
    operation: 'local',
    writes: 'r0',
    group: 'base32',
    mnemonic: 'call local {immTo}',
    kernel: ['call pc{immTo}'],
    meaning: 'call the function at pc + imm; it has its own 512 bytes of stack and keeps r6 to r9',
  }),
  row({
    name: 'call btf',
    code: bpf.BPF_JMP | bpf.BPF_CALL,
    fixed: { src: 2 },
    kind: 'call',
    operation: 'btf',
    writes: 'r0',
    group: 'base32',
    mnemonic: 'call btf {number}',
    kernel: ['call btf {number}'],
    meaning: 'r0 = function with BTF id imm (r1, ..., r5)',
  }),
  row({
    name: 'callx',
    code: bpf.BPF_JMP | bpf.BPF_CALL | bpf.BPF_X,
    kind: 'call',
    operation: 'register',
    writes: 'r0',
    group: 'callx',
    mnemonic: 'call {dst}',
    kernel: ['callx {dst}'],
    meaning: 'r0 = helper number dst (r1, ..., r5)',
  }),
  row({
    name: 'exit',
    code: bpf.BPF_JMP | bpf.BPF_EXIT,
    kind: 'exit',
    group: 'base32',
    mnemonic: 'exit',
    kernel: ['exit'],
    meaning: 'return r0 to the caller',
  }),
];

const packetRows: readonly InsnRow[] = sizes
  .filter(({ sizeBits }) => sizeBits !== 64)
  .flatMap(({ letter, code, sizeBits }) => [
    row({
      name: `ldabs${letter}`,
      code: bpf.BPF_LD | bpf.BPF_ABS | code,
      kind: 'packet',
      operation: 'abs',
      sizeBits,
      writes: 'r0',
      group: 'packet',
      mnemonic: `ldabs${letter} {number}`,
      kernel: [`r0 = *(u${sizeBits} *)skb[{number}]`],
      meaning: `r0 = packet bytes at imm, big-endian, u${sizeBits}; beyond the packet: exit with 0`,
    }),
    row({
      name: `ldind${letter}`,
      code: bpf.BPF_LD | bpf.BPF_IND | code,
      kind: 'packet',
      operation: 'ind',
      sizeBits,
      writes: 'r0',
      group: 'packet',
      mnemonic: `ldind${letter} {src}, {number}`,
      kernel: [`r0 = *(u${sizeBits} *)skb[{src}{index}]`],
      meaning: `r0 = packet bytes at src + imm, big-endian, u${sizeBits}; beyond the packet: exit with 0`,
    }),
  ]);

/** All rows, in the order of docs/isa.md. */
export const insnTable: readonly InsnRow[] = [
  ...arithmeticRows,
  ...negRows,
  ...movsxRows,
  ...byteOrderRows,
  ...constantRows,
  ...memoryRows,
  ...atomicRows,
  ...jumpRows,
  ...controlRows,
  ...packetRows,
];

const rowsByCode: readonly (readonly InsnRow[])[] = Array.from({ length: 256 }, (_, code) =>
  insnTable.filter((each) => each.code === code),
);

/** The row of an instruction; undefined when there is none. Reserved fields are not looked at. */
export function findRow(insn: bpf.EbpfInsn): InsnRow | undefined {
  return rowsByCode[insn.code]?.find(({ fixed: { src, off, imm } }) => {
    return (
      (src === undefined || src === insn.src) &&
      (off === undefined || off === insn.off) &&
      (imm === undefined || imm === insn.imm)
    );
  });
}

/** Whether an opcode takes two slots. */
export const isWide = (code: number): boolean => code === (bpf.BPF_LD | bpf.BPF_IMM | bpf.BPF_DW);
