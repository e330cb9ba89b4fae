/** Checks on our own reasoning: what fails here is a defect of hone, never of its input. */

export function assertUnreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
