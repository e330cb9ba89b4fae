/**
 * What a script compiles to: programs for probes, the maps they share, the events they send. `trace/` gives it to a
 * target and makes text of what comes back.
 */
import type { EbpfProgram, KeyedMapLayout } from '../bpf/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';

/** The kind of a value in a key, a map or an event, which says how it is printed and how many bytes it takes there. */
export type ValueType =
  /** 8 bytes, two's complement. */
  | { readonly kind: 'integer'; readonly isSigned: boolean }
  /** Text, ended by a zero byte or the size. */
  | { readonly kind: 'text'; readonly bytes: number }
  /** Any bytes, as `buf` and printf's %r have them: u32 length, then the bytes. */
  | { readonly kind: 'buffer'; readonly bytes: number }
  | { readonly kind: 'ipv4' }
  | { readonly kind: 'ipv6' }
  /** ntop() of either: 8 bytes of family (2 or 10), then 16 bytes. */
  | { readonly kind: 'ip' }
  | { readonly kind: 'mac' }
  /** A timestamp that strftime formats: 8 bytes nanoseconds, as the target's nsecs. */
  | { readonly kind: 'time'; readonly format: string }
  /** Ids of the kernel: 8 bytes. */
  | { readonly kind: 'stack'; readonly where: 'user' | 'kernel'; readonly depth: number }
  | { readonly kind: 'symbol'; readonly where: 'user' | 'kernel' }
  | { readonly kind: 'tuple'; readonly members: readonly ValueType[] };

/** How many bytes a value takes in keys, maps and events; members of tuples lie one after another, each padded to 8. */
export function valueBytes(type: ValueType): number {
  switch (type.kind) {
    case 'text':
      return pad(type.bytes);
    case 'buffer':
      return pad(4 + type.bytes);
    case 'ipv4':
    case 'mac':
      return 8;
    case 'ipv6':
      return 16;
    case 'ip':
    case 'symbol':
      return type.kind === 'ip' ? 24 : 16;
    case 'tuple':
      return type.members.reduce((sum, member) => sum + valueBytes(member), 0);
    default:
      return 8;
  }
}

function pad(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 8) * 8;
}

/**
 * What a map gathers, and the layout of its value (64-bit numbers):
 * count {n}; sum {sum, n}; avg and stats {total, n}; min and max {value, n}, where n counts the updates;
 * hist {bucket[hist.buckets]} by the index of bpftrace's hist (docs: tracing facts), lhist {below, bucket..., above};
 * value {time of the update in ns, the value}.
 */
export type MapKind =
  | { readonly kind: 'count' | 'sum' | 'avg' | 'stats' | 'min' | 'max'; readonly isSigned: boolean }
  | { readonly kind: 'hist'; readonly bits: number; readonly buckets: number }
  | {
      readonly kind: 'lhist';
      readonly min: bigint;
      readonly max: bigint;
      readonly step: bigint;
      readonly buckets: number;
    }
  | { readonly kind: 'value'; readonly type: ValueType };

export interface MapPlan {
  /** With its `@`; `@` alone is a name, too. */
  readonly name: string;
  readonly kind: MapKind;
  /** Empty for a map without keys. One type a key; several lie one after another, each padded to 8. */
  readonly keys: readonly ValueType[];
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Keys that fit. */
  readonly maxEntries: number;
  /**
   * Form `agent`: the value's place in the context, or the keyed map's layout and its number for the helpers, which is its
   * place among the keyed maps in the order of `maps`.
   */
  readonly place:
    | { readonly kind: 'flat'; readonly offset: number }
    /**
     * One value behind the other, `valueBytes` each, for the keys 0 to entries - 1 of a map with one integer key that is
     * known to be small. A key is there when its value says that something was gathered: n, the time or a bucket is not 0.
     */
    | { readonly kind: 'indexed'; readonly offset: number; readonly entries: number }
    | { readonly kind: 'keyed'; readonly index: number; readonly layout: KeyedMapLayout }
    /** Form `kernel`: the number in `kernelMaps`. */
    | { readonly kind: 'kernel'; readonly index: number };
  /** Programs read it: it lies in the state and not in the banks. */
  readonly isState: boolean;
}

/** A map of the kernel; numbers as in <linux/bpf.h>. Programs name it by LD_IMM64 with src_reg 5 (map_by_idx) and imm = index. */
export interface KernelMapPlan {
  readonly name: string;
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
}

/** A field of an event record, at a fixed place behind its head. */
export interface EventField {
  readonly type: ValueType;
  readonly offset: number;
  /** The host puts there how many keys this map has, an integer. */
  readonly lengthOf?: string;
}

/**
 * What an event record makes the host do. A record begins with {u32 event, u32 zero}; fields follow from offset 8. The
 * kernel form puts u64 nanoseconds (ktime) before it; the agent form's ring has the time beside it.
 */
export type EventPlan =
  | { readonly kind: 'printf'; readonly format: string; readonly fields: readonly EventField[] }
  /** print(expression), or a tuple, on a line. */
  | { readonly kind: 'value'; readonly field: EventField }
  | { readonly kind: 'print'; readonly map: string; readonly top: number; readonly divisor: number }
  | { readonly kind: 'print-entry'; readonly map: string; readonly fields: readonly EventField[] }
  | { readonly kind: 'clear' | 'zero'; readonly map: string }
  | { readonly kind: 'time'; readonly format: string }
  | { readonly kind: 'join'; readonly fields: readonly EventField[]; readonly separator: string }
  | { readonly kind: 'exit' };

export interface CompiledProbe {
  readonly point: ProbePoint;
  /** Of a point of DPDK: undefined for every port, every queue. */
  readonly port: number | undefined;
  readonly queue: number | undefined;
  /** Where it runs: on the target, or in the host (BEGIN, END, interval of the form `agent`). */
  readonly runs: 'target' | 'host';
  readonly program: EbpfProgram;
  /** Form `agent`: it uses the time; bytes of the packet that it may look at (multiple of 32, at most 256). */
  readonly needsTime: boolean;
  readonly packetBytes: number;
  /** Form `agent`: bit i is set when the program looks at args[i]; the others need not be filled in. */
  readonly argumentsUsed: number;
}

export interface CompiledScript {
  readonly form: 'agent' | 'kernel';
  readonly maps: readonly MapPlan[];
  readonly events: readonly EventPlan[];
  readonly probes: readonly CompiledProbe[];
  /** Form `agent`: the context with all maps; where state begins (equal when there is none). */
  readonly contextBytes: number;
  readonly stateOffset: number;
  /** Form `agent`, when a program asks for `elapsed`: where the host puts the time of the start, u64 ns, into the state. */
  readonly startTimeOffset: number | undefined;
  readonly kernelMaps: readonly KernelMapPlan[];
}

/** A condition as a program of the form `agent`, whose result is 1 where it holds, else 0. The rest as in CompiledProbe. */
export type CompiledPredicate = Pick<
  CompiledProbe,
  'program' | 'needsTime' | 'packetBytes' | 'argumentsUsed'
>;

/** A place whose events are selected: of several selections of one point, no event is in two of them. */
export interface SelectedPlace extends Pick<CompiledProbe, 'point' | 'port' | 'queue'> {
  /** Undefined where every event is meant. */
  readonly predicate: CompiledPredicate | undefined;
}

export interface CompiledSelection {
  /** In the order in which points were named. */
  readonly places: readonly SelectedPlace[];
  /** Of the programs' context, which has no maps. */
  readonly contextBytes: number;
  readonly stateOffset: number;
}
