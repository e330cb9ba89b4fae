/** `hone apps`: which DPDK applications run, and whether the agent is in them. */
import { type Command, Option } from 'commander';
import type { Application } from '../target/index.ts';
import { agentHash, listApplications } from '../target/index.ts';
import type { Head } from './text-table.ts';
import { formatTable } from './text-table.ts';

const heads: readonly Head[] = [
  { title: 'PID', align: 'right' },
  { title: 'NAME', align: 'left' },
  { title: 'PREFIX', align: 'left' },
  { title: 'VERSION', align: 'left' },
  { title: 'AGENT', align: 'left' },
  { title: 'UPTIME', align: 'right' },
  { title: 'COMMAND', align: 'left' },
];

const MAX_COMMAND = 60;

export function registerApps(program: Command): void {
  program
    .command('apps')
    .description('List running DPDK applications and replays, with the agent and without.')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .action(apps);
}

async function apps({ format }: { readonly format: 'text' | 'json' }): Promise<void> {
  const applications = await listApplications();
  const current = agentHash();
  if (format === 'json') {
    const rows = applications.map((one) => ({ ...one, agentIsCurrent: isCurrent(one, current) }));
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  if (applications.length === 0) {
    process.stderr.write('no DPDK application is running; start one with: hone run -- APP ARGS...\n');
    return;
  }
  process.stdout.write(
    formatTable(
      heads,
      applications.map((one) => cells(one, current)),
    ),
  );
  for (const { pid, problem } of applications) {
    if (problem !== undefined) process.stderr.write(`${pid}: ${problem}\n`);
  }
}

function cells(one: Application, current: string): string[] {
  const agent = one.agent === 'yes' && isCurrent(one, current) === false ? 'other' : one.agent;
  return [
    String(one.pid),
    one.name,
    one.filePrefix,
    one.version,
    one.kind === 'replay' ? '-' : agent,
    one.uptimeSeconds === undefined ? '-' : formatDuration(one.uptimeSeconds),
    shorten(one.commandLine.join(' ')),
  ];
}

/** Whether the agent is built from the sources of this hone; null when there is none or it is a replay. */
function isCurrent(one: Application, current: string): boolean | null {
  if (one.kind === 'replay' || one.build === undefined) return null;
  return one.build === current;
}

/** "12s", "5m02s", "3h07m", "2d04h" */
function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86_400)}d${two(Math.floor(whole / 3600) % 24)}h`;
}

/** Command lines are the application's: no control characters reach the terminal. */
function shorten(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, '\ufffd');
  return clean.length <= MAX_COMMAND ? clean : `${clean.slice(0, MAX_COMMAND - 3)}...`;
}
