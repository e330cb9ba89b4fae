/** `hone filter`: what a filter expression compiles to. */
import { type Command, Option } from 'commander';
import { nearest, UsageError } from '../base/index.ts';
import { formatCbpf } from '../bpf/classic.ts';
import type { CbpfProgram, CbpfStyle } from '../bpf/index.ts';
import { compileForMbuf, encodeEbpf, formatEbpf } from '../bpf/index.ts';
import { compileFilter, linkTypeNumbers } from '../filter/index.ts';
import { systemNames } from './system-names.ts';

interface FilterFlags {
  /** How often -d was given. */
  readonly d: number;
  /** The name of the link type. */
  readonly y: string;
  readonly emit: 'cbpf' | 'ebpf';
  readonly direction?: 'in' | 'out';
}

const styles: readonly CbpfStyle[] = ['d', 'dd', 'ddd'];

export function registerFilter(program: Command): void {
  program
    .command('filter')
    .description('Show what a filter expression compiles to.')
    .argument('[expression...]', 'a pcap-filter expression; its words are joined by spaces')
    .option(
      '-d',
      'instructions as text; -dd as a C array, -ddd as numbers',
      (_, count: number) => count + 1,
      0,
    )
    .option(
      '-y <type>',
      'link type of the packets: EN10MB, RAW, LINUX_SLL, LINUX_SLL2, NULL or LOOP',
      'EN10MB',
    )
    .addOption(
      new Option('--emit <form>', 'classic BPF, or the eBPF that runs in the application')
        .choices(['cbpf', 'ebpf'])
        .default('cbpf'),
    )
    .addOption(
      new Option('--direction <direction>', 'which way the packets go, for inbound and outbound').choices([
        'in',
        'out',
      ]),
    )
    .action(async (words: readonly string[], flags: FilterFlags) => {
      process.stdout.write(await compileText(words.join(' '), flags));
    });
}

async function compileText(expression: string, flags: FilterFlags): Promise<string> {
  const classic = compileFilter(expression, {
    linkType: numberOf(flags, linkTypeNumbers),
    direction: flags.direction,
    resolver: systemNames(),
  });
  if (matchesNothing(classic)) process.stderr.write('this expression matches no packet\n');
  if (flags.emit === 'cbpf') return formatCbpf(classic, styles[Math.min(Math.max(flags.d, 1), 3) - 1]!);
  return emitEbpf(classic, flags);
}

/** The number of the link type that -y names. */
function numberOf({ y, emit }: FilterFlags, known: ReadonlyMap<string, number>): number {
  const name = y.toUpperCase();
  const number = known.get(name);
  if (number === undefined) {
    const near = nearest(name, known.keys());
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new UsageError(`-y ${y}: expected one of ${[...known.keys()].join(', ')}${hint}`);
  }
  if (emit === 'ebpf' && name !== 'EN10MB') {
    throw new UsageError(`-y ${y}: packets in an application are Ethernet, expected --emit cbpf`);
  }
  return number;
}

/** -dd and -ddd print each instruction's 8 bytes, as a C array and as hexadecimal digits. */
async function emitEbpf(classic: CbpfProgram, { d, direction }: FilterFlags): Promise<string> {
  const program = compileForMbuf(classic, { direction: direction ?? 'in' });
  if (d < 2) return formatEbpf(program);
  const bytes = encodeEbpf(program);
  const lines = program.map((_, index) =>
    [...bytes.subarray(index * 8, index * 8 + 8)].map((byte) => byte.toString(16).padStart(2, '0')),
  );
  const format = (line: readonly string[]): string =>
    d === 2 ? `{ ${line.map((byte) => `0x${byte}`).join(', ')} },` : line.join('');
  return `${[...(d > 2 ? [program.length] : []), ...lines.map(format)].join('\n')}\n`;
}

function matchesNothing([first]: CbpfProgram): boolean {
  return first?.code === 0x06 && first.k === 0;
}
