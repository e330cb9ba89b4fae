/**
 * From what the command line asks for to running feeds: ports are found, filters compiled, and only then is anything
 * attached.
 */
import { UsageError } from '../base/index.ts';
import {
  type CapturedInterface,
  type CaptureSource,
  compilePrograms,
  objectPrograms,
} from '../capture/index.ts';
import {
  type CaptureFeed,
  type CapturePort,
  type OpenApplication,
  type PortInfo,
  resolvePorts,
} from '../target/index.ts';
import type { CaptureOptions } from './capture-options.ts';
import type { PortChoice } from './port-choices.ts';
import { useProgramFile } from './program-file.ts';
import { sayEngine } from './say-engine.ts';

/** A choice with its filter compiled. */
interface Compiled {
  readonly choice: PortChoice;
  readonly programs: CapturePort['programs'];
}

/** What is captured of one application. */
export interface ApplicationPlan {
  readonly application: OpenApplication;
  readonly ports: readonly { readonly port: PortInfo; readonly compiled: Compiled }[];
  /** For ports that appear later; undefined when only named ones were asked for. */
  readonly others: Compiled | undefined;
}

/**
 * Finds the ports and compiles the filters; changes nothing. The caller closes the applications' targets.
 * @throws CompileError, UsageError, HoneError for a program that cannot run
 */
export async function planSources(choices: readonly PortChoice[]): Promise<ApplicationPlan[]> {
  const compiled = choices.map((choice) => ({
    choice,
    programs:
      choice.bpf === undefined ? compilePrograms(choice.filter) : useProgramFile(choice.bpf, objectPrograms),
  }));
  const { selections, applications } = await resolvePorts(choices.map(({ selector }) => selector));
  try {
    return applications.map((application) => {
      const chosen = compiled.map((one, n) => ({
        compiled: one,
        ports: selections[n]!.filter((selected) => selected.application === application),
      }));
      return planApplication(application, chosen);
    });
  } catch (error) {
    for (const { target } of applications) target.close();
    throw error;
  }
}

interface Chosen {
  readonly compiled: Compiled;
  readonly ports: readonly { readonly port: PortInfo }[];
}

function planApplication(application: OpenApplication, chosen: readonly Chosen[]): ApplicationPlan {
  const mine = chosen.filter(({ ports }) => ports.length > 0);
  const named = mine.filter(({ compiled }) => !meansAll(compiled.choice));
  const all = mine.find(({ compiled }) => meansAll(compiled.choice));
  const ports = named.flatMap(({ compiled, ports }) => ports.map(({ port }) => ({ port, compiled })));
  for (const [n, { port, compiled }] of ports.entries()) {
    if (ports.findIndex((other) => other.port.portId === port.portId) === n) continue;
    throw new UsageError(`-i ${compiled.choice.selector}: port ${port.name} was named before`);
  }
  // "all" means the others.
  for (const { port } of all?.ports ?? []) {
    if (!ports.some((other) => other.port.portId === port.portId))
      ports.push({ port, compiled: all!.compiled });
  }
  return { application, ports, others: all?.compiled };
}

function meansAll({ selector }: PortChoice): boolean {
  return selector === 'all' || selector.endsWith('/all');
}

/** What is the same for all of them. */
type FeedOptions = Pick<CaptureOptions, 'directions' | 'ringBytes' | 'meta' | 'hostClock'>;

/** Starts the captures. @throws PeerError; what was started until then is ended */
export async function startSources(
  plans: readonly ApplicationPlan[],
  options: FeedOptions,
): Promise<CaptureSource[]> {
  const sources: CaptureSource[] = [];
  try {
    for (const plan of plans) {
      const feed = await startFeed(plan, options);
      if (hasFilter(plan)) sayEngine(plan.application, feed.engine);
      sources.push(describeSource(plan, feed, plans.length > 1));
    }
    return sources;
  } catch (error) {
    for (const { feed } of sources) feed.close();
    throw error;
  }
}

function hasFilter({ ports, others }: ApplicationPlan): boolean {
  const all = [...ports.map(({ compiled }) => compiled), ...(others === undefined ? [] : [others])];
  return all.some(({ programs }) => programs.in !== undefined || programs.out !== undefined);
}

function startFeed(
  { application, ports, others }: ApplicationPlan,
  options: FeedOptions,
): Promise<CaptureFeed> {
  const wanted = (portId: number | 'any', { choice, programs }: Compiled): CapturePort => ({
    portId,
    directions: options.directions,
    snaplen: choice.snaplen,
    programs,
  });
  return application.target.startCapture({
    ports: [
      ...ports.map(({ port, compiled }) => wanted(port.portId, compiled)),
      ...(others === undefined ? [] : [wanted('any', others)]),
    ],
    ringBytes: options.ringBytes,
    meta: options.meta,
    hostClock: options.hostClock,
  });
}

/** @param qualified names in the file say which application a port belongs to */
function describeSource(plan: ApplicationPlan, feed: CaptureFeed, qualified: boolean): CaptureSource {
  const { application, ports, others } = plan;
  const describe = (port: PortInfo, { choice }: Compiled): CapturedInterface => ({
    port,
    name: choice.name ?? (qualified ? `${application.pid}/${port.name}` : port.name),
    description: choice.description ?? `${application.label}, port ${port.portId}, ${port.driver}`,
    snaplen: choice.snaplen,
    filter: choice.bpf === undefined ? choice.filter : `--bpf ${choice.bpf}`,
  });
  return {
    target: application.target,
    feed,
    application: application.label,
    interfaces: ports.map(({ port, compiled }) => describe(port, compiled)),
    describe: (port) => {
      // A port that comes back is captured as before.
      const compiled = ports.find((known) => known.port.name === port.name)?.compiled ?? others;
      return compiled && describe(port, compiled);
    },
    expectsPorts: others !== undefined,
  };
}
