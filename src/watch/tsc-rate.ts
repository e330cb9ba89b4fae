/**
 * Cycles of the time stamp counter a nanosecond, where this machine says it. A virtual machine's /proc/cpuinfo has the counter's
 * rate as its MHz; a real one's has the rate at which the processor happens to run, which is another one.
 */
import { readFileSync } from 'node:fs';

const TSC_FREQ_KHZ = '/sys/devices/system/cpu/cpu0/tsc_freq_khz';

export function readCyclesPerNs(): number | undefined {
  return cyclesPerNs(readText(TSC_FREQ_KHZ), readText('/proc/cpuinfo'));
}

/** From the two files; either may be empty. */
export function cyclesPerNs(tscFreqKhz: string, cpuinfo: string): number | undefined {
  const khz = Number(tscFreqKhz);
  if (khz > 0) return khz / 1e6;
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
  const mhz = Number(/^cpu MHz\s*:\s*([\d.]+)$/m.exec(cpuinfo)?.[1]);
  return flags.includes('hypervisor') && flags.includes('constant_tsc') && mhz > 0 ? mhz / 1000 : undefined;
}

/** What cannot be read says nothing. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
