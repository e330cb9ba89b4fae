/** Names of the files of a capture that is spread over several, as dumpcap makes them. */

/**
 * `dir/name.pcapng` becomes `dir/name_00001_20240714120117.pcapng`: the number of the file, from 1 and with five
 * digits, and the local time of its creation. What follows the last dot of the file's own name stays at the end.
 */
export function numberedFileName(path: string, number: number, created: Date): string {
  const nameStart = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  const split = dot >= nameStart ? dot : path.length;
  // dumpcap's numbers wrap as well.
  const digits = String(number % 100_000).padStart(5, '0');
  return `${path.slice(0, split)}_${digits}_${formatStamp(created)}${path.slice(split)}`;
}

function formatStamp(date: Date): string {
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  return date.getFullYear() + parts.map((part) => String(part).padStart(2, '0')).join('');
}
