/** `hone tracepoints`: what programs can be put on, in running applications or in a file. */
import { statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
import type { OpenApplication } from '../target/index.ts';
import { openApplications, readElfPoints } from '../target/index.ts';
import type { ArgumentType, ProbePoint } from '../tracepoints/index.ts';
import { formatTable } from './text-table.ts';

interface Options {
  readonly format: 'text' | 'json';
}

export function registerTracepoints(program: Command): void {
  program
    .command('tracepoints')
    .argument('[app]', 'pid, file prefix or process name, or the path of an executable or a library')
    .description('List trace points: those of every DPDK application, and those that applications declare.')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .action(tracepoints);
}

async function tracepoints(where: string | undefined, { format }: Options): Promise<void> {
  const points = where !== undefined && isFile(where) ? await ofFile(where) : await ofApplications(where);
  const text = format === 'json' ? `${JSON.stringify(points.map(pointJson))}\n` : await formatPoints(points);
  process.stdout.write(text);
}

function isFile(where: string): boolean {
  return where.includes('/') && statSync(where, { throwIfNoEntry: false })?.isFile() === true;
}

async function ofFile(path: string): Promise<readonly ProbePoint[]> {
  const points = readElfPoints(path);
  if (points === undefined) throw new UsageError(`${path}: got no 64-bit little-endian ELF file`);
  return points;
}

/** Of all that are meant, each point once. */
async function ofApplications(where: string | undefined): Promise<readonly ProbePoint[]> {
  const applications = await openApplications();
  try {
    const meant = applications.filter((one) => where === undefined || isMeant(one, where));
    if (meant.length === 0) {
      const labels = applications.map(({ label }) => label).join(', ');
      throw new UsageError(`no application ${where}: expected one of ${labels}, or a path`);
    }
    const points = new Map<string, ProbePoint>();
    for (const { target } of meant) {
      for (const point of await target.listTracePoints()) points.set(point.name, point);
    }
    return [...points.values()];
  } finally {
    for (const { target } of applications) target.close();
  }
}

function isMeant({ pid, name, target }: OpenApplication, where: string): boolean {
  return [String(pid), name, target.info.filePrefix].includes(where);
}

/** `dpdk:rx_burst` is rx_burst of dpdk, `app:forwarder:drop` drop of app:forwarder. */
function splitName(point: ProbePoint): [provider: string, name: string] {
  const at = point.name.lastIndexOf(':');
  return [point.name.slice(0, at), point.name.slice(at + 1)];
}

function formatType(type: ArgumentType): string {
  if (type.kind === 'text') return 'string';
  return `${type.isSigned ? 'int' : 'uint'}${8 * type.bytes}`;
}

async function formatPoints(points: readonly ProbePoint[]): Promise<string> {
  return formatTable(
    [
      { title: 'PROVIDER', align: 'left' },
      { title: 'NAME', align: 'left' },
      { title: 'ARGUMENTS', align: 'left' },
    ],
    points.map((point) => [
      ...splitName(point),
      point.arguments.map(({ name, type }) => `${formatType(type)} ${name}`).join(', '),
    ]),
  );
}

function pointJson(point: ProbePoint): object {
  const [provider, name] = splitName(point);
  return {
    provider,
    name,
    probe: point.name,
    arguments: point.arguments.map((argument) => ({
      name: argument.name,
      type: formatType(argument.type),
      ...(argument.meaning === '' ? {} : { meaning: argument.meaning }),
    })),
    ...(point.meaning === '' ? {} : { meaning: point.meaning }),
  };
}
