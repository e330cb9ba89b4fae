/**
 * What trace points processes and files offer, by each way that there is to find them: the agent, the USDT notes of what a process
 * has loaded, DPDK's rte_trace. A process may vanish at any time, and files may be unreadable: what is not to be had is told, not
 * thrown.
 */
import { statSync } from 'node:fs';
import { HoneError, nearest, UsageError } from '../base/index.ts';
import { type FoundApplication, findApplications, readElfPoints, type Target } from '../target/index.ts';
import { resolveKernelPoints } from '../target/kernel-target.ts';
import type { ProbePoint } from '../tracepoints/index.ts';

export const sources = ['agent', 'usdt', 'rte_trace'] as const;

export type Source = (typeof sources)[number];

export interface OfferedPoint {
  readonly source: Source;
  /** Joined with the name by a colon it is the probe, except for rte_trace. */
  readonly provider: string;
  readonly name: string;
  /** Of rte_trace: whether it records, and whether some hone has turned it on. */
  readonly state: 'off' | 'on' | 'on for hone' | undefined;
  readonly point: Pick<ProbePoint, 'arguments' | 'meaning' | 'recordedAs'>;
}

export interface Offer {
  readonly points: readonly OfferedPoint[];
  /** What could not be looked at, and why. */
  readonly gaps: readonly string[];
}

type Ask = () => readonly OfferedPoint[] | Promise<readonly OfferedPoint[]>;

/** @throws UsageError for what is no ELF file */
export async function offerOfFile(path: string, wanted: readonly Source[]): Promise<Offer> {
  const declared = readElfPoints(path);
  if (declared === undefined) throw new UsageError(`${path}: got no 64-bit little-endian ELF file`);
  return collect(
    [
      ['agent', () => declared.map((point) => fromPoint('agent', point))],
      ['usdt', () => usdtPoints(`usdt:${path}:*:*`, undefined)],
    ],
    wanted,
  );
}

/**
 * Of one application (pid, file prefix or name; any process by its pid), or of all that run; each point once.
 * @throws UsageError when there is none
 */
export async function offerOfApplications(
  where: string | undefined,
  wanted: readonly Source[],
): Promise<Offer> {
  const found = await findApplications();
  try {
    const offers = await Promise.all(select(where, found).map((one) => offerOfApplication(one, wanted)));
    const points = new Map<string, OfferedPoint>();
    for (const offer of offers) {
      for (const point of offer.points) {
        points.set([point.source, point.provider, point.name, point.state].join('\0'), point);
      }
    }
    return { points: [...points.values()], gaps: offers.flatMap(({ gaps }) => gaps) };
  } finally {
    for (const { target } of found) target?.close();
  }
}

type Meant = Pick<FoundApplication, 'pid' | 'name' | 'target' | 'problem'>;

function select(where: string | undefined, found: readonly FoundApplication[]): Meant[] {
  if (where === undefined) {
    if (found.length > 0) return [...found];
    throw new UsageError('no DPDK application is running; start one with: hone run -- APP ARGS...');
  }
  const meant = found.filter(({ pid, name, filePrefix }) => [String(pid), name, filePrefix].includes(where));
  if (meant.length > 0) return meant;
  if (/^\d{1,10}$/.test(where) && statSync(`/proc/${where}`, { throwIfNoEntry: false }) !== undefined) {
    return [{ pid: Number(where), name: 'process', target: undefined, problem: undefined }];
  }
  const names = found.flatMap(({ pid, name, filePrefix }) => [name, filePrefix, String(pid)]);
  const near = nearest(where, names);
  const hint = near === undefined ? '' : `, did you mean ${near}?`;
  const running = found.map(({ pid, name }) => `${name} ${pid}`).join(', ');
  throw new UsageError(
    `no application ${where}${hint}: expected a path with a slash, or one of ${running || 'none, for none runs'}`,
  );
}

async function offerOfApplication(
  { pid, name, target, problem }: Meant,
  wanted: readonly Source[],
): Promise<Offer> {
  const label = `${name} ${pid}`;
  const asks: [Source, Ask][] = [['usdt', () => usdtPoints('usdt:*:*:*', pid)]];
  if (target !== undefined) {
    asks.unshift([
      'agent',
      async () => (await target.listTracePoints()).map((one) => fromPoint('agent', one)),
    ]);
    if (target.info.kind === 'dpdk') asks.push(['rte_trace', () => rtePoints(target)]);
  }
  const { points, gaps } = await collect(asks, wanted);
  const without = target === undefined && wanted.some((source) => source !== 'usdt');
  const why = problem ?? `has no agent: hone attach ${pid}`;
  return {
    points,
    gaps: [...(without ? [`${label}: ${why}`] : []), ...gaps.map((gap) => `${label}: ${gap}`)],
  };
}

async function collect(asks: readonly (readonly [Source, Ask])[], wanted: readonly Source[]): Promise<Offer> {
  const points: OfferedPoint[] = [];
  const gaps: string[] = [];
  for (const [source, ask] of asks) {
    if (!wanted.includes(source)) continue;
    try {
      points.push(...(await ask()));
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      gaps.push(error.message);
    }
  }
  return { points, gaps };
}

/** `dpdk:rx_burst` is rx_burst of dpdk, `app:forwarder:drop` drop of app:forwarder. */
function fromPoint(source: Source, point: ProbePoint): OfferedPoint {
  const at = point.name.lastIndexOf(':');
  const [provider, name] = [point.name.slice(0, at), point.name.slice(at + 1)];
  return { source, provider, name, state: undefined, point };
}

/** Probes of what a process runs, or of a file; none is no fault. */
function usdtPoints(probe: string, pid: number | undefined): OfferedPoint[] {
  const points = new Map<string, OfferedPoint>();
  for (const { name, arguments: args } of findUsdt(probe, pid)) {
    // What it means in the kernel's table is the note's own text: registers.
    if (!points.has(name)) {
      points.set(name, fromPoint('usdt', { name, kind: 'usdt', arguments: args, meaning: '' }));
    }
  }
  return [...points.values()];
}

function findUsdt(probe: string, pid: number | undefined): readonly ProbePoint[] {
  try {
    return resolveKernelPoints(probe, { pid });
  } catch (error) {
    if (error instanceof UsageError && error.message.endsWith('has no USDT probes')) return [];
    throw error;
  }
}

async function rtePoints(target: Target): Promise<OfferedPoint[]> {
  const { points } = await target.listRteTrace();
  return points.map(({ name, isEnabled, isOurs }) => ({
    source: 'rte_trace',
    provider: 'rte_trace',
    name,
    state: !isEnabled ? 'off' : isOurs ? 'on for hone' : 'on',
    point: { arguments: [], meaning: '' },
  }));
}
