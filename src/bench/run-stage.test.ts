import { expect, test } from 'vitest';
import { HoneError } from '../base/index.ts';
import type { Application } from './application.ts';
import { Cleanup } from './cleanup.ts';
import { runStage } from './run-stage.ts';
import type { Stage, Subject } from './stage.ts';
import { Turns } from './turns.ts';
import type { Workbench } from './workbench.ts';

/** Rates as they are asked for: with how many tools at work, and how often before. */
class MadeApplication implements Application {
  readonly pid = 1;
  readonly prefix = 'made';
  readonly dpdk = 'DPDK 22.11.0';
  readonly said: string[] = [];
  listening = 0;
  #asked = 0;

  async rate(): Promise<number> {
    this.#asked++;
    this.said.push(`rate with ${this.listening}`);
    return 1000 - 100 * this.listening + this.#asked;
  }

  async stop(): Promise<void> {
    this.said.push('stopped');
  }
}

function subject(id: string, application: MadeApplication, fails?: 'start' | 'stop'): Subject {
  return {
    id,
    group: 'trace',
    tool: id,
    task: 'task',
    async start() {
      if (fails === 'start') throw new HoneError('BENCH', `${id} does not start`);
      application.said.push(`start ${id}`);
      application.listening++;
      return {
        async stop() {
          application.listening--;
          if (fails === 'stop') throw new HoneError('BENCH', `${id} said nothing`);
          return { recorded: 60, seconds: 2, dropped: 4 };
        },
      };
    },
  };
}

function workbench(signal: AbortSignal = new AbortController().signal): Workbench {
  return {
    hone: [],
    placement: { forwarding: 1, others: [0] },
    memory: { ealOptions: [], name: '' },
    cleanup: new Cleanup(),
    signal,
    windowMs: 1,
    scratch: '',
  };
}

function run(
  stage: Stage,
  turns: Turns,
  more: { first?: number; isLate?: () => boolean; signal?: AbortSignal } = {},
) {
  const { first = 0, isLate = () => false, signal } = more;
  const quiet = { onApplication: () => {}, onSubject: () => {} };
  return runStage(workbench(signal), stage, turns, { first, isLate, ...quiet });
}

function stageOf(
  application: MadeApplication,
  subjects: readonly Subject[],
  more: Partial<Stage> = {},
): Stage {
  return { name: 'made', lasting: [], subjects, start: async () => application, ...more };
}

test('each tool alone, between two rates without it; what stays first', async () => {
  const application = new MadeApplication();
  const [bare, agent, tool] = ['bare', 'agent', 'tool'].map((id) => subject(id, application)) as [
    Subject,
    Subject,
    Subject,
  ];
  const turns = new Turns([bare, agent, tool]);
  await run(stageOf(application, [tool], { bare, lasting: [agent] }), turns);
  expect(application.said).toEqual([
    'rate with 0',
    'start agent',
    'rate with 1',
    'start tool',
    'rate with 2',
    'rate with 1',
    'stopped',
  ]);
  expect(turns.rows('trace').map((row) => row.turns)).toEqual([
    [{ beforePps: 1001, withPps: 1001 }],
    [{ beforePps: 1001, withPps: 902 }],
    [{ beforePps: 902, withPps: 803, afterPps: 904, recordedPps: 30, dropped: 4, nsPerHit: undefined }],
  ]);
});

test('another one is first in each round', async () => {
  const orders = [];
  for (const first of [0, 1, 5]) {
    const application = new MadeApplication();
    const subjects = ['a', 'b', 'c'].map((id) => subject(id, application));
    await run(stageOf(application, subjects), new Turns(subjects), { first });
    orders.push(
      application.said
        .filter((line) => line.startsWith('start'))
        .map((line) => line.at(-1))
        .join(''),
    );
  }
  expect(orders).toEqual(['abc', 'bca', 'cab']);
});

test('a tool that fails is a row with a reason; the others are measured', async () => {
  const application = new MadeApplication();
  const subjects = [
    subject('deaf', application, 'start'),
    subject('mute', application, 'stop'),
    { ...subject('absent', application), absent: 'not installed' },
    subject('good', application),
  ];
  const turns = new Turns(subjects);
  await run(stageOf(application, subjects), turns);
  expect(turns.rows('trace').map(({ id, absent, turns: { length } }) => [id, length, absent])).toEqual([
    ['deaf', 0, 'deaf does not start'],
    ['mute', 0, 'mute said nothing'],
    ['absent', 0, 'not installed'],
    ['good', 1, undefined],
  ]);
  expect(application.said.at(-1)).toBe('stopped');
});

test('an application that does not start, a stage that cannot be: all of its rows say so', async () => {
  const application = new MadeApplication();
  const subjects = [subject('a', application)];
  const noStart = { start: () => Promise.reject(new HoneError('PROCESS', 'it ended: no memory')) };
  const turns = new Turns(subjects);
  await run(stageOf(application, subjects, noStart), turns);
  expect(turns.rows('trace')[0]?.absent).toBe('made: it ended: no memory');
  await run(stageOf(application, subjects, { absent: 'no compiler' }), turns);
  expect(turns.rows('trace')[0]?.absent).toBe('no compiler');
  expect(application.said).toEqual([]);
});

test('when there is no more time the application is stopped, and rows say that', async () => {
  const application = new MadeApplication();
  const subjects = ['a', 'b'].map((id) => subject(id, application));
  const turns = new Turns(subjects);
  let looks = 0;
  await run(stageOf(application, subjects), turns, { isLate: () => ++looks > 1 });
  expect(turns.rows('trace').map(({ turns: { length }, absent }) => [length, absent])).toEqual([
    [1, undefined],
    [0, 'there was no time for it'],
  ]);
  expect(application.said.at(-1)).toBe('stopped');
});

test('a bench that is given up is no failure of a row, and leaves no tool at work', async () => {
  const application = new MadeApplication();
  const stop = new AbortController();
  const patient = subject('a', application);
  const interrupting: Subject = {
    ...patient,
    async start(app) {
      const listening = await patient.start(app);
      stop.abort(new Error('interrupted'));
      return listening;
    },
  };
  const turns = new Turns([interrupting]);
  await expect(run(stageOf(application, [interrupting]), turns, { signal: stop.signal })).rejects.toThrow();
  expect(application.listening).toBe(0);
  expect(application.said.at(-1)).toBe('stopped');
  expect(turns.rows('trace')[0]?.absent).toBe('there was no time for it');
});

test("a defect of ours is not taken for the tool's", async () => {
  const application = new MadeApplication();
  const broken: Subject = {
    ...subject('a', application),
    start: () => Promise.reject(new TypeError('x is undefined')),
  };
  await expect(run(stageOf(application, [broken]), new Turns([broken]))).rejects.toThrow('x is undefined');
  expect(application.said.at(-1)).toBe('stopped');
});
