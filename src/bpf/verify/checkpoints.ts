/**
 * The states that the walk remembers where ways meet. From a finished one every way was walked to its end and found
 * right, so a state that it has room for needs no walk. An unfinished one lies on the present way: when the present
 * state is the same, a loop has gone round without a change.
 */
import type { Flow } from './flow.ts';
import type { Relevance, State } from './state.ts';

interface Checkpoint {
  readonly state: State;
  readonly parent: Checkpoint | undefined;
  /** Ways from here that were not walked to their end. */
  openWays: number;
  hits: number;
  misses: number;
}

/** r6 to r9, which a function keeps for its caller, and r10. */
const KEPT = 0b11111000000;

/** A state that was compared so often without use is forgotten; on the present way it may show an endless loop. */
const MISSES_FINISHED = 8;
const MISSES_UNFINISHED = 64;

/** A place is remembered again after so many visits that found nothing: a loop of a few rounds costs no copies. */
const VISITS_BETWEEN = 2;

export class Checkpoints {
  private readonly flow: Flow;
  private readonly relevance: readonly Relevance[];
  private readonly known: Checkpoint[][];
  private readonly visits: Uint32Array;
  /** The last checkpoint on the present way, and those of the ways that wait. */
  private current: Checkpoint | undefined;
  private readonly waiting: (Checkpoint | undefined)[] = [];

  constructor(flow: Flow, relevance: readonly Relevance[]) {
    this.flow = flow;
    this.relevance = relevance;
    this.known = flow.rows.map(() => []);
    this.visits = new Uint32Array(flow.rows.length);
  }

  /** A second way goes on from here, later: the last one that was put aside is the first to be taken up. */
  fork(): void {
    if (this.current !== undefined) this.current.openWays++;
    this.waiting.push(this.current);
  }

  /** The present way is at its end, and the next one is taken up. */
  endWay(): void {
    for (let point = this.current; point !== undefined; point = point.parent) {
      point.openWays--;
      if (point.openWays > 0) break;
    }
    this.current = this.waiting.pop();
  }

  /** 'known': from here on all is right; 'endless': the state was here before, on this way. */
  meet(pc: number, state: State): 'known' | 'endless' | undefined {
    const here = this.known[pc]!;
    const relevanceOf = (frame: number): Relevance => this.relevanceAt(pc, state, frame);
    for (let i = here.length - 1; i >= 0; i--) {
      const point = here[i]!;
      if (state.isWithin(point.state, relevanceOf)) {
        point.hits++;
        if (point.openWays === 0) return 'known';
        if (point.state.isWithin(state, relevanceOf)) return 'endless';
      }
      point.misses++;
      const limit = point.openWays === 0 ? MISSES_FINISHED + 3 * point.hits : MISSES_UNFINISHED;
      if (point.misses > limit) here.splice(i, 1);
    }
    const visits = this.visits[pc]!++;
    if (here.length === 0 || visits % VISITS_BETWEEN === 0) {
      this.current = { state: state.copy(), parent: this.current, openWays: 1, hits: 0, misses: 0 };
      here.push(this.current);
    }
    return undefined;
  }

  private relevanceAt(pc: number, state: State, frame: number): Relevance {
    const called = state.frames[frame + 1];
    if (called === undefined) return this.relevance[pc]!;
    const { live, exact } = this.relevance[this.flow.successors[called.callPc]![0]!]!;
    return { live: live & KEPT, exact: exact & KEPT };
  }
}
