/** Events by what they mean for a report, with fields read by their names: as hone, rte_trace, and applications by LTTng record them. */
import { type EventItem, type EventKind, type EventRole, roleOf } from '../../convert/index.ts';
import { EnumerationValue, type FieldValue, type StructureValue } from '../../ctf/index.ts';
import type { Fields } from './recorded-states.ts';

export type PointRole =
  | Extract<EventRole, 'poll' | 'empty-poll' | 'rx-burst' | 'tx-burst' | 'stage-begin' | 'stage-end'>
  | 'drop'
  | 'mempool-level'
  | 'ring-level'
  | 'port-state'
  | 'port-stats';

/** Of points that a timeline has no role for. */
const OTHERS: Readonly<Record<string, PointRole>> = {
  drop: 'drop',
  mempool_level: 'mempool-level',
  ring_level: 'ring-level',
  port_state: 'port-state',
  port_stats: 'port-stats',
  // Of applications that tell by LTTng what the agent finds by itself.
  rx_poll: 'poll',
  rx_burst: 'rx-burst',
  tx_burst: 'tx-burst',
};
const BURSTS: ReadonlySet<string> = new Set([
  'poll',
  'empty-poll',
  'rx-burst',
  'tx-burst',
  'stage-begin',
  'stage-end',
] satisfies PointRole[]);

export interface ReadEvent {
  readonly role: PointRole;
  readonly fields: Fields;
}

export class EventReader {
  readonly #kinds: readonly EventKind[];
  /** By trace and event id; undefined for what means nothing here, or was counted already. */
  readonly #roles = new Map<string, PointRole | undefined>();
  readonly #fields = new EventFields();
  readonly #recorded: ReadonlySet<PointRole>;

  constructor(kinds: readonly EventKind[]) {
    this.#kinds = kinds;
    this.#recorded = new Set(kinds.map(({ name }) => roleOfName(name)).filter((role) => role !== undefined));
  }

  /** The recording describes such events, whether or not one has happened. */
  isRecorded(role: PointRole): boolean {
    return this.#recorded.has(role);
  }

  /** Borrowed until the next call; undefined for what means nothing here. */
  read(item: EventItem): ReadEvent | undefined {
    const key = `${item.trace}\n${item.cursor.event.id}`;
    let role = this.#roles.get(key);
    if (role === undefined && !this.#roles.has(key)) {
      role = this.#roleOf(item);
      this.#roles.set(key, role);
    }
    if (role === undefined) return undefined;
    this.#fields.values = item.fields();
    return { role, fields: this.#fields };
  }

  /** What a trace has twice (a burst that was recorded as a poll, too) is looked at once. */
  #roleOf({ name, trace, cursor }: EventItem): PointRole | undefined {
    const first = this.#kinds.find((kind) => kind.name === name && kind.trace === trace);
    return first === undefined || first.id === cursor.event.id ? roleOfName(name) : undefined;
  }
}

function roleOfName(name: string): PointRole | undefined {
  const role = roleOf(name);
  if (role !== undefined && BURSTS.has(role)) return role as PointRole;
  const point = /^(?:app:)?(?:dataplane|dpdk):(\w+)$/.exec(name)?.[1];
  return point !== undefined && Object.hasOwn(OTHERS, point) ? OTHERS[point] : undefined;
}

class EventFields implements Fields {
  values: StructureValue = {};

  number(name: string): number | undefined {
    const value = bare(this.values[name]);
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (typeof value === 'string') return value;
    return value instanceof EnumerationValue ? value.labels[0] : undefined;
  }
}

function bare(value: FieldValue | undefined): FieldValue | bigint | undefined {
  return value instanceof EnumerationValue ? value.value : value;
}
