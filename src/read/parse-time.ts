/** A point in time as editcap -A and -B take it: seconds since 1970, or a date and a time, local unless it says otherwise. */
import { UsageError } from '../base/index.ts';

const EPOCH = /^(\d{1,11})(?:\.(\d{1,9}))?$/;
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s?(Z|[+-]\d\d:?\d\d)?$/;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * Nanoseconds since 1970.
 * @param option for the message
 * @throws UsageError
 */
export function parseTime(option: string, text: string): bigint {
  const epoch = EPOCH.exec(text);
  if (epoch !== null) return BigInt(epoch[1]!) * NS_PER_SECOND + fractionNs(epoch[2]);
  const parts = DATE.exec(text);
  const seconds = parts === null ? Number.NaN : secondsOf(parts);
  if (parts === null || Number.isNaN(seconds)) {
    throw new UsageError(
      `${option} ${text}: expected seconds since 1970, or YYYY-MM-DD HH:MM:SS with .nnnnnnnnn, Z or +HH:MM as needed`,
    );
  }
  return BigInt(seconds) * NS_PER_SECOND + fractionNs(parts[7]);
}

/** NaN for a time that no calendar has. */
function secondsOf(parts: RegExpExecArray): number {
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const zone = parts[8];
  const fields = [year, month - 1, day, hour, minute, second] as const;
  const utc = new Date(Date.UTC(...fields));
  // The calendar corrects what does not exist: then it is not the time that was asked for.
  if (
    utc.getUTCMonth() !== month - 1 ||
    utc.getUTCDate() !== day ||
    hour > 23 ||
    minute > 59 ||
    second > 60
  ) {
    return Number.NaN;
  }
  if (zone === undefined) return Math.floor(new Date(...fields).getTime() / 1000);
  return utc.getTime() / 1000 - zoneSeconds(zone);
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -60 : 60) * minutes;
}

function fractionNs(digits = ''): bigint {
  return BigInt(digits.padEnd(9, '0'));
}
