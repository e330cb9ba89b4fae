/** Goals held against what was observed. */
import type { Goal, GoalResult } from './goal.ts';
import type { Observation, PortObservation } from './observation.ts';
import { busyShare } from './words.ts';

export function evaluateGoals(goals: readonly Goal[], observation: Observation): GoalResult[] {
  return goals.map((goal) => {
    const measured = measure(goal, observation);
    return { goal, measured, isMet: measured === undefined ? undefined : judge(measured, goal, observation) };
  });
}

/**
 * Packets a second that were lost for sure: by adapters, for want of mbufs, by errors, and by the application as it says itself.
 * Undefined when no port counts. What drivers refused is not in it: the application may have offered it again.
 */
export function lostPps({ ports, drops = [] }: Observation): number | undefined {
  const byPorts = ratesOf(ports, 'missed', 'noMbuf', 'rxErrors', 'txErrors');
  if (byPorts === undefined && drops.length === 0) return undefined;
  return drops.reduce((sum, { packets, countedSeconds }) => sum + packets / countedSeconds, byPorts ?? 0);
}

function measure({ metric, isShare }: Goal, observation: Observation): number | undefined {
  const { ports, lcores, drops, seconds } = observation;
  // All of it at one moment: no rate.
  if (seconds === 0 && metric !== 'util') return undefined;
  switch (metric) {
    case 'pps':
      return ratesOf(ports, 'rxPackets');
    case 'bps': {
      const bytes = ratesOf(ports, 'rxBytes');
      return bytes === undefined ? undefined : 8 * bytes;
    }
    case 'util':
      return lcores.length === 0 ? undefined : Math.max(...lcores.map(busyShare));
    case 'drop': {
      const lost = lostPps(observation);
      const isRefused = ports.some(({ refused }) => (refused ?? 0) > 0);
      // Whether it drops what is refused, an application without points of its own does not tell.
      if (lost === undefined || (lost === 0 && isRefused && drops === undefined)) return undefined;
      if (!isShare) return lost;
      const arrived = ratesOf(ports, 'rxPackets', 'missed', 'noMbuf', 'rxErrors') ?? 0;
      return arrived === 0 ? 0 : lost / arrived;
    }
  }
}

/** Where there may be more than what is known, only what more cannot change is said. */
function judge(measured: number, goal: Goal, observation: Observation): boolean | undefined {
  const isMet = holds(measured, goal);
  if (!isAtLeast(goal, observation)) return isMet;
  const isSettled = goal.relation.startsWith('>') ? isMet : !isMet && measured >= goal.value;
  return isSettled ? isMet : undefined;
}

/** Whether what is measured is a lower bound: a recording has what was recorded. */
function isAtLeast({ metric }: Goal, { ports, drops, recording }: Observation): boolean {
  if (recording === undefined || metric === 'util') return false;
  if (recording.losses.length > 0 || recording.isFiltered) return true;
  if (metric !== 'drop') return false;
  const counts = ports.flatMap(({ missed, noMbuf, rxErrors, txErrors }) => [
    missed,
    noMbuf,
    rxErrors,
    txErrors,
  ]);
  return drops === undefined || counts.includes(undefined);
}

function holds(measured: number, { relation, value }: Goal): boolean {
  switch (relation) {
    case '=':
      return measured === value;
    case '<':
      return measured < value;
    case '<=':
      return measured <= value;
    case '>':
      return measured > value;
    case '>=':
      return measured >= value;
  }
}

/** Of all ports and counters together, a second; undefined when none is known. */
function ratesOf(
  ports: readonly PortObservation[],
  ...counters: readonly ('rxPackets' | 'rxBytes' | 'missed' | 'noMbuf' | 'rxErrors' | 'txErrors')[]
): number | undefined {
  const rates = ports.flatMap((port) =>
    counters.flatMap((counter) => (port[counter] === undefined ? [] : [port[counter] / port.seconds])),
  );
  return rates.length === 0 ? undefined : rates.reduce((sum, rate) => sum + rate, 0);
}
