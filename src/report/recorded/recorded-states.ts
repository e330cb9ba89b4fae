/** What events say of an application besides its bursts: drops, stages, levels, and its ports' counters and links. */
import type {
  DropObservation,
  LevelObservation,
  PortObservation,
  StageObservation,
} from '../../findings/index.ts';
import { BoundedMap } from './bounded-map.ts';

const COUNTERS = [
  ['rxPackets', 'ipackets'],
  ['txPackets', 'opackets'],
  ['rxBytes', 'ibytes'],
  ['txBytes', 'obytes'],
  ['missed', 'imissed'],
  ['rxErrors', 'ierrors'],
  ['txErrors', 'oerrors'],
  ['noMbuf', 'rx_nombuf'],
] as const satisfies readonly (readonly [keyof PortObservation, string])[];

type Counts = Record<(typeof COUNTERS)[number][0], number>;

/** Fields of an event: numbers, texts, and labels of enumerations. */
export interface Fields {
  number(name: string): number | undefined;
  text(name: string): string | undefined;
}

interface Level {
  readonly kind: 'mempool' | 'ring';
  readonly name: string;
  size: number;
  samples: number;
  least: number;
  most: number;
  sum: number;
}

interface Link {
  readonly portId: number;
  isUp: boolean | undefined;
  speedMbps: number | undefined;
}

const DEEPEST = 64;
/** Nobody knows the speed: RTE_ETH_SPEED_NUM_UNKNOWN. */
const UNKNOWN_SPEED = 0xffff_ffff;

export class RecordedStates {
  readonly #drops = new BoundedMap<{
    readonly portId: number | undefined;
    readonly reason: string;
    packets: number;
  }>();
  readonly #levels = new BoundedMap<Level>();
  readonly #links = new BoundedMap<Link>();
  readonly #counters = new BoundedMap<{ readonly portId: number; readonly sum: Counts; last: Counts }>();
  readonly #stages = new BoundedMap<{
    readonly name: string;
    readonly tid: number;
    calls: number;
    ns: number;
    packets: number;
  }>();
  readonly #open = new BoundedMap<{ readonly name: string; readonly beginNs: bigint }[]>();

  drop(fields: Fields): void {
    const portId = fields.number('port');
    const reason = fields.text('reason') ?? `${fields.number('reason') ?? 'unknown'}`;
    const drop = this.#drops.get(`${portId} ${reason}`, () => ({ portId, reason, packets: 0 }));
    if (drop !== undefined) drop.packets++;
  }

  level(kind: Level['kind'], fields: Fields): void {
    const name = fields.text('name') ?? '';
    const now = fields.number(kind === 'mempool' ? 'available' : 'count');
    const size = fields.number(kind === 'mempool' ? 'size' : 'capacity');
    // Rings in which mempools keep what is free are full when all is well.
    if (now === undefined || size === undefined || (kind === 'ring' && name.startsWith('MP_'))) return;
    const level = this.#levels.get(`${kind} ${name}`, () => {
      return { kind, name, size, samples: 0, least: now, most: now, sum: 0 };
    });
    if (level === undefined) return;
    level.size = Math.max(level.size, size);
    level.samples++;
    level.least = Math.min(level.least, now);
    level.most = Math.max(level.most, now);
    level.sum += now;
  }

  portState(portId: number, fields: Fields): void {
    const link = this.#links.get(`${portId}`, () => ({ portId, isUp: undefined, speedMbps: undefined }));
    if (link === undefined) return;
    const state = fields.text('state');
    if (state === 'link_up' || state === 'link_down') link.isUp = state === 'link_up';
    const speed = fields.number('speed_mbps');
    if (speed !== undefined && speed > 0 && speed !== UNKNOWN_SPEED) link.speedMbps = speed;
  }

  /** Counters begin at 0 again when a port is started. */
  portStats(portId: number, fields: Fields): void {
    const now = Object.fromEntries(
      COUNTERS.map(([name, field]) => [name, fields.number(field) ?? 0]),
    ) as Counts;
    const none = Object.fromEntries(COUNTERS.map(([name]) => [name, 0])) as Counts;
    const port = this.#counters.get(`${portId}`, () => ({ portId, sum: none, last: now }));
    if (port === undefined) return;
    for (const [name] of COUNTERS) {
      port.sum[name] += now[name] >= port.last[name] ? now[name] - port.last[name] : now[name];
    }
    port.last = now;
  }

  stageBegin(tid: number, name: string, timeNs: bigint): void {
    const open = this.#open.get(`${tid}`, () => []);
    if (open !== undefined && open.length < DEEPEST) open.push({ name, beginNs: timeNs });
  }

  /** An end that skips inner stages ends them, uncounted. */
  stageEnd(tid: number, name: string, packets: number, timeNs: bigint): void {
    const open = this.#open.get(`${tid}`, () => []) ?? [];
    const at = open.findLastIndex((stage) => stage.name === name);
    if (at < 0) return;
    const { beginNs } = open[at]!;
    open.length = at;
    const stage = this.#stages.get(`${tid} ${name}`, () => ({ name, tid, calls: 0, ns: 0, packets: 0 }));
    if (stage === undefined) return;
    stage.calls++;
    stage.ns += Math.max(0, Number(timeNs - beginNs));
    stage.packets += packets;
  }

  drops(seconds: number): DropObservation[] {
    return this.#drops.values().map((drop) => ({ ...drop, countedSeconds: seconds }));
  }

  levels(kind: Level['kind']): LevelObservation[] {
    return this.#levels
      .values()
      .filter((level) => level.kind === kind)
      .map(({ name, size, samples, least, most, sum }) => ({
        name,
        size,
        samples,
        least,
        most,
        average: sum / samples,
      }));
  }

  stages(seconds: number): StageObservation[] {
    return this.#stages.values().map((stage) => ({ ...stage, measuredSeconds: seconds }));
  }

  /** What is known of a port, to be laid over what its packets tell. */
  port(portId: number): Partial<PortObservation> {
    const link = this.#links.values().find((one) => one.portId === portId);
    const counters = this.#counters.values().find((one) => one.portId === portId);
    return {
      ...(link?.isUp === undefined ? {} : { isUp: link.isUp }),
      ...(link?.speedMbps === undefined ? {} : { speedMbps: link.speedMbps }),
      ...counters?.sum,
    };
  }

  get portIds(): number[] {
    return [...this.#links.values(), ...this.#counters.values()].map(({ portId }) => portId);
  }
}
