/** The one application that is meant: by its pid, file prefix or name, or because there is no other. */
import { UsageError } from '../base/index.ts';
import { type AnsweringApplication, answeringApplications, selectApplication } from './resolve-ports.ts';

/**
 * Connections to others are closed; the caller closes this one's target.
 * @param wanted undefined for the only one
 * @throws UsageError when there is none or more than one: with what can be written instead
 */
export async function resolveApplication(wanted: string | undefined): Promise<AnsweringApplication> {
  const open = await answeringApplications();
  let chosen: AnsweringApplication | undefined;
  try {
    const matching = wanted === undefined ? open : selectApplication(wanted, open);
    if (matching.length > 1) {
      const choices = matching.map(({ pid, label }) => `  ${pid}  (${label})`);
      throw new UsageError(
        `${matching.length} applications are meant: write the pid of one\n${choices.join('\n')}`,
      );
    }
    chosen = matching[0]!;
    return chosen;
  } finally {
    for (const one of open) if (one !== chosen) one.target.close();
  }
}
