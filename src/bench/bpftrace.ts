/** bpftrace: the same questions by probes in the kernel. */
import { readFileSync } from 'node:fs';
import { findProgram } from '../processes/index.ts';
import type { Application } from './application.ts';
import type { Subject } from './stage.ts';
import { startTool } from './tool.ts';
import type { Workbench } from './workbench.ts';

export function whyNoBpftrace(): string | undefined {
  if (findProgram('bpftrace') === undefined) return 'bpftrace is not installed: apt-get install bpftrace';
  return process.getuid?.() === 0 ? undefined : 'bpftrace needs root';
}

/** @param script its probe, when the application is known */
export function bpftraceSubject(
  bench: Workbench,
  subject: Pick<Subject, 'id' | 'group' | 'task' | 'tool' | 'absent'>,
  script: (application: Application) => string,
): Subject {
  const start = (application: Application) => {
    const command = ['bpftrace', '-p', `${application.pid}`, '-e', script(application)];
    return startTool(bench, { command, ready: 'Attaching' });
  };
  return { ...subject, start };
}

/** The library of a running application that has DPDK's receive and transmit functions. */
export function ethdevOf({ pid }: Application): string {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  return /\S*\/librte_ethdev\.so\S*/.exec(maps)?.[0] ?? `/proc/${pid}/exe`;
}
