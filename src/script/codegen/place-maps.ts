/**
 * Where the maps of a script lie in the trace context. Small ones first, so that instructions reach them with their own
 * offset; then arrays, then tables. Maps that programs read lie behind stateOffset, in the same order. Tables have their
 * numbers in the order of the script.
 */
import { CompileError } from '../../base/index.ts';
import { type KeyedMapLayout, strideBytes, traceContext } from '../../bpf/index.ts';
import { type MapPlan, type ValueType, valueBytes } from '../plan.ts';
import type { CheckedMap, CheckedScript, Expression } from '../typed.ts';
import { indexMask } from './lower-histogram.ts';
import { mapValueBytes, seenOffset } from './map-values.ts';
import { greatest, maxOf } from './range.ts';

/** Keys that a table has room for, when it does not become too large by that. */
const MAX_ENTRIES = 65_536;
const MAX_TABLE_BYTES = 32 * 1024 * 1024;
/** Slots that hold no key of their own. */
const SPARE_SLOTS = 2;

/** The largest key of an array, and the most bytes that it may take instead of a table. */
const MAX_INDEX = 255n;
const MAX_ARRAY_BYTES = 64 * 1024;

export interface PlacedMaps {
  readonly maps: readonly MapPlan[];
  readonly contextBytes: number;
  readonly stateOffset: number;
  readonly startTimeOffset: number | undefined;
}

/** The keys that a script uses a map with, every one of them. */
export type KeyUses = (map: number) => readonly (readonly Expression[])[];

/** @throws CompileError when they do not fit */
export function placeMaps(
  script: CheckedScript,
  keyUses: KeyUses,
  needsStart: boolean,
  mostKeys: number = MAX_ENTRIES,
): PlacedMaps {
  const plans: MapPlan[] = [];
  const shapes = script.maps.map((map, index) =>
    shapeOf(map, keyUses(index), usesWholeValues(script, index), mostKeys),
  );
  const numberOf = (map: number): number =>
    shapes.slice(0, map).filter(({ kind }) => kind === 'keyed').length;
  /** The end of what instructions may reach, as far as those who check them know. */
  const place = (isState: boolean, from: number): number => {
    let offset = from;
    let end = from;
    for (const kind of ['flat', 'indexed', 'keyed'] as const) {
      script.maps.forEach((map, index) => {
        const shape = shapes[index]!;
        if (map.isRead !== isState || shape.kind !== kind) return;
        const offsetBefore = offset;
        const sizes = { keyBytes: keyBytesOf(map.keys), valueBytes: mapValueBytes(map.kind) };
        const layout: KeyedMapLayout = { offset, slots: shape.entries, ...sizes };
        plans[index] = {
          ...{ name: map.name, kind: map.kind, keys: map.keys, ...sizes, isState },
          maxEntries: kind === 'keyed' ? shape.entries / 2 : shape.entries,
          place:
            kind === 'flat'
              ? { kind, offset }
              : kind === 'indexed'
                ? { kind, offset, entries: shape.entries }
                : { kind, index: numberOf(index), layout },
        };
        offset += kind === 'keyed' ? shape.entries * strideBytes(sizes) : shape.entries * sizes.valueBytes;
        end = Math.max(end, offset + overhangBytes(map));
        if (end > traceContext.maxBytes) {
          throw new CompileError(script.source, [
            {
              message: `${map.name} is too big: with its ${mebibytes(end - offsetBefore)} all maps take ${mebibytes(end)} for each thread, and ${mebibytes(traceContext.maxBytes)} are allowed`,
              span: map.span,
            },
          ]);
        }
      });
    }
    return end;
  };
  const bankedEnd = place(false, traceContext.maps);
  const stateOffset = Math.ceil(bankedEnd / traceContext.stateAlignment) * traceContext.stateAlignment;
  const startTimeOffset = needsStart ? stateOffset : undefined;
  const contextBytes = place(true, stateOffset + (needsStart ? 8 : 0));
  return { maps: plans, contextBytes, stateOffset, startTimeOffset };
}

function mebibytes(lengthBytes: number): string {
  return `${(lengthBytes / (1 << 20)).toFixed(1)} MiB`;
}

/** How far behind its end the mask of a histogram's index reaches. */
function overhangBytes({ kind }: CheckedMap): number {
  return kind.kind === 'hist' || kind.kind === 'lhist' ? 8 * (indexMask(kind.buckets) + 2 - kind.buckets) : 0;
}

function keyBytesOf(keys: readonly ValueType[]): number {
  return keys.reduce((sum, key) => sum + valueBytes(key), 0);
}

interface Shape {
  readonly kind: 'flat' | 'indexed' | 'keyed';
  /** Slots of a table. */
  readonly entries: number;
}

function shapeOf(
  map: CheckedMap,
  uses: readonly (readonly Expression[])[],
  asksForKeys: boolean,
  mostKeys: number,
): Shape {
  if (map.keys.length === 0) return { kind: 'flat', entries: 1 };
  const bytes = mapValueBytes(map.kind);
  const [key] = map.keys;
  const isPlain = map.keys.length === 1 && key!.kind === 'integer';
  if (isPlain && uses.length > 0 && !(asksForKeys && seenOffset(map.kind) === undefined)) {
    const most = greatest(uses.map(([use]) => maxOf(use!)));
    if (most <= MAX_INDEX) {
      const entries = 2 ** most.toString(2).length;
      if (entries * bytes <= MAX_ARRAY_BYTES) return { kind: 'indexed', entries };
    }
  }
  const stride = strideBytes({ keyBytes: keyBytesOf(map.keys), valueBytes: bytes });
  let slots = 2 * mostKeys;
  while (slots > 4 * SPARE_SLOTS && slots * stride > MAX_TABLE_BYTES) slots /= 2;
  return { kind: 'keyed', entries: slots };
}

/** Whether some program asks if a key is there, or takes one away. */
function usesWholeValues(script: CheckedScript, map: number): boolean {
  return script.maps[map]!.isRead;
}
