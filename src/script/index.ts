/** The script language of `hone trace`: text to programs. */
export { checkScript, type PointOptions } from './check/index.ts';
export { parseScript, type ProbeText } from './syntax/index.ts';
