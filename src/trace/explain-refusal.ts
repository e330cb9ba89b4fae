/**
 * An agent that refuses a program has a defect, or its librte_bpf is of another mind than our verifier: what it says is shown with
 * the program, so that it can be reported. librte_bpf gives its own reason to nobody but the log of the application.
 */

import { PeerError } from '../base/index.ts';
import { encodeEbpf, formatEbpf } from '../bpf/index.ts';
import type { CompiledProbe } from '../script/index.ts';

/** @param probes whose programs were sent @returns `error` itself when it is not about a program */
export function explainRefusal(error: unknown, probes: readonly CompiledProbe[]): unknown {
  if (!(error instanceof PeerError) || error.code !== 'PEER_REFUSED') return error;
  const { message } = error;
  const isOfLibrary = /librte_bpf refuses the program of (\d+) instructions/.exec(message);
  if (isOfLibrary === null && !/^.*\binstruction \d+: /.test(message)) return error;
  const slots = isOfLibrary === null ? undefined : Number(isOfLibrary[1]);
  const meant = probes.filter(({ program }) => slots === undefined || slotsOf(program) === slots);
  const reason = isOfLibrary === null ? '' : '; the log of the application has its reason';
  const listings = meant.map(({ point, program }) => `\n${point.name}\n${formatEbpf(program)}`);
  return new PeerError('PEER_REFUSED', `${message}${reason}${listings.join('').trimEnd()}`);
}

/** As it is sent: a constant of 64 bits takes two. */
function slotsOf(program: CompiledProbe['program']): number {
  return encodeEbpf(program).length / 8;
}
