/**
 * What an application itself drops, where it has the standard point for that (hone/dataplane.h): counted all the time, as a program
 * that runs for dropped packets only costs nothing else.
 */
import { compileScript } from '../script/index.ts';
import type { Target } from '../target/index.ts';
import { pointFinder } from '../trace/index.ts';
import { dataplaneTable } from '../tracepoints/index.ts';
import { numbersOf, WriterMaps } from './writer-maps.ts';

const POINT = 'app:dataplane:drop';

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

  private constructor(maps: WriterMaps) {
    this.#maps = maps;
  }

  /** Undefined when the application has no such point. @throws PeerError */
  static async start(target: Pick<Target, 'listTracePoints' | 'startTrace'>): Promise<DropFeed | undefined> {
    const points = (await target.listTracePoints()).filter(({ name }) => name === POINT);
    if (points.length === 0) return undefined;
    const script = compileScript(`${POINT} { @drops[args.port, args.reason] = count(); }`, {
      form: 'agent',
      positional: [],
      findPoints: pointFinder(points, 'an application'),
    });
    return new DropFeed(await WriterMaps.start(target, script));
  }

  /** @throws PeerError when the application has gone */
  async read(): Promise<readonly DropReading[]> {
    for (const { contents } of await this.#maps.take()) {
      for (const { key, value } of contents('@drops')) {
        const [portId, reason] = numbersOf(key) as [number, number];
        const name = `${portId} ${reason}`;
        const known = this.#counts.get(name) ?? { portId, reason: labelOf(reason), packets: 0 };
        this.#counts.set(name, { ...known, packets: known.packets + numbersOf(value)[0]! });
      }
    }
    return [...this.#counts.values()];
  }

  close(): void {
    this.#maps.close();
  }
}

function labelOf(reason: number): string {
  const reasons = dataplaneTable.enumerations.find(({ name }) => name === 'drop_reason');
  return reasons?.values.find(({ value }) => value === reason)?.label ?? `${reason}`;
}
