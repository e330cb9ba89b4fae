/** The rows of the table: applications, below each its ports with their queues, and its threads; sorted and filtered. */

import { cleanLine } from '../base/index.ts';
import type { ApplicationSnapshot, PortSnapshot, Rates, Snapshot, Thread } from '../watch/index.ts';

export interface Row {
  /** The same from one snapshot to the next. */
  readonly id: string;
  readonly depth: number;
  readonly label: string;
  readonly rates: Rates;
  readonly pid: number;
  /** Of ports and queues. */
  readonly portId: number | undefined;
}

export interface RowChoice {
  /** By what value rows beside each other are sorted, the largest first; undefined for their numbers. */
  readonly sort: ((rates: Rates) => number | undefined) | undefined;
  readonly isReversed: boolean;
  /** Part of a row's label or of one above it; empty for all. */
  readonly filter: string;
}

interface Node {
  readonly row: Row;
  /** Groups of a kind, each sorted by itself: ports stay above threads. */
  readonly below: readonly (readonly Node[])[];
}

export function rowsOf(snapshot: Snapshot, choice: RowChoice): Row[] {
  const nodes = snapshot.applications.map(applicationNode);
  return flatten(nodes, choice, false);
}

function flatten(nodes: readonly Node[], choice: RowChoice, isIncluded: boolean): Row[] {
  return sorted(nodes, choice).flatMap(({ row, below }) => {
    const matches = isIncluded || row.label.toLowerCase().includes(choice.filter.toLowerCase());
    const rows = below.flatMap((nodes) => flatten(nodes, choice, matches));
    return matches || rows.length > 0 ? [row, ...rows] : [];
  });
}

function sorted(nodes: readonly Node[], { sort, isReversed }: RowChoice): readonly Node[] {
  if (sort === undefined) return isReversed ? nodes.toReversed() : nodes;
  // What is not known stands last in any case.
  const rank = ({ row }: Node) => sort(row.rates) ?? Number.NEGATIVE_INFINITY;
  const known = nodes.filter((node) => sort(node.row.rates) !== undefined);
  const unknown = nodes.filter((node) => sort(node.row.rates) === undefined);
  const order = known.toSorted((a, b) => rank(b) - rank(a));
  return [...(isReversed ? order.toReversed() : order), ...unknown];
}

function applicationNode(application: ApplicationSnapshot): Node {
  const { pid, label, filePrefix, rates, ports, threads } = application;
  const prefix = filePrefix === '' || filePrefix === 'rte' ? '' : ` (${filePrefix})`;
  return {
    row: { id: `${pid}`, depth: 0, label: cleanLine(`${label}${prefix}`), rates, pid, portId: undefined },
    below: [
      ports.map((port) => portNode(pid, port)),
      threads.map(({ thread, rates: ofThread }) => ({
        row: {
          id: `${pid}/thread/${thread.tid}`,
          depth: 1,
          label: nameOfThread(thread),
          rates: ofThread,
          pid,
          portId: undefined,
        },
        below: [],
      })),
    ],
  };
}

function portNode(pid: number, { info, rates, queues }: PortSnapshot): Node {
  const { portId, name, up } = info;
  const id = `${pid}/port/${portId}`;
  // One queue would say again what its port says.
  const shown = queues.length > 1 ? queues : [];
  return {
    row: { id, depth: 1, label: cleanLine(`port ${portId} ${name}${up ? '' : ' down'}`), rates, pid, portId },
    below: [
      shown.map(({ queueId, rates, threads }) => ({
        row: {
          id: `${id}/queue/${queueId}`,
          depth: 2,
          label: [`queue ${queueId ?? 'all'}`, ...threads.map(nameOfThread)].join(' '),
          rates,
          pid,
          portId,
        },
        below: [],
      })),
    ],
  };
}

export function nameOfThread({ lcore, tid, name }: Thread): string {
  return lcore === undefined ? cleanLine(`thread ${tid} ${name}`) : `lcore ${lcore}`;
}
