/** Whether a program of the form `agent` has a way of its own for usual packets (usual-packet.ts). */
import type { EbpfProgram } from '../../bpf/index.ts';
import type { CheckedMap } from '../typed.ts';
import { AgentForm } from './agent-form.ts';
import { isCheckable } from './limits.ts';
import type { PlacedMaps } from './place-maps.ts';

/** All of the program is there twice then; what takes longer than this gains little from an end of the walk. */
const MAX_INSNS = 256;

export interface Lowered {
  readonly form: AgentForm;
  readonly program: EbpfProgram;
}

/**
 * The program, which has passed the verifier once.
 * @param check throws for a program without such a way that is too long or not safe
 * @throws what `lower` and `check` throw. @throws VerifierError for a program that would not be safe
 */
export function lowerWithUsualWay(
  maps: readonly CheckedMap[],
  placed: PlacedMaps,
  lower: (form: AgentForm) => EbpfProgram,
  check: (lowered: Lowered) => void,
): Lowered {
  const lowered = (hasUsualWay: boolean): Lowered => {
    const form = new AgentForm(maps, placed, hasUsualWay);
    return { form, program: lower(form) };
  };
  const without = lowered(false);
  if (without.form.canBeUsual && without.program.length <= MAX_INSNS) {
    const { form, program } = lowered(true);
    if (isCheckable(() => form.verify(program))) return { form, program };
  }
  check(without);
  return without;
}
