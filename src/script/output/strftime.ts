/**
 * strftime(3) in the C locale and the local time zone, with glibc's flags (`_ - 0 ^ #`) and widths, and bpftrace's `%f`:
 * microseconds in six digits. What it does not know stays as it stands. The name of a zone (`%Z`) is what ICU calls it in
 * English.
 */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const DAY_MS = 86_400_000;

/** A number with the width and the padding it has without flags. */
interface Digits {
  readonly value: number;
  readonly width: number;
  readonly pad: '0' | ' ' | '';
}

type Conversion = Digits | string | { readonly nested: string };

const digits = (value: number, width: number, pad: '0' | ' ' | '' = '0'): Digits => ({ value, width, pad });

/** @param epochNs nanoseconds since 1970 */
export function formatStrftime(format: string, epochNs: bigint): string {
  const microseconds = Number(((epochNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n) / 1000;
  const seconds = (epochNs - BigInt(Math.round(microseconds * 1000))) / 1_000_000_000n;
  return expand(format, new Date(Number(seconds) * 1000), Math.floor(microseconds));
}

function expand(format: string, date: Date, microseconds: number): string {
  return format.replace(
    /%([_0^#-]*)(\d*)([EO]?)([A-Za-z%])/g,
    (source: string, flags: string, width: string, _modifier: string, letter: string) => {
      const conversion = convert(letter, date, microseconds);
      if (conversion === undefined) return source;
      return pad(conversion, letter, flags, Number(width), (nested) => expand(nested, date, microseconds));
    },
  );
}

function pad(
  conversion: Conversion,
  letter: string,
  flags: string,
  width: number,
  nest: (format: string) => string,
): string {
  const padding = /[_0-]/.exec(flags.split('').reverse().join(''))?.[0];
  if (typeof conversion === 'object' && 'value' in conversion) {
    if (padding === '-') return String(conversion.value);
    const fill = padding === '_' ? ' ' : padding === '0' ? '0' : conversion.pad || '0';
    return String(conversion.value).padStart(width || conversion.width, fill);
  }
  const text = typeof conversion === 'string' ? conversion : nest(conversion.nested);
  return withCase(text, letter, flags).padStart(width, padding === '0' ? '0' : ' ');
}

function withCase(text: string, letter: string, flags: string): string {
  // `#` swaps: what is upper case already (a zone, AM) becomes lower case.
  if (flags.includes('#')) return letter === 'Z' || letter === 'p' ? text.toLowerCase() : text.toUpperCase();
  return flags.includes('^') ? text.toUpperCase() : text;
}

function convert(letter: string, date: Date, microseconds: number): Conversion | undefined {
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  const [hour, weekday] = [date.getHours(), date.getDay()];
  switch (letter) {
    case 'a':
      return DAYS[weekday]!.slice(0, 3);
    case 'A':
      return DAYS[weekday]!;
    case 'b':
    case 'h':
      return MONTHS[month]!.slice(0, 3);
    case 'B':
      return MONTHS[month]!;
    case 'c':
      return { nested: '%a %b %e %H:%M:%S %Y' };
    case 'C':
      return digits(Math.floor(year / 100), 2);
    case 'd':
      return digits(day, 2);
    case 'D':
    case 'x':
      return { nested: '%m/%d/%y' };
    case 'e':
      return digits(day, 2, ' ');
    case 'f':
      return digits(microseconds, 6);
    case 'F':
      return { nested: '%Y-%m-%d' };
    case 'g':
      return digits(isoWeek(date).year % 100, 2);
    case 'G':
      return digits(isoWeek(date).year, 1);
    case 'H':
      return digits(hour, 2);
    case 'I':
      return digits(hour % 12 || 12, 2);
    case 'j':
      return digits(dayOfYear(date) + 1, 3);
    case 'k':
      return digits(hour, 2, ' ');
    case 'l':
      return digits(hour % 12 || 12, 2, ' ');
    case 'm':
      return digits(month + 1, 2);
    case 'M':
      return digits(date.getMinutes(), 2);
    case 'n':
      return '\n';
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'P':
      return hour < 12 ? 'am' : 'pm';
    case 'r':
      return { nested: '%I:%M:%S %p' };
    case 'R':
      return { nested: '%H:%M' };
    case 's':
      return digits(Math.floor(date.getTime() / 1000), 1);
    case 'S':
      return digits(date.getSeconds(), 2);
    case 't':
      return '\t';
    case 'T':
    case 'X':
      return { nested: '%H:%M:%S' };
    case 'u':
      return digits(weekday || 7, 1);
    case 'U':
      return digits(Math.floor((dayOfYear(date) + 7 - weekday) / 7), 2);
    case 'V':
      return digits(isoWeek(date).week, 2);
    case 'w':
      return digits(weekday, 1);
    case 'W':
      return digits(Math.floor((dayOfYear(date) + 7 - ((weekday + 6) % 7)) / 7), 2);
    case 'y':
      return digits(year % 100, 2);
    case 'Y':
      return digits(year, 1);
    case 'z':
      return offset(-date.getTimezoneOffset());
    case 'Z':
      return zoneName(date);
    case '%':
      return '%';
    default:
      return undefined;
  }
}

/** From 0. */
function dayOfYear(date: Date): number {
  return (midnight(date) - Date.UTC(date.getFullYear(), 0, 1)) / DAY_MS;
}

/** ISO 8601: weeks begin on Monday, and the first one has the year's first Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(midnight(date) + (3 - ((date.getDay() + 6) % 7)) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1;
  return { year, week };
}

/** Of the local day, as if it were in UTC: days are all as long there. */
function midnight(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

function offset(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}${String(rest).padStart(2, '0')}`;
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
