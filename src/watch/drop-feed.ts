/**
 * What an application itself drops, where it has the standard point for that (hone/dataplane.h): counted all the time, as a program
 * that runs for dropped packets only costs nothing else.
 */
import type { Target } from '../target/index.ts';
import { dataplaneTable } from '../tracepoints/index.ts';
import { compileProbes } from './compile-probes.ts';
import { numbersOf, WriterMaps } from './writer-maps.ts';

const POINT = 'app:dataplane:drop';
/** Ports and reasons below this fit into one number, by which a map is a plain array, which is cheaper. */
const PLACES = 16;
/** Pairs of a port and a reason. */
const MOST_LARGE = 4096;
const SCRIPT = `${POINT} {
  if (args.port < ${PLACES} && args.reason < ${PLACES}) {
    @small[(args.port & ${PLACES - 1}) * ${PLACES} + (args.reason & ${PLACES - 1})] = count();
  } else { @large[args.port, args.reason] = count(); }
}`;

/** Since the start. */
export interface DropReading {
  /** Of the port that the packets came from. */
  readonly portId: number;
  /** A label of hone_dataplane_drop_reason, or its number. */
  readonly reason: string;
  readonly packets: number;
}

export class DropFeed {
  readonly #maps: WriterMaps;
  readonly #counts = new Map<string, DropReading>();
  /** Time that counting took, of all threads together. */
  programNs = 0;

  private constructor(maps: WriterMaps) {
    this.#maps = maps;
  }

  /** Undefined when the application has no such point. @throws PeerError */
  static async start(target: Pick<Target, 'listTracePoints' | 'startTrace'>): Promise<DropFeed | undefined> {
    const points = (await target.listTracePoints()).filter(({ name }) => name === POINT);
    if (points.length === 0) return undefined;
    const script = compileProbes(SCRIPT, { points, mostKeys: MOST_LARGE });
    return new DropFeed(await WriterMaps.start(target, script));
  }

  /** @throws PeerError when the application has gone */
  async read(): Promise<readonly DropReading[]> {
    for (const { contents } of await this.#maps.take()) {
      for (const { key, value } of contents('@small')) {
        const [place] = numbersOf(key) as [number];
        this.#add(Math.floor(place / PLACES), place % PLACES, numbersOf(value)[0]!);
      }
      for (const { key, value } of contents('@large')) {
        const [portId, reason] = numbersOf(key) as [number, number];
        this.#add(portId, reason, numbersOf(value)[0]!);
      }
    }
    this.programNs += this.#maps.takeProgramNs();
    return [...this.#counts.values()];
  }

  close(): void {
    this.#maps.close();
  }

  #add(portId: number, reason: number, packets: number): void {
    const key = `${portId} ${reason}`;
    const known = this.#counts.get(key)?.packets ?? 0;
    this.#counts.set(key, { portId, reason: labelOf(reason), packets: known + packets });
  }
}

function labelOf(reason: number): string {
  const reasons = dataplaneTable.enumerations.find(({ name }) => name === 'drop_reason');
  return reasons?.values.find(({ value }) => value === reason)?.label ?? `${reason}`;
}
