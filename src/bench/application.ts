/** A DPDK application that forwards as fast as it can, and its rate, by its own counters. */
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError, PeerError, SysError } from '../base/index.ts';
import { ealFolder, ProcessGroup } from '../processes/index.ts';
import { Telemetry } from '../target/index.ts';
import { removePages } from './hugepages.ts';
import { benchName } from './leftovers.ts';
import type { Workbench } from './workbench.ts';

const START_MS = 30_000;
const END_MS = 5000;
/** Its first packets find cold caches. */
const WARM_UP_MS = 700;

export interface Application {
  readonly pid: number;
  /** Its --file-prefix. */
  readonly prefix: string;
  /** `DPDK 22.11.11`. */
  readonly dpdk: string;
  /**
   * Packets a second received on all ports, over the next `ms`.
   * @throws HoneError when it has ended or does not forward any more
   */
  rate(ms: number): Promise<number>;
  stop(): Promise<void>;
}

export interface ApplicationCommand {
  /** Before the program: `hone run --`. */
  readonly below?: readonly string[];
  readonly program: string;
  readonly vdevs: readonly string[];
  /** Behind the EAL's. */
  readonly options?: readonly string[];
  readonly ports: readonly number[];
}

let started = 0;

/** @throws HoneError when it does not start, or forwards nothing: what it said last */
export async function startApplication(bench: Workbench, command: ApplicationCommand): Promise<Application> {
  const prefix = benchName(++started);
  const folder = ealFolder(prefix);
  const { forwarding, others } = bench.placement;
  const eal = [
    ...['--lcores', `0@${others[0]},1@${forwarding}`],
    ...bench.memory.ealOptions,
    ...['--no-pci', '--file-prefix', prefix],
    ...command.vdevs.map((vdev) => `--vdev=${vdev}`),
  ];
  const removeFiles = bench.cleanup.add(() => leaveNothing(bench, prefix, folder));
  const group = new ProcessGroup([
    ...(command.below ?? []),
    command.program,
    ...eal,
    '--',
    ...(command.options ?? []),
  ]);
  const kill = bench.cleanup.add(() => group.signal('SIGKILL'));
  let telemetry: Telemetry | undefined;
  const stop = async () => {
    telemetry?.close();
    await group.end('SIGINT', END_MS);
    kill();
    removeFiles();
  };
  try {
    telemetry = await group.until(() => tryOpen(folder), START_MS, bench.signal);
    const counters = new Counters(telemetry, command.ports, group);
    await group.until(() => counters.isForwarding(), START_MS, bench.signal);
    await sleep(WARM_UP_MS, undefined, { signal: bench.signal });
    const { pid, version } = telemetry;
    return { pid, prefix, dpdk: version, stop, rate: (ms) => counters.rate(ms, bench.signal) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Undefined as long as nobody listens. */
async function tryOpen(folder: string): Promise<Telemetry | undefined> {
  try {
    return await Telemetry.open(folder);
  } catch (error) {
    if (error instanceof SysError) return undefined;
    throw error;
  }
}

class Counters {
  readonly #telemetry: Telemetry;
  readonly #ports: readonly number[];
  readonly #group: ProcessGroup;
  #first: number | undefined;

  constructor(telemetry: Telemetry, ports: readonly number[], group: ProcessGroup) {
    this.#telemetry = telemetry;
    this.#ports = ports;
    this.#group = group;
  }

  /** Ports appear after the socket does. */
  async isForwarding(): Promise<true | undefined> {
    try {
      const packets = await this.#packets();
      this.#first ??= packets;
      return packets > this.#first ? true : undefined;
    } catch (error) {
      if (error instanceof PeerError) return undefined;
      throw error;
    }
  }

  async rate(ms: number, signal: AbortSignal): Promise<number> {
    try {
      const before = await this.#packets();
      const begun = performance.now();
      await sleep(ms, undefined, { signal });
      const packets = (await this.#packets()) - before;
      if (packets > 0) return (1000 * packets) / (performance.now() - begun);
    } catch (error) {
      if (!this.#group.hasEnded) throw error;
    }
    const why = this.#group.hasEnded
      ? `the application ended: ${this.#group.lastLine}`
      : 'it forwards nothing';
    throw new HoneError('BENCH', why);
  }

  async #packets(): Promise<number> {
    let sum = 0;
    for (const port of this.#ports) sum += await this.#telemetry.receivedPackets(port);
    return sum;
  }
}

/** A killed primary process leaves its sockets and its pages' files. */
function leaveNothing({ memory }: Workbench, prefix: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  removePages(memory, prefix);
}
