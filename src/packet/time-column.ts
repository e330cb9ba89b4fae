/** The time column of the text output, in the styles of tshark's -t. Local time unless UTC is in the name. */
import { formatEpoch, formatTimeOfDay } from './time-text.ts';

/** What `-t` takes: the style and what it shows. */
export const TIME_STYLES = {
  a: 'time of day',
  ad: 'date and time of day',
  d: 'seconds since the packet before',
  e: 'seconds since 1970',
  r: 'seconds since the first packet',
  u: 'time of day, UTC',
  ud: 'date and time of day, UTC',
} as const;

export type TimeStyle = keyof typeof TIME_STYLES;

const NS_PER_SECOND = 1_000_000_000;

/** Formats the times of packets one after another: `d` and `r` depend on those before. */
export class TimeColumn {
  readonly #style: TimeStyle;
  #fromSeconds: number | undefined;
  #fromNanoseconds = 0;

  constructor(style: TimeStyle) {
    this.#style = style;
  }

  /** @param seconds since 1970; `nanoseconds` is the part below a second */
  format(seconds: number, nanoseconds: number): string {
    switch (this.#style) {
      case 'a':
        return formatTimeOfDay(seconds, nanoseconds);
      case 'ad':
        return `${formatDate(new Date(seconds * 1000))} ${formatTimeOfDay(seconds, nanoseconds)}`;
      case 'e':
        return formatEpoch(seconds, nanoseconds);
      case 'u':
        return formatUtc(seconds, nanoseconds).slice(11);
      case 'ud':
        return formatUtc(seconds, nanoseconds);
      case 'd':
      case 'r':
        return this.#formatDistance(seconds, nanoseconds);
    }
  }

  #formatDistance(seconds: number, nanoseconds: number): string {
    const from = this.#fromSeconds ?? seconds;
    const fromNanoseconds = this.#fromSeconds === undefined ? nanoseconds : this.#fromNanoseconds;
    if (this.#fromSeconds === undefined || this.#style === 'd') {
      this.#fromSeconds = seconds;
      this.#fromNanoseconds = nanoseconds;
    }
    let wholeSeconds = seconds - from;
    let rest = nanoseconds - fromNanoseconds;
    const isNegative = wholeSeconds < 0 || (wholeSeconds === 0 && rest < 0);
    if (isNegative) {
      wholeSeconds = -wholeSeconds;
      rest = -rest;
    }
    if (rest < 0) {
      wholeSeconds--;
      rest += NS_PER_SECOND;
    }
    return (isNegative ? '-' : '') + formatEpoch(wholeSeconds, rest);
  }
}

/** `2024-01-31` in the local time zone. */
export function formatDate(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${date.getFullYear()}-${month}-${day}`;
}

function formatUtc(seconds: number, nanoseconds: number): string {
  const [date, time] = new Date(seconds * 1000).toISOString().split('T');
  return `${date} ${time!.slice(0, 8)}.${String(nanoseconds).padStart(9, '0')}`;
}
