/**
 * The programs that `hone top` puts on bursts, as scripts: how often each queue gave or took bursts of which size. From
 * that one count for each call follow packets, polls, empty polls, the average and the histogram; it is the cheapest
 * program that the language has (an index and an increment). Sizes above LARGEST_COUNTED are summed up in one number.
 */
import type { CompiledScript, MapPlan } from '../script/index.ts';
import type { Direction, PortInfo } from '../target/index.ts';
import { compileProbes } from './compile-probes.ts';

/** Bursts of 0 to this many packets are counted by their size. */
export const LARGEST_COUNTED = 255;
/** HONE_MAX_PROGRAMS of abi.h: a target takes no more in one session. */
const MOST_PROGRAMS = 64;

/** Where a program counts. */
interface CountedHook {
  readonly portId: number;
  /** Undefined: all queues of the port together. */
  readonly queueId: number | undefined;
  readonly direction: Direction;
  /** Names of its maps: by size, and what is larger. */
  readonly sizes: string;
  readonly large: string;
}

export interface BurstScript {
  readonly script: CompiledScript;
  readonly hooks: readonly CountedHook[];
  /** Ports that are not counted, because they are too many. */
  readonly uncounted: readonly number[];
}

type Queues = Pick<PortInfo, 'portId' | 'rxQueues' | 'txQueues'>;

/** Undefined when there is nothing to count. Queues have a program each while there is room, else ports have. */
export function compileBurstScript(ports: readonly Queues[]): BurstScript | undefined {
  const byQueue = ports.flatMap(hooksByQueue);
  const byPort = ports.flatMap(hooksByPort);
  const wanted = byQueue.length <= MOST_PROGRAMS ? byQueue : byPort;
  const hooks = wanted.slice(0, MOST_PROGRAMS);
  if (hooks.length === 0) return undefined;
  const uncounted = new Set(wanted.slice(MOST_PROGRAMS).map(({ portId }) => portId));
  return { script: compileProbes(hooks.map(clauseOf).join('\n')), hooks, uncounted: [...uncounted] };
}

/** A thread that slept before its packets came needs longer than that. */
export const RECEIVING_NS = 20_000;

/**
 * The script of the time of threads that poll: what passes between two polls belongs to the first one. After one that brought packets
 * the thread is busy with them, after an empty one it is idle, unless the next one brings packets at once: that is what receiving
 * takes. Two maps of the state say when the last poll ended and what it brought; it reads the clock at each poll, so that it is run
 * for short whiles only.
 * @param more statements about each $gap
 */
export function pollTimes(more = ''): string {
  return `
    dpdk:rx_poll {
      $now = nsecs;
      if (@last != 0) {
        $gap = $now - @last;
        ${more}
        if (@had != 0) { @busy = sum($gap); @packets = sum(@had); }
        else { if (args.nb_rx != 0 && $gap < ${RECEIVING_NS}) { @busy = sum($gap); } else { @idle = sum($gap); } }
      }
      @last = $now;
      @had = args.nb_rx;
    }`;
}

export function compileTimeScript(): CompiledScript {
  return compileProbes(pollTimes());
}

/** A map that a script of this file is known to have. */
export function mapOf({ maps }: CompiledScript, name: string): MapPlan {
  const map = maps.find((one) => one.name === name);
  if (map === undefined) throw new Error(`no map ${name}`);
  return map;
}

function hooksByQueue({ portId, rxQueues, txQueues }: Queues): CountedHook[] {
  return [
    ...Array.from({ length: rxQueues }, (_, queueId) => hook(portId, queueId, 'in')),
    ...Array.from({ length: txQueues }, (_, queueId) => hook(portId, queueId, 'out')),
  ];
}

function hooksByPort({ portId, rxQueues, txQueues }: Queues): CountedHook[] {
  return [
    ...(rxQueues > 0 ? [hook(portId, undefined, 'in')] : []),
    ...(txQueues > 0 ? [hook(portId, undefined, 'out')] : []),
  ];
}

function hook(portId: number, queueId: number | undefined, direction: Direction): CountedHook {
  const place = `${direction}_${portId}${queueId === undefined ? '' : `_${queueId}`}`;
  return { portId, queueId, direction, sizes: `@${place}`, large: `@${place}_large` };
}

function clauseOf({ portId, queueId, direction, sizes, large }: CountedHook): string {
  const [point, argument] = direction === 'in' ? ['rx_poll', 'nb_rx'] : ['tx_burst', 'nb_tx'];
  const place = queueId === undefined ? portId : `${portId}:${queueId}`;
  return (
    `dpdk:${point}:${place} { if (args.${argument} > ${LARGEST_COUNTED}) { ${large} = sum(args.${argument}); } ` +
    `else { ${sizes}[args.${argument} & ${LARGEST_COUNTED}] = count(); } }`
  );
}
