/**
 * One round of a stage: its application is started, and each tool is held against the rates just before and just after it, in the
 * same process, because a machine drifts by more than most tools cost.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError } from '../base/index.ts';
import type { Application } from './application.ts';
import type { Turn } from './result.ts';
import type { Heard, Stage, Subject } from './stage.ts';
import type { Turns } from './turns.ts';
import type { Workbench } from './workbench.ts';

/** After a tool has come, and after it has gone. */
const SETTLE_MS = 500;

export interface RoundOptions {
  /** Which subject is first: another one each round. */
  readonly first: number;
  /** There is no time for one more. */
  readonly isLate: () => boolean;
  readonly onApplication: (application: Application) => void;
  readonly onSubject: (subject: Subject) => void;
}

/** @throws what the bench's signal was aborted with; nothing else: why something was not measured is among the turns */
export async function runStage(
  bench: Workbench,
  stage: Stage,
  turns: Turns,
  options: RoundOptions,
): Promise<void> {
  if (stage.absent !== undefined) {
    for (const subject of stage.subjects) turns.fail(subject, stage.absent);
    return;
  }
  let application: Application | undefined;
  try {
    application = await stage.start();
    options.onApplication(application);
    await runSubjects(bench, stage, application, turns, options);
  } catch (error) {
    const why = reason(error, bench);
    for (const subject of stage.subjects) turns.fail(subject, `${stage.name}: ${why}`);
  } finally {
    await application?.stop();
  }
}

async function runSubjects(
  bench: Workbench,
  { bare, lasting, subjects }: Stage,
  application: Application,
  turns: Turns,
  { first, isLate, onSubject }: Omit<RoundOptions, 'onApplication'>,
): Promise<void> {
  let before = await application.rate(bench.windowMs);
  if (bare !== undefined) turns.add(bare, { beforePps: before, withPps: before });
  for (const subject of lasting) {
    if (subject.absent !== undefined) continue;
    onSubject(subject);
    try {
      await subject.start(application);
      const withPps = await settledRate(bench, application);
      turns.add(subject, { beforePps: before, withPps });
      before = withPps;
    } catch (error) {
      turns.fail(subject, reason(error, bench));
    }
  }
  for (let n = 0; n < subjects.length && !isLate(); n++) {
    const subject = subjects[(first + n) % subjects.length]!;
    if (subject.absent !== undefined) continue;
    onSubject(subject);
    before = await takeTurn(bench, application, subject, turns, before);
  }
}

/** @returns the rate after it */
async function takeTurn(
  bench: Workbench,
  application: Application,
  subject: Subject,
  turns: Turns,
  beforePps: number,
): Promise<number> {
  let taken: Omit<Turn, 'afterPps'> | undefined;
  try {
    const listening = await subject.start(application);
    let withPps: number;
    let heard: Heard;
    try {
      withPps = await settledRate(bench, application);
    } finally {
      heard = await listening.stop();
    }
    taken = { beforePps, withPps, ...figuresHeard(heard) };
  } catch (error) {
    turns.fail(subject, reason(error, bench));
  }
  const afterPps = await settledRate(bench, application);
  if (taken !== undefined) turns.add(subject, { ...taken, afterPps });
  return afterPps;
}

async function settledRate({ signal, windowMs }: Workbench, application: Application): Promise<number> {
  await sleep(SETTLE_MS, undefined, { signal });
  return application.rate(windowMs);
}

function figuresHeard({
  recorded,
  seconds,
  dropped,
  nsPerHit,
}: Heard): Pick<Turn, 'recordedPps' | 'dropped' | 'nsPerHit'> {
  const recordedPps = recorded === undefined || seconds === undefined ? undefined : recorded / seconds;
  return { recordedPps, dropped, nsPerHit };
}

/** @throws when the bench is over: that is no row's failure */
function reason(error: unknown, { signal }: Workbench): string {
  signal.throwIfAborted();
  if (error instanceof HoneError) return error.message;
  throw error;
}
