/** Trace programs written by hand, and what the tests read out of contexts. */

import { assemble } from '../../src/bpf/asm/assemble.ts';
import {
  encodeEbpf,
  type KeyedMapLayout,
  strideBytes,
  traceContext,
  valueOffsetInEntry,
} from '../../src/bpf/index.ts';
import type { TraceAttachment, TraceFeed, TraceRequest } from '../../src/target/index.ts';

/** Where the programs here keep what they gather. */
export const MAPS: number = traceContext.maps;
const argument = (index: number): number => traceContext.args + 8 * index;

export function program(text: string): Uint8Array {
  return encodeEbpf(assemble(`${text}\nexit`));
}

/** Counts a hit up at `index`, a register that is below `entries`. */
const countAt = (index: string, entries: number): string => `
  if ${index} > ${entries - 1} goto out
  ${index} <<= 3
  r1 += ${index}
  r2 = *(u64 *)(r1 + ${MAPS})
  r2 += 1
  *(u64 *)(r1 + ${MAPS}) = r2
out:
  r0 = 0`;

/** Counts by an argument, from 0 to 1023. */
export const countByArgument = (index: number): Uint8Array =>
  program(`r3 = *(u64 *)(r1 + ${argument(index)})${countAt('r3', 1024)}`);

/** Counts by a byte of the packet. */
export const countByByte = (offset: number): Uint8Array =>
  program(`r3 = *(u8 *)(r1 + ${traceContext.packet + offset})${countAt('r3', 1024)}`);

/** Sum of an argument and number of hits, at MAPS and MAPS + 8. */
export const sumOfArgument = (index: number): Uint8Array =>
  program(`
  r2 = *(u64 *)(r1 + ${argument(index)})
  r3 = *(u64 *)(r1 + ${MAPS})
  r3 += r2
  *(u64 *)(r1 + ${MAPS}) = r3
  r3 = *(u64 *)(r1 + ${MAPS + 8})
  r3 += 1
  *(u64 *)(r1 + ${MAPS + 8}) = r3
  r0 = 0`);

/**
 * Counts by a key of 8 bytes in keyed map 0: the key is a count that each writer keeps in its state, modulo `keys`.
 * `state` is the offset of that count.
 */
export const countByTurn = (map: KeyedMapLayout, keys: number, state: number): Uint8Array =>
  program(`
  r6 = r1
  r7 = r6
  r7 += ${state}
  r2 = *(u64 *)(r7 + 0)
  r3 = r2
  r2 += 1
  *(u64 *)(r7 + 0) = r2
  r3 %= ${keys}
  *(u64 *)(r6 + ${traceContext.scratch}) = r3
  r2 = 0
  r3 = ${traceContext.scratch}
  call 0
  r0 &= ${map.slots - 1}
  r0 *= ${strideBytes(map)}
  r6 += ${map.offset}
  r6 += r0
  r2 = *(u64 *)(r6 + ${valueOffsetInEntry(map)})
  r2 += 1
  *(u64 *)(r6 + ${valueOffsetInEntry(map)}) = r2
  r0 = 0`);

/** An event of 16 bytes: the first argument that is asked for, then how many hits came before, from the state. */
export const emitArgument = (index: number, state: number): Uint8Array =>
  program(`
  r6 = r1
  r7 = r6
  r7 += ${state}
  r2 = *(u64 *)(r7 + 0)
  r3 = *(u64 *)(r6 + ${argument(index)})
  *(u64 *)(r6 + ${traceContext.scratch}) = r3
  *(u64 *)(r6 + ${traceContext.scratch + 8}) = r2
  r2 += 1
  *(u64 *)(r7 + 0) = r2
  r2 = ${traceContext.scratch}
  r3 = 16
  call 3
  r0 = 0`);

export function attachment(point: string, more: Partial<TraceAttachment> = {}): TraceAttachment {
  return {
    point,
    portId: undefined,
    queueId: undefined,
    program: 0,
    needsTime: false,
    packetBytes: 0,
    argumentsUsed: 0xfff,
    ...more,
  };
}

/** Room for 1024 numbers behind the fixed part, and a page of state. */
export function request(programs: readonly Uint8Array[], more: Partial<TraceRequest>): TraceRequest {
  return {
    programs,
    attachments: [],
    contextBytes: 16_384,
    stateOffset: 12_288,
    keyedMaps: [],
    seed: 4711,
    initialState: undefined,
    ringBytes: 0,
    ...more,
  };
}

/** Takes what was counted since the last time out of all writers: number `index` behind MAPS. */
export async function takeCounts(feed: TraceFeed, entries = 1024): Promise<number[]> {
  await feed.snapshot();
  const sums = new Array<number>(entries).fill(0);
  for (const { quiet } of feed.writers) {
    const numbers = new BigUint64Array(quiet.buffer, quiet.byteOffset + MAPS, entries);
    for (const [index, count] of numbers.entries()) sums[index]! += Number(count);
    numbers.fill(0n);
  }
  return sums;
}

/** Adds up what several takes gave. */
export function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((count, index) => count + b[index]!);
}

export const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Sum of index times count. */
export const weighted = (counts: readonly number[]): number =>
  counts.reduce((sum, count, index) => sum + index * count, 0);
