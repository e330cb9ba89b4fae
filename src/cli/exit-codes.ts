/** What a process of hone ends with, other than 0. */
import { HoneError } from '../base/index.ts';

const FAILURE = 1;
const APPLICATION_ENDED = 3;

/** The application went away under a capture; what was captured is complete. */
export class ApplicationEndedError extends HoneError {
  constructor(message: string) {
    super('APPLICATION_ENDED', message);
  }
}

export function exitCodeOf(error: unknown): number {
  return error instanceof ApplicationEndedError ? APPLICATION_ENDED : FAILURE;
}
