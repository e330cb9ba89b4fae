/**
 * The constants of an object (.rodata: tables, also what clang makes of a switch) as one image of all such sections, and what a
 * load from it may find. A place in the image is a number; none is 0.
 */
import { UnsupportedError } from '../../base/index.ts';
import type { ObjectMap } from '../elf/map-definitions.ts';
import { BPF_F_RDONLY_PROG } from '../maps/map-spec.ts';

/** Where sections begin: at multiples of this. */
const ALIGNMENT = 16;

/** As many different values a load may choose from: programs of the agent have up to 4096 instructions. */
const MAX_RUNS = 1024;

/** What is found from a place on, up to where the next run begins. */
export interface Run {
  readonly from: number;
  readonly value: bigint;
}

/** Whether a map is a section of constants. */
export function isConstants(map: ObjectMap | undefined): boolean {
  return map?.variables !== undefined && (map.spec.flags & BPF_F_RDONLY_PROG) !== 0;
}

export class ConstantImage {
  readonly #view: DataView;
  /** Where the sections begin, by the number of their map. */
  readonly #starts = new Map<number, number>();

  constructor(maps: readonly ObjectMap[]) {
    let end = ALIGNMENT;
    for (const [index, map] of maps.entries()) {
      if (!isConstants(map)) continue;
      this.#starts.set(index, end);
      end += Math.ceil(map.spec.valueBytes / ALIGNMENT) * ALIGNMENT;
    }
    const bytes = new Uint8Array(end);
    for (const [index, start] of this.#starts) bytes.set(maps[index]!.initial ?? [], start);
    this.#view = new DataView(bytes.buffer);
  }

  /** The place of a byte of a section; undefined for a map that is none. */
  placeOf(map: number, offset: number): number | undefined {
    const start = this.#starts.get(map);
    return start === undefined ? undefined : start + offset;
  }

  /** What a load finds at `place + off`. */
  valueAt(place: number, off: number, lengthBytes: number): readonly Run[] {
    const at = place + off;
    if (at >= ALIGNMENT && at + lengthBytes <= this.#view.byteLength) {
      return [{ from: 0, value: this.#read(at, lengthBytes) }];
    }
    throw new UnsupportedError(`it loads ${lengthBytes} bytes outside of its constants`, 'a place inside');
  }

  /**
   * What a load finds `off` behind any place, in the order of places. Compilers load what is aligned, so n bytes are
   * looked for at multiples of n only.
   */
  values(off: number, lengthBytes: number): readonly Run[] {
    const runs: Run[] = [];
    const first = Math.max(ALIGNMENT, Math.ceil(off / lengthBytes) * lengthBytes);
    for (let at = first; at + lengthBytes <= this.#view.byteLength; at += lengthBytes) {
      const value = this.#read(at, lengthBytes);
      if (runs.at(-1)?.value !== value) runs.push({ from: at - off, value });
    }
    if (runs.length > 0 && runs.length <= MAX_RUNS) return runs;
    throw new UnsupportedError(
      `it loads from constants of ${runs.length} different values: expected up to ${MAX_RUNS}`,
      'smaller tables',
    );
  }

  #read(at: number, lengthBytes: number): bigint {
    switch (lengthBytes) {
      case 1:
        return BigInt(this.#view.getUint8(at));
      case 2:
        return BigInt(this.#view.getUint16(at, true));
      case 4:
        return BigInt(this.#view.getUint32(at, true));
      default:
        return this.#view.getBigUint64(at, true);
    }
  }
}
