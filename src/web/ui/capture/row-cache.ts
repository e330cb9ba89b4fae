/**
 * Rows as they were fetched from the host, a run at a time; asks for those that are to be shown and are not there. It holds
 * what was shown last, no more.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RowView } from '../../protocol/index.ts';
import type { HostConnection } from '../host-connection.ts';

const RUN = 100;
const MOST_RUNS = 40;

export interface RowCache {
  /** Undefined while it is on its way. */
  row(number: number): RowView | undefined;
  /** Rows that are about to be shown. */
  want(from: number, to: number): void;
}

/** @param generation rows have other numbers when it changes @param endRow rows that there are */
export function useRowCache(host: HostConnection, generation: string, endRow: number): RowCache {
  const [, redraw] = useState(0);
  const runs = useRef(new Map<number, readonly RowView[]>());
  const asked = useRef(new Map<number, number>());
  useEffect(() => {
    runs.current.clear();
    asked.current.clear();
    return host.on('rows', ({ request, from, rows }) => {
      if (asked.current.get(from) !== request) return;
      asked.current.delete(from);
      runs.current.delete(from);
      runs.current.set(from, rows);
      const oldest = runs.current.size > MOST_RUNS ? runs.current.keys().next().value : undefined;
      if (oldest !== undefined) runs.current.delete(oldest);
      redraw((count) => count + 1);
    });
  }, [host, generation]);
  return {
    row: (number) => {
      const start = number - (number % RUN);
      return runs.current.get(start)?.[number - start];
    },
    want: (from, to) => {
      for (let start = from - (from % RUN); start < to; start += RUN) {
        const run = runs.current.get(start);
        // A run at the end has grown since.
        const isWhole =
          run !== undefined && (run.length === RUN || start + run.length >= Math.min(to, endRow));
        if (isWhole || asked.current.has(start)) continue;
        const request = host.nextRequest();
        asked.current.set(start, request);
        host.send({ type: 'get-rows', request, from: start, count: RUN });
      }
    },
  };
}
