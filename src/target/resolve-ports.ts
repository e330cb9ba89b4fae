/**
 * From what a person writes after -i to ports of running applications: a port's NAME or ID, `all`, or one of these after
 * APP/, where APP is a pid, a file prefix or a process name.
 */
import { HoneError, nearest, UsageError } from '../base/index.ts';
import { type Application, type FoundApplication, findWithoutSocket, findWithSocket } from './discovery.ts';
import type { PortInfo, Target } from './target.ts';

/** An application that answers. */
export interface AnsweringApplication {
  /** What messages call it: "dpdk-testpmd 4711". */
  readonly label: string;
  readonly pid: number;
  readonly name: string;
  readonly target: Target;
}

export interface OpenApplication extends AnsweringApplication {
  readonly ports: readonly PortInfo[];
}

export interface SelectedPort {
  readonly application: OpenApplication;
  readonly port: PortInfo;
}

/**
 * Connects to everything that answers and asks for its ports; what fails at that is passed over, so that nobody can
 * keep others from being captured. The caller closes the targets.
 * @throws UsageError when nothing answers: it says what is running and what to do
 */
export async function openApplications(): Promise<OpenApplication[]> {
  return whoAnswers(openApplication);
}

/** The same without asking for ports: one round trip less. */
export async function answeringApplications(): Promise<AnsweringApplication[]> {
  return whoAnswers((found) => {
    const { pid, name, target } = found;
    return target === undefined ? whyClosed(found) : { label: labelOf(found), pid, name, target };
  });
}

async function whoAnswers<A extends AnsweringApplication>(
  open: (found: FoundApplication) => A | string | Promise<A | string>,
): Promise<A[]> {
  const found = await findWithSocket();
  const opened = await Promise.all(found.map(open));
  const answering = opened.filter((application) => typeof application !== 'string');
  if (answering.length > 0) return answering;
  const lines = [...opened, ...findWithoutSocket(found).map(whyClosed)];
  if (lines.length > 0)
    throw new UsageError(`no application with the agent answers\n  ${lines.join('\n  ')}`);
  throw new UsageError(
    'no DPDK application is running: start one with "hone run -- APP ARGS...", or a recording with "hone replay FILE"',
  );
}

/** @returns a line that says why it cannot be opened, when it cannot */
async function openApplication(found: FoundApplication): Promise<OpenApplication | string> {
  const { pid, name, target } = found;
  const label = labelOf(found);
  if (target === undefined) return whyClosed(found);
  try {
    return { label, pid, name, target, ports: await target.listPorts() };
  } catch (error) {
    target.close();
    if (!(error instanceof HoneError)) throw error;
    return `${label}: ${error.message}`;
  }
}

function labelOf({ name, pid }: Application): string {
  return `${name} ${pid}`;
}

function whyClosed({ pid, name, agent, problem }: Application): string {
  return agent === 'no' ? `${name} ${pid} has no agent: hone attach ${pid}` : `${name} ${pid}: ${problem}`;
}

/**
 * The ports that one selector means, in the order of the target.
 * @throws UsageError when it means none, or ports of several applications: with what can be written instead
 */
export function selectPorts(selector: string, applications: readonly OpenApplication[]): SelectedPort[] {
  const slash = selector.indexOf('/');
  const inApplication = slash < 0 ? applications : selectApplication(selector.slice(0, slash), applications);
  const wanted = slash < 0 ? selector : selector.slice(slash + 1);
  const matching = inApplication.filter(({ ports }) => portsNamed(wanted, ports).length > 0);
  if (matching.length > 1) throw ambiguous(selector, wanted, matching);
  const application = matching[0];
  if (application === undefined) throw unknownPort(wanted, inApplication);
  return portsNamed(wanted, application.ports).map((port) => ({ application, port }));
}

function portsNamed(wanted: string, ports: readonly PortInfo[]): readonly PortInfo[] {
  if (wanted === 'all') return ports;
  const named = ports.filter(({ name }) => name === wanted);
  return named.length > 0 ? named : ports.filter(({ portId }) => String(portId) === wanted);
}

/** Those that a pid, a file prefix or a name means. @throws UsageError for none */
export function selectApplication<A extends AnsweringApplication>(
  wanted: string,
  applications: readonly A[],
): A[] {
  const matching = applications.filter(({ pid, name, target }) =>
    [String(pid), target.info.filePrefix, name].includes(wanted),
  );
  if (matching.length > 0) return matching;
  const names = applications.flatMap(({ pid, name, target }) => [name, target.info.filePrefix, String(pid)]);
  throw new UsageError(`no application "${wanted}"${suggest(wanted, names)}: ${labels(applications)}`);
}

function unknownPort(wanted: string, applications: readonly OpenApplication[]): UsageError {
  const names = applications.flatMap(({ ports }) => ports.map(({ name }) => name));
  if (names.length === 0) return new UsageError(`${labels(applications)} has no ports`);
  return new UsageError(`no port "${wanted}"${suggest(wanted, names)}: there are ${names.join(', ')}`);
}

function ambiguous(selector: string, wanted: string, matching: readonly OpenApplication[]): UsageError {
  const choices = matching.map(({ pid, label }) => `  ${pid}/${wanted}  (${label})`);
  return new UsageError(
    `"${selector}" means ports of ${matching.length} applications: write one of\n${choices.join('\n')}`,
  );
}

function suggest(wanted: string, names: readonly string[]): string {
  const name = nearest(wanted, names);
  return name === undefined ? '' : `, did you mean "${name}"?`;
}

function labels(applications: readonly AnsweringApplication[]): string {
  return applications.map(({ label }) => label).join(', ');
}

export interface ResolvedPorts {
  /** The n-th are those of the n-th selector. */
  readonly selections: readonly (readonly SelectedPort[])[];
  /** The applications that were selected from: the caller closes their targets. */
  readonly applications: readonly OpenApplication[];
}

/**
 * Resolves every selector; connections that are not needed are closed.
 * @throws UsageError as selectPorts and openApplications do
 */
export async function resolvePorts(selectors: readonly string[]): Promise<ResolvedPorts> {
  const open = await openApplications();
  let applications: OpenApplication[] = [];
  try {
    const selections = selectors.map((selector) => selectPorts(selector, open));
    applications = open.filter((one) => selections.flat().some(({ application }) => application === one));
    return { selections, applications };
  } finally {
    for (const one of open) if (!applications.includes(one)) one.target.close();
  }
}
