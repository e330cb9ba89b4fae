/** `hone ports`: what can be captured. `hone capture -D` prints the same. */
import { type Command, Option } from 'commander';
import { openApplications } from '../target/index.ts';
import { portCells, portHeads, portJson } from './port-table.ts';
import { formatTable } from './text-table.ts';

export function registerPorts(program: Command): void {
  program
    .command('ports')
    .description('List the ports of running applications: what can be captured.')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .action(({ format }: { readonly format: 'text' | 'json' }) => printPorts(format));
}

/**
 * Prints the ports of every application that answers on standard output.
 * @throws UsageError when none answers: it says what is running and what to do
 */
export async function printPorts(format: 'text' | 'json'): Promise<void> {
  const applications = await openApplications();
  for (const { target } of applications) target.close();
  const rows = applications.flatMap((application) =>
    application.ports.map((port) => ({ application, port })),
  );
  if (format === 'json') {
    const objects = rows.map(({ application: { pid, name, target }, port }) => ({
      application: { pid, name, filePrefix: target.info.filePrefix },
      ...portJson(port),
    }));
    process.stdout.write(`${JSON.stringify(objects)}\n`);
    return;
  }
  const heads = [{ title: 'APPLICATION', align: 'left' } as const, ...portHeads];
  const table = rows.map(({ application, port }) => [application.label, ...portCells(port)]);
  process.stdout.write(formatTable(heads, table));
}
