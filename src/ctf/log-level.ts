/**
 * The log levels of LTTng, 0 to 14: the numbers are what CTF 1.8 writes (`loglevel = 13;`); the names are the attribute `log-level` in
 * the namespace `babeltrace.org,2020` of CTF 2.
 */
export const LOG_LEVEL_NAMESPACE = 'babeltrace.org,2020';

const NAMES: readonly string[] = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug:system',
  'debug:program',
  'debug:process',
  'debug:module',
  'debug:unit',
  'debug:function',
  'debug:line',
  'debug',
];

/** undefined for a number that LTTng does not know. */
export function logLevelName(level: number): string | undefined {
  return NAMES[level];
}

/** undefined for a name that is none of a level. */
export function logLevelNumber(name: string): number | undefined {
  const level = NAMES.indexOf(name);
  return level === -1 ? undefined : level;
}
