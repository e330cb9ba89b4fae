/** Levels of mempools or rings, from recorded samples. */
import type { LevelObservation } from '../findings/index.ts';

/** Of a hostile file that names more: they are left out. */
const MOST_NAMES = 4096;

interface Level {
  size: number;
  samples: number;
  least: number;
  most: number;
  sum: number;
}

export class RecordedLevels {
  readonly #levels = new Map<string, Level>();

  add(name: string, level: number, size: number): void {
    // The rings in which mempools keep what is free are full when all is well.
    if (name.startsWith('MP_')) return;
    let known = this.#levels.get(name);
    if (known === undefined) {
      if (this.#levels.size >= MOST_NAMES) return;
      known = { size, samples: 0, least: level, most: level, sum: 0 };
      this.#levels.set(name, known);
    }
    known.size = Math.max(known.size, size);
    known.samples++;
    known.least = Math.min(known.least, level);
    known.most = Math.max(known.most, level);
    known.sum += level;
  }

  observe(): LevelObservation[] {
    return [...this.#levels].map(([name, { size, samples, least, most, sum }]) => ({
      ...{ name, size, samples, least, most, average: sum / samples },
    }));
  }
}
