/** What the user wants of the application (`--target 'drop=0, pps>=5M, util<80%'`), and whether it holds. */
export type GoalMetric = 'drop' | 'pps' | 'bps' | 'util';

export interface Goal {
  /** As the user wrote it. */
  readonly text: string;
  readonly metric: GoalMetric;
  readonly relation: '=' | '<' | '<=' | '>' | '>=';
  /** Packets a second, bits a second, or a share of 0 to 1 where `isShare`. */
  readonly value: number;
  readonly isShare: boolean;
}

export interface GoalResult {
  readonly goal: Goal;
  /** In the goal's unit; undefined when it cannot be known. */
  readonly measured: number | undefined;
  /** Undefined when it cannot be known. */
  readonly isMet: boolean | undefined;
}
