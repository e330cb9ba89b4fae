/** What is to be undone on every way out, the last thing first. Steps do not wait: they also run when the process exits. */

export class Cleanup {
  readonly #steps: (() => void)[] = [];
  readonly #onExit = () => this.run();

  constructor() {
    process.on('exit', this.#onExit);
  }

  /** @returns does the step now, and no more at the end */
  add(step: () => void): () => void {
    this.#steps.push(step);
    return () => {
      const at = this.#steps.indexOf(step);
      if (at === -1) return;
      this.#steps.splice(at, 1);
      step();
    };
  }

  /** One step that fails does not keep the others from running. */
  run(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        step();
      } catch {
        // There is nothing left to do about it, and more to undo.
      }
    }
  }

  close(): void {
    this.run();
    process.off('exit', this.#onExit);
  }
}
