/** A script that runs on the application for a short while, and what it gathered for each of its threads. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CompiledScript, formatKey } from '../script/index.ts';
import type { Target } from '../target/index.ts';
import { numbersOf, type WriterContents, WriterMaps } from '../watch/index.ts';

export interface Look {
  readonly writers: readonly WriterContents[];
  readonly seconds: number;
  /** Time that the programs took, of all threads together. */
  readonly programNs: number;
}

/** @throws PeerError */
export async function lookFor(target: Target, script: CompiledScript, ms: number): Promise<Look> {
  const maps = await WriterMaps.start(target, script);
  try {
    const startMs = performance.now();
    await sleep(ms);
    const writers = await maps.take();
    const seconds = (performance.now() - startMs) / 1000;
    return { writers, seconds, programNs: maps.takeProgramNs() };
  } finally {
    maps.close();
  }
}

/** The first number of a map without keys: its sum, count, largest; undefined when nothing was gathered. */
export function numberOf({ contents }: WriterContents, map: string): number | undefined {
  const [entry] = contents(map);
  return entry === undefined ? undefined : numbersOf(entry.value)[0];
}

/** The keys of a map as texts, and the first number of each. */
export function numbersByKey(
  script: CompiledScript,
  { contents }: WriterContents,
  map: string,
): Map<string, number> {
  const plan = script.maps.find(({ name }) => name === map)!;
  return new Map(
    contents(map).map(({ key, value }) => [
      formatKey(plan.keys, key, { timeOffsetNs: 0n }).join(' '),
      numbersOf(value)[0]!,
    ]),
  );
}
