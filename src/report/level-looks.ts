/** Levels of mempools and rings, which the agent looks at ten times a second while somebody wants to know. */
import type { LevelObservation } from '../findings/index.ts';
import type { CompiledScript } from '../script/index.ts';
import type { Target } from '../target/index.ts';
import { compileProbes, type WriterContents, WriterMaps } from '../watch/index.ts';
import { numbersByKey } from './look.ts';

/** The kind of levels, its point, and what the point calls the level and the size. */
const KINDS = [
  ['mempools', 'mempool_level', 'available', 'size'],
  ['rings', 'ring_level', 'count', 'capacity'],
] as const;

/** Each takes a memory zone, of which an EAL has 2560 (RTE_MAX_MEMZONE), a mempool two. */
const MOST_NAMES = 2048;

export type Levels = Readonly<Record<(typeof KINDS)[number][0], readonly LevelObservation[]>>;

function textOf(point: string, level: string, size: string): string {
  return `dpdk:${point} {
    @size_${point}[str(args.name)] = max(args.${size});
    @least_${point}[str(args.name)] = min(args.${level});
    @most_${point}[str(args.name)] = max(args.${level});
    @sum_${point}[str(args.name)] = sum(args.${level});
    @count_${point}[str(args.name)] = count();
  }`;
}

export class LevelLooks {
  readonly #script: CompiledScript;
  readonly #maps: WriterMaps;

  private constructor(script: CompiledScript, maps: WriterMaps) {
    this.#script = script;
    this.#maps = maps;
  }

  /** @throws PeerError */
  static async start(target: Target): Promise<LevelLooks> {
    const script = compileProbes(
      KINDS.map(([, point, level, size]) => textOf(point, level, size)).join('\n'),
      { mostKeys: MOST_NAMES },
    );
    return new LevelLooks(script, await WriterMaps.start(target, script));
  }

  /** Since the start. @throws PeerError */
  async read(): Promise<Levels> {
    const writers = await this.#maps.take();
    const [mempools, rings] = KINDS.map(([, point]) => this.#levelsOf(point, writers));
    return { mempools: mempools!, rings: rings! };
  }

  close(): void {
    this.#maps.close();
  }

  /** Without the rings in which mempools keep what is free: these are full when all is well. */
  #levelsOf(point: string, writers: readonly WriterContents[]): LevelObservation[] {
    // One thread of the agent looks.
    return writers.flatMap((writer) => {
      const [size, least, most, sum, count] = ['size', 'least', 'most', 'sum', 'count'].map((name) =>
        numbersByKey(this.#script, writer, `@${name}_${point}`),
      );
      const names = [...size!].filter(([name]) => !name.startsWith('MP_'));
      return names.map(([name, capacity]) => ({
        name,
        size: capacity,
        samples: count!.get(name) ?? 0,
        least: least!.get(name) ?? 0,
        most: most!.get(name) ?? 0,
        average: (sum!.get(name) ?? 0) / Math.max(1, count!.get(name) ?? 0),
      }));
    });
  }
}
