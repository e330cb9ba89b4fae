/**
 * The conditions of -c, -a and -b, in dumpcap's words and units: seconds, kB of 1000 bytes, packets, files; and those of -a of
 * recordings.
 */
import { nearest, UsageError } from '../base/index.ts';
import type { RotateConditions, StopConditions } from '../capture/index.ts';

type Key = 'duration' | 'interval' | 'filesize' | 'packets' | 'files' | 'events' | 'size' | 'snapshots';

interface ValueKind {
  readonly expected: string;
  readonly parse: (text: string) => number | undefined;
}

/** What each key's value is; `parse` gives undefined for one that it is not. */
const KEYS: Readonly<Record<Key, ValueKind>> = {
  duration: { expected: 'seconds above 0, like 0.5', parse: parseSeconds },
  interval: { expected: 'seconds above 0', parse: parseSeconds },
  filesize: { expected: 'a whole number of kB above 0', parse: parseCount },
  packets: { expected: 'a whole number above 0', parse: parseCount },
  files: { expected: 'a whole number from 1 to 99999', parse: parseFiles },
  events: { expected: 'a whole number above 0', parse: parseCount },
  size: { expected: 'a whole number of kB above 0', parse: parseCount },
  snapshots: { expected: 'a whole number above 0', parse: parseCount },
};

const AUTOSTOP_KEYS: readonly Key[] = ['duration', 'filesize', 'packets', 'files'];
const RING_BUFFER_KEYS: readonly Key[] = ['filesize', 'duration', 'interval', 'packets', 'files'];

const RECORDING_KEYS: readonly Key[] = ['duration', 'events', 'size', 'snapshots'];

export interface Condition {
  readonly key: Key;
  /** In the units of the command line. */
  readonly value: number;
}

/** @throws UsageError */
export function parseAutostop(text: string): Condition {
  return parseCondition('-a', AUTOSTOP_KEYS, text);
}

/** @throws UsageError */
export function parseRingBuffer(text: string): Condition {
  return parseCondition('-b', RING_BUFFER_KEYS, text);
}

/** What ends a recording: of several of one key the one that comes true first. */
export interface RecordingConditions {
  readonly durationMs: number | undefined;
  readonly events: number | undefined;
  readonly bytes: number | undefined;
  readonly snapshots: number | undefined;
}

/** @throws UsageError */
export function parseRecordingEnd(text: string): Condition {
  return parseCondition('-a', RECORDING_KEYS, text);
}

export function combineRecordingConditions(conditions: readonly Condition[]): RecordingConditions {
  return {
    durationMs: times(1000, least(conditions, 'duration')),
    events: least(conditions, 'events'),
    bytes: times(1000, least(conditions, 'size')),
    snapshots: least(conditions, 'snapshots'),
  };
}

/** The value of -c. @throws UsageError */
export function parsePacketCount(text: string): Condition {
  const value = parseCount(text);
  if (value === undefined) throw new UsageError(`-c ${text}: expected ${KEYS.packets.expected}`);
  return { key: 'packets', value };
}

function parseCondition(option: string, keys: readonly Key[], text: string): Condition {
  const colon = text.indexOf(':');
  const word = colon < 0 ? text : text.slice(0, colon);
  const key = keys.find((known) => known === word);
  if (key === undefined || colon < 0) {
    const near = key ?? nearest(word, keys);
    const hint = near === undefined ? '' : `, did you mean ${near}:VALUE?`;
    throw new UsageError(`${option} ${text}: expected KEY:VALUE with KEY one of ${keys.join(', ')}${hint}`);
  }
  const value = KEYS[key].parse(text.slice(colon + 1));
  if (value === undefined) throw new UsageError(`${option} ${text}: expected ${KEYS[key].expected}`);
  return { key, value };
}

export interface CaptureConditions {
  readonly stop: StopConditions;
  readonly rotate: RotateConditions | undefined;
}

/**
 * What the conditions mean together. Of several of one key the one that comes true first counts. As with dumpcap, -a
 * filesize switches files when there are several.
 * @throws UsageError when they do not go together
 */
export function combineConditions(
  autostop: readonly Condition[],
  ringBuffer: readonly Condition[],
): CaptureConditions {
  const stop = (key: Key) => least(autostop, key);
  const rotate = (key: Key) => least(ringBuffer, key);
  const rotates = ringBuffer.some(({ key }) => key !== 'files');
  if (!rotates && rotate('files') !== undefined) {
    throw new UsageError('-b files: expected another -b that says when a file ends, like -b filesize:10000');
  }
  if (!rotates && stop('files') !== undefined) {
    throw new UsageError('-a files: expected a -b that says when a file ends, like -b filesize:10000');
  }
  const sizes = rotates ? [...autostop, ...ringBuffer] : autostop;
  const bytes = times(1000, least(sizes, 'filesize'));
  return {
    stop: {
      packets: stop('packets'),
      durationMs: times(1000, stop('duration')),
      files: stop('files'),
      bytes: rotates ? undefined : bytes,
    },
    rotate: rotates
      ? {
          bytes,
          packets: rotate('packets'),
          durationMs: times(1000, rotate('duration')),
          intervalMs: times(1000, rotate('interval')),
          keepFiles: rotate('files'),
        }
      : undefined,
  };
}

function least(conditions: readonly Condition[], key: Key): number | undefined {
  const values = conditions.filter((condition) => condition.key === key).map(({ value }) => value);
  return values.length === 0 ? undefined : Math.min(...values);
}

function times(factor: number, value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * factor;
}

function parseCount(text: string): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return value > 0 && Number.isSafeInteger(value * 1000) ? value : undefined;
}

function parseFiles(text: string): number | undefined {
  const value = parseCount(text);
  return value !== undefined && value < 100_000 ? value : undefined;
}

function parseSeconds(text: string): number | undefined {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
  return value > 0 && Number.isFinite(value) ? value : undefined;
}
