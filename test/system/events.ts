/** What our own reader finds in a recording. */
import { join } from 'node:path';
import { openTraceFolder } from '../../src/convert/open-trace.ts';

export interface ReadEvents {
  readonly events: number;
  /** Of each stream that does not end as it should. */
  readonly damages: readonly string[];
}

/** @param path the folder that `hone record` was given */
export function readEvents(path: string): ReadEvents {
  const damages: string[] = [];
  let events = 0;
  for (const { cursor, close } of openTraceFolder(join(path, 'events')).streams) {
    while (cursor.next()) events++;
    if (cursor.damage !== undefined) damages.push(cursor.damage);
    close();
  }
  return { events, damages };
}
