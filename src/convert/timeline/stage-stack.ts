/**
 * The stages that a thread is in, innermost last. Slices must nest: an end that skips inner stages ends them, too; one of a
 * stage that was not begun is told apart.
 */
export class StageStack {
  readonly #stages: string[] = [];

  /** @returns false when the thread is in more stages than anybody nests: not begun */
  begin(stage: string): boolean {
    if (this.#stages.length === DEEPEST) return false;
    this.#stages.push(stage);
    return true;
  }

  /** How many slices end; 0 when the stage has not begun. */
  end(stage: string): number {
    const at = this.#stages.lastIndexOf(stage);
    if (at < 0) return 0;
    const ended = this.#stages.length - at;
    this.#stages.length = at;
    return ended;
  }
}

const DEEPEST = 256;
