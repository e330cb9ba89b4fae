/** `hone tracepoints`: what programs can be put on, in running applications or in a file; and what comes of a table of points. */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ArgumentType } from '../tracepoints/index.ts';
import type { OfferedPoint, Source } from './offered-points.ts';

interface Options {
  readonly format: 'text' | 'json';
  readonly source: Source | undefined;
}

export function registerTracepoints(program: Command): void {
  const command = program
    .command('tracepoints')
    .argument('[app]', 'pid, file prefix or process name, or the path of an executable or a library')
    .description('List trace points: those of the agent, USDT probes, and those of DPDK itself.')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .addOption(
      new Option('-s, --source <source>', 'only those of one source').choices(['agent', 'usdt', 'rte_trace']),
    )
    .action(list);
  command
    .command('generate')
    .argument('<file>', "the application's own table of trace points, JSON")
    .description('Make a C header, a provider of LTTng-UST and a page of documentation.')
    .option('-o, --output <folder>', 'where they are written', '.')
    .action(generate);
}

async function generate(file: string, { output }: { readonly output: string }): Promise<void> {
  const { generateFiles } = await import('./tracepoints-generate.ts');
  process.stdout.write(
    generateFiles(file, output)
      .map((path) => `${path}\n`)
      .join(''),
  );
}

async function list(where: string | undefined, { format, source }: Options): Promise<void> {
  const { offerOfApplications, offerOfFile, sources } = await import('./offered-points.ts');
  const wanted = source === undefined ? sources : [source];
  const { points, gaps } =
    where !== undefined && isFile(where)
      ? await offerOfFile(where, wanted)
      : await offerOfApplications(where, wanted);
  for (const gap of gaps) process.stderr.write(`hone tracepoints: ${gap}\n`);
  process.stdout.write(
    format === 'json' ? `${JSON.stringify(points.map(pointJson))}\n` : await formatPoints(points),
  );
  if (points.length === 0 && gaps.length > 0) process.exitCode = 1;
}

function isFile(where: string): boolean {
  return where.includes('/') && statSync(where, { throwIfNoEntry: false })?.isFile() === true;
}

function formatType(type: ArgumentType): string {
  if (type.kind === 'text') return 'string';
  return `${type.isSigned ? 'int' : 'uint'}${8 * type.bytes}`;
}

async function formatPoints(points: readonly OfferedPoint[]): Promise<string> {
  const { formatTable } = await import('./text-table.ts');
  return formatTable(
    ['SOURCE', 'PROVIDER', 'NAME', 'STATE', 'ARGUMENTS'].map((title) => ({ title, align: 'left' })),
    points.map(({ source, provider, name, state, point }) => [
      source,
      provider,
      name,
      state ?? '-',
      point.arguments.map((argument) => `${formatType(argument.type)} ${argument.name}`).join(', '),
    ]),
  );
}

/** Fields that are not known are left out. */
function pointJson({ source, provider, name, state, point }: OfferedPoint): object {
  return {
    source,
    provider,
    name,
    ...(source === 'rte_trace' ? {} : { probe: `${provider}:${name}` }),
    state,
    arguments: point.arguments.map(({ name, type, unit, labels, meaning }) => ({
      name,
      type: formatType(type),
      unit,
      labels,
      meaning: meaning || undefined,
    })),
    meaning: point.meaning || undefined,
    recordedAs: point.recordedAs,
  };
}
