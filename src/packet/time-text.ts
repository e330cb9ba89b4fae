/** Times of packets as text. Seconds and nanoseconds come apart, as the cursor over a ring gives them. */

/** `14:03:07.000000001` in the local time zone, as tcpdump shows a time. */
export function formatTimeOfDay(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  const [hours, minutes, rest] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits);
  return `${hours}:${minutes}:${rest}.${nineDigits(nanoseconds)}`;
}

/** `1704067200.000000001`: since 1970, as tcpdump -tt shows it. */
export function formatEpoch(seconds: number, nanoseconds: number): string {
  return `${seconds}.${nineDigits(nanoseconds)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function nineDigits(value: number): string {
  return String(value).padStart(9, '0');
}
