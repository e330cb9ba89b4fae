/**
 * What to say when the kernel refuses for lack of a right: which capability the call needs, and which of them this
 * process does not have. capabilities(7): CAP_BPF and CAP_PERFMON exist since Linux 5.8, CAP_SYS_ADMIN has both.
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { HoneError } from '../../base/index.ts';

const bits = { CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

export type Capability = 'CAP_BPF' | 'CAP_PERFMON';

export class PermissionError extends HoneError {
  /** What the call needs and this process lacks; empty when the refusal has another reason. */
  readonly missing: readonly Capability[];

  constructor(message: string, missing: readonly Capability[]) {
    super('PERMISSION', message);
    this.missing = missing;
  }
}

/** @param call what was refused: "bpf(BPF_PROG_LOAD)" */
export function permissionError(call: string, needed: readonly Capability[]): PermissionError {
  const missing = needed.filter((capability) => !hasCapability(capability));
  if (missing.length === 0) return new PermissionError(`${call} is refused although ${otherReason()}`, []);
  const what = `needs ${needed.join(' and ')} (or CAP_SYS_ADMIN, the only one before Linux 5.8)`;
  return new PermissionError(
    `${call} is not permitted: it ${what}; this process lacks ${missing.join(' and ')}: run it as root`,
    missing,
  );
}

function otherReason(): string {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const countsMemory = major < 5 || (major === 5 && minor < 11);
  const hint = countsMemory
    ? 'the limit of locked memory may be reached (ulimit -l unlimited)'
    : 'a security module, lockdown or a container may forbid it';
  return `this process has the capabilities: ${hint}`;
}

function hasCapability(capability: Capability): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const set = BigInt(`0x${effective}`);
  return [capability, 'CAP_SYS_ADMIN' as const].some((name) => (set >> BigInt(bits[name])) & 1n);
}
