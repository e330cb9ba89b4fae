/** Turns of each row, as rounds go on: what was measured, and why something was not. */
import type { Row, Turn } from './result.ts';
import type { GroupId, Subject } from './stage.ts';

interface Entry {
  readonly subject: Subject;
  readonly turns: Turn[];
  failure: string | undefined;
}

export class Turns {
  readonly #entries = new Map<string, Entry>();

  /** Rows come in the order in which their subjects are added. */
  constructor(subjects: readonly Subject[]) {
    for (const subject of subjects) this.#entries.set(subject.id, { subject, turns: [], failure: undefined });
  }

  add({ id }: Subject, turn: Turn): void {
    this.#entries.get(id)!.turns.push(turn);
  }

  fail({ id }: Subject, why: string): void {
    this.#entries.get(id)!.failure = why;
  }

  /** Those with the same task one below the other. */
  rows(group: GroupId): Row[] {
    const entries = [...this.#entries.values()].filter(({ subject }) => subject.group === group);
    const tasks = [...new Set(entries.map(({ subject }) => subject.task))];
    return tasks
      .flatMap((task) => entries.filter(({ subject }) => subject.task === task))
      .map(({ subject: { id, tool, task, absent }, turns, failure }) => {
        const why = absent ?? failure ?? (turns.length === 0 ? 'there was no time for it' : undefined);
        return { id, tool, task, turns, absent: why };
      });
  }
}
