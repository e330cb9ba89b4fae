/** LTTng-UST's levels of trace points, by their names without TRACE_: the smaller, the more it matters. */
export const logLevels = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug_system: 7,
  debug_program: 8,
  debug_process: 9,
  debug_module: 10,
  debug_unit: 11,
  debug_function: 12,
  debug_line: 13,
  debug: 14,
} as const;

export type LogLevel = keyof typeof logLevels;
