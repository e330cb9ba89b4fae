/** The table of `hone top` on a terminal: the last snapshot, what was chosen to see, and keys that change that at once. */
import {
  columnsFor,
  firstView,
  formatScreen,
  press,
  type Scale,
  shownRows,
  type View,
} from '../top/index.ts';
import type { Snapshot } from '../watch/index.ts';
import { Terminal } from './terminal.ts';

export class TopScreen {
  readonly #terminal: Terminal;
  readonly #notes: readonly string[];
  readonly #scale: Scale;
  readonly #onQuit: () => void;
  #view: View = firstView;
  #snapshot: Snapshot | undefined;

  constructor(notes: readonly string[], scale: Scale, onQuit: () => void) {
    this.#notes = notes;
    this.#scale = scale;
    this.#onQuit = onQuit;
    this.#terminal = new Terminal(
      (key) => this.#press(key),
      () => this.#draw(),
    );
  }

  open(): void {
    this.#terminal.open();
    this.#draw();
  }

  /** Drops it while the screen is frozen. */
  show(snapshot: Snapshot): void {
    if (!this.#view.isFrozen) this.#snapshot = snapshot;
    this.#draw();
  }

  close(): void {
    this.#terminal.close();
  }

  #press(key: string): void {
    const rows = this.#snapshot === undefined ? [] : shownRows(this.#snapshot, this.#view, this.#scale);
    const columns = columnsFor(this.#scale).map((column) => column.key);
    this.#view = press(this.#view, key, { columns, rows });
    if (this.#view.isOver) this.#onQuit();
    else this.#draw();
  }

  #draw(): void {
    const { size, hasKeys } = this.#terminal;
    if (this.#snapshot === undefined) {
      this.#terminal.show(['hone top  measuring ...'.slice(0, size.columns)]);
      return;
    }
    const room = { ...this.#scale, ...size, hasKeys, isStyled: !process.env.NO_COLOR };
    this.#terminal.show(formatScreen(this.#snapshot, this.#view, this.#notes, room));
  }
}
