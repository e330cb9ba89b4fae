/** The processors that this process may use: those of its control group and affinity (proc_pid_status(5)). */
import { readFileSync } from 'node:fs';

/** In ascending order. */
export function usableProcessors(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return parseProcessorList(/Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1] ?? '0');
}

/** `0-2,5` is 0, 1, 2, 5. */
export function parseProcessorList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, n) => first! + n);
  });
}
