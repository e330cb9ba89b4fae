/** docs/isa.md, made from the instruction table. */
import { type InsnRow, insnTable } from '../../src/bpf/isa/table.ts';

const intro = `# The instruction set

<!-- Made from src/bpf/isa/table.ts by \`npm run generate\`; edit test/docs/isa-page.ts instead. -->

Extended BPF as hone knows it: all of RFC 9669, with the packet loads of its section 5.5, and \`callx\`, a call by the number
in a register, which the RFC leaves out and the public conformance cases have. From the table behind this page come the
encoder's and decoder's checks, both assembler notations, the disassembler, and what the engines execute; a test fails for a
row that no case executes.

An instruction is one slot of 8 bytes, little-endian; \`lddw\` takes two:

\`\`\`
byte 0    1          2..3     4..7
code      src dst    off      imm        dst in the low four bits; off and imm are signed
\`\`\`

r0 to r9 hold 64 bits, r10 points behind the function's 512 bytes of stack and is only read. A constant is extended with its
sign to the width of the operation. An operation on 32 bits clears the upper half of its destination. Division by 0 gives 0,
the remainder of a division by 0 is the number itself; shifts use the lower 5 or 6 bits of the distance. A field that an
instruction does not use has to be 0: everything else is refused.

- **code** is the first byte; fields that tell instructions with one code apart stand beside it.
- **group** is the conformance group of RFC 9669, section 2.4.
- **cpu** is the first version (\`clang -mcpu=v1\` to \`v4\`) that a compiler makes the instruction for.
- s before an operator means that both sides are signed. \`pc\` is the number of the next slot.

Limits: \`call btf\` is known to the table and refused by the engines, because only a kernel has such functions. What
\`map_by_fd\` and the like mean is the environment's business (src/bpf/vm/engine.ts). Atomic operations are atomic for the one
thread that runs a program.
`;

const sections: readonly { readonly title: string; readonly has: (row: InsnRow) => boolean }[] = [
  {
    title: '64-bit arithmetic',
    has: ({ kind, bits }) => (kind === 'alu' || kind === 'movsx') && bits === 64,
  },
  {
    title: '32-bit arithmetic',
    has: ({ kind, bits }) => (kind === 'alu' || kind === 'movsx') && bits === 32,
  },
  { title: 'Byte order', has: ({ kind }) => kind === 'end' },
  { title: '64-bit constants', has: ({ kind }) => kind === 'lddw' },
  { title: 'Memory', has: ({ kind }) => kind === 'load' || kind === 'loadsx' || kind === 'store' },
  { title: 'Atomic operations', has: ({ kind }) => kind === 'atomic' },
  { title: '64-bit comparisons', has: ({ kind, bits }) => kind === 'jump' && bits === 64 },
  { title: '32-bit comparisons', has: ({ kind, bits }) => kind === 'jump' && bits === 32 },
  { title: 'Jumps, calls, end', has: ({ kind }) => kind === 'ja' || kind === 'call' || kind === 'exit' },
  { title: 'Packet loads', has: ({ kind }) => kind === 'packet' },
];

export function isaPage(): string {
  const tables = sections.map(({ title, has }) => {
    const rows = insnTable.filter(has).map(line);
    return [
      `## ${title}`,
      '',
      '| kernel | corpus | code | group | cpu | meaning |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return `${[intro, ...tables].join('\n')}\n`.replace(/\n## /g, '\n\n## ').replace(/\n{3,}/g, '\n\n');
}

const line = (row: InsnRow): string => {
  const cells = [
    code(example(row.kernel[0]!, '')),
    code(example(row.mnemonic, '%')),
    [code(`0x${row.code.toString(16).padStart(2, '0')}`), ...fixedFields(row)].join(' '),
    row.group,
    `v${row.cpu}`,
    code(row.meaning),
  ];
  return `| ${cells.join(' | ')} |`;
};

const code = (text: string): string => `\`${text.replace(/\|/g, '\\|')}\``;

const fixedFields = ({ fixed }: InsnRow): readonly string[] =>
  (['src', 'off', 'imm'] as const)
    .filter((field) => fixed[field] !== undefined)
    .map((field) => `${field} ${field === 'imm' ? `0x${fixed.imm!.toString(16)}` : fixed[field]}`);

/** A template with names in the place of values. */
const example = (template: string, prefix: string): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'dst':
      case 'src':
        return `${prefix}${name}`;
      case 'wdst':
      case 'wsrc':
        return name;
      case 'off':
        return prefix === '' ? ' + off' : '+off';
      case 'to':
        return '+off';
      case 'immTo':
        return '+imm';
      case 'index':
        return ' + imm';
      case 'next':
        return ' + next_imm';
      case 'number':
        return 'imm';
      default:
        return name;
    }
  });
