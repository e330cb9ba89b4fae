/**
 * Counters that a target keeps in shared memory: one struct hone_counters for each hook, in the session memory (for
 * threads without a ring) and in every ring. They are summed when somebody asks; each number is read once.
 */
import { ABI, STRUCTS } from './abi.ts';
import { protocolError } from './message-body.ts';
import { MAX_INTERFACES } from './protocol.ts';
import { decodeStruct } from './struct-codec.ts';
import type { Direction, HookCounters } from './target.ts';

const MEMORY = STRUCTS.hone_session_memory.fields;
const HOOK_BYTES = STRUCTS.hone_hook.size;
const COUNTER_BYTES = STRUCTS.hone_counters.size;

/** Size of the session memory in whole pages, as it is made. */
export const SESSION_MEMORY_BYTES: number = Math.ceil(STRUCTS.hone_session_memory.size / 4096) * 4096;

interface Hook {
  readonly interfaceId: number;
  readonly portId: number;
  readonly queueId: number;
  readonly direction: Direction;
}

export class HookTable {
  readonly #view: DataView;
  readonly #nbHooks: Int32Array;
  readonly #hooks: Hook[] = [];

  /**
   * @param memory struct hone_session_memory, borrowed until the last call
   * @throws PeerError PEER_PROTOCOL when it is none
   */
  constructor(memory: ArrayBuffer) {
    this.#view = new DataView(memory);
    this.#nbHooks = new Int32Array(memory, MEMORY.nb_hooks.offset, 1);
    const magic = this.#view.getUint32(MEMORY.magic.offset, true);
    const version = this.#view.getUint32(MEMORY.abi_version.offset, true);
    if (magic !== ABI.HONE_MAGIC || version !== ABI.HONE_ABI_VERSION) {
      throw protocolError(`session memory: got magic 0x${magic.toString(16)} and version ${version}`);
    }
  }

  /**
   * Every hook with its counters summed over the session memory and the rings.
   * @param rings the memory of each ring
   */
  sum(rings: readonly ArrayBuffer[]): HookCounters[] {
    this.#takeHooks();
    const areas = [
      { view: this.#view, start: MEMORY.orphans.offset as number },
      ...rings.map((ring) => ({ view: new DataView(ring), start: ABI.HONE_RING_COUNTERS as number })),
    ];
    return this.#hooks.map((hook, n) => {
      const sums = { seen: 0n, matched: 0n, captured: 0n, dropped: 0n, bytes: 0n };
      for (const { view, start } of areas) {
        const one = decodeStruct('hone_counters', view, start + n * COUNTER_BYTES);
        sums.seen += one.seen;
        sums.matched += one.matched;
        sums.captured += one.captured;
        sums.dropped += one.dropped;
        sums.bytes += one.bytes;
      }
      return { ...hook, ...sums };
    });
  }

  /** Hooks are only ever added, and an entry never changes. */
  #takeHooks(): void {
    const count = Atomics.load(this.#nbHooks, 0);
    if (count < this.#hooks.length || count > ABI.HONE_MAX_HOOKS) {
      throw protocolError(
        `session memory: got ${count} hooks, expected ${this.#hooks.length} to ${ABI.HONE_MAX_HOOKS}`,
      );
    }
    while (this.#hooks.length < count) {
      const hook = decodeStruct(
        'hone_hook',
        this.#view,
        MEMORY.hooks.offset + this.#hooks.length * HOOK_BYTES,
      );
      if (hook.interface >= MAX_INTERFACES) {
        throw protocolError(`session memory: got interface ${hook.interface}`);
      }
      if (hook.direction !== ABI.HONE_DIRECTION_IN && hook.direction !== ABI.HONE_DIRECTION_OUT) {
        throw protocolError(`session memory: got direction ${hook.direction}`);
      }
      this.#hooks.push({
        interfaceId: hook.interface,
        portId: hook.port_id,
        queueId: hook.queue_id,
        direction: hook.direction === ABI.HONE_DIRECTION_IN ? 'in' : 'out',
      });
    }
  }
}
