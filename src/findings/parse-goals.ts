/** `drop=0, pps>=5M, util<80%` */
import { nearest, UsageError } from '../base/index.ts';
import type { Goal, GoalMetric } from './goal.ts';

const UNITS: Readonly<Record<GoalMetric, string>> = {
  drop: 'packets a second, as 0, 1k or a share as 0.1%',
  pps: 'packets a second, as 5M',
  bps: 'bits a second, as 10G',
  util: 'a share as 80%',
};
const POWERS = { '': 1, k: 1e3, M: 1e6, G: 1e9 } as const;

/** @throws UsageError that names the word */
export function parseGoals(text: string): Goal[] {
  return text.split(',').map((word) => parseGoal(word.trim(), text));
}

function parseGoal(word: string, all: string): Goal {
  const parts = /^([a-z]+)\s*(<=|>=|<|>|=)\s*(\S+)$/i.exec(word);
  if (parts === null) {
    throw new UsageError(
      `--target '${all}': got '${word}', expected METRIC and =, <, <=, > or >= and a value, as in drop=0, pps>=5M, util<80%`,
    );
  }
  const [, name, relation, value] = parts;
  const metrics = Object.keys(UNITS);
  if (!metrics.includes(name!)) {
    const near = nearest(name!, metrics);
    const hint = near === undefined ? `expected ${metrics.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(`--target '${all}': no metric ${name}, ${hint}`);
  }
  const metric = name as GoalMetric;
  const number = /^(\d+(?:\.\d+)?)([kMG]?)(%?)$/.exec(value!);
  const isShare = number?.[3] === '%';
  const isPossible = metric === 'drop' || isShare === (metric === 'util');
  if (number === null || !isPossible || (isShare && number[2] !== '')) {
    throw new UsageError(`--target '${all}': got ${metric} ${value}, expected ${UNITS[metric]}`);
  }
  const scaled = Number(number[1]) * POWERS[number[2] as keyof typeof POWERS];
  return {
    text: word,
    metric,
    relation: relation as Goal['relation'],
    value: isShare ? scaled / 100 : scaled,
    isShare,
  };
}
