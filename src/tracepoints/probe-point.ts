/**
 * What a probe is to the language and to the targets: a place where a program can run, and what it finds there. The
 * language asks for points by the text of a probe; targets make them (from the table of DPDK's points, from an
 * application's own, from USDT notes, from tracefs). Nothing here touches a system.
 */

/** An integer of 1, 2, 4 or 8 bytes, or text with a zero byte at its end where it is shorter than it may be. */
export type ArgumentType =
  | { readonly kind: 'integer'; readonly bytes: 1 | 2 | 4 | 8; readonly isSigned: boolean }
  | { readonly kind: 'text'; readonly bytes: number };

/** Where a program finds an argument. */
export type ArgumentPlace =
  /** `args[index]` of the trace context (bpf/context), widened to 64 bits by whoever put it there. Text: see there. */
  | { readonly kind: 'context'; readonly index: number }
  /** A register of struct pt_regs: its offset in bytes there; sign or zero extended from the argument's type. */
  | { readonly kind: 'register'; readonly offsetBytes: number }
  /** User memory at register + offset (+ index register * scale), as USDT arguments have it; read by a helper. */
  | {
      readonly kind: 'memory';
      readonly base: number | undefined;
      readonly index: number | undefined;
      readonly scale: number;
      readonly displacement: bigint;
    }
  | { readonly kind: 'constant'; readonly value: bigint }
  /** A field of the record that a kernel tracepoint gives: offset in bytes from the context's start. */
  | { readonly kind: 'record'; readonly offsetBytes: number };

export interface ProbeArgument {
  readonly name: string;
  readonly type: ArgumentType;
  readonly place: ArgumentPlace;
  /** What it means, with its unit; empty when nobody said. */
  readonly meaning: string;
  /** The field's name in recordings, where other tools look for another one (DPDK's own trace points, Trace Compass). */
  readonly recordedAs?: string | undefined;
  /** What a number counts: packets, bytes, Mbit/s. */
  readonly unit?: string | undefined;
  /** Names of its values. */
  readonly labels?: readonly { readonly label: string; readonly value: number }[] | undefined;
}

export type ProbeKind =
  /** A burst of a port's queue, once for each call of the application. */
  | 'burst'
  /** Each packet of a burst: the packet's bytes and fields can be used. */
  | 'packet'
  /** A point that the application declared (hone/trace.h). */
  | 'application'
  /** What a thread of the agent sees when it looks: states that changed, levels that are sampled. */
  | 'observed'
  | 'usdt'
  | 'uprobe'
  | 'uretprobe'
  | 'tracepoint'
  | 'software'
  | 'interval'
  | 'profile'
  | 'begin'
  | 'end';

export interface ProbePoint {
  /** In full, as a probe of one point is written: `dpdk:rx_burst`, `usdt:/bin/x:prov:name`, `interval:s:1`. */
  readonly name: string;
  readonly kind: ProbeKind;
  readonly arguments: readonly ProbeArgument[];
  readonly meaning: string;
  /** The event's name in recordings, likewise. */
  readonly recordedAs?: string | undefined;
  /** Where other tools look for two events: their names, for hits in which the argument is 0 and for all others. */
  readonly recordedApart?:
    | { readonly argument: string; readonly zero: string; readonly other: string }
    | undefined;
  /** LTTng's number of its default level, 0 (TRACE_EMERG) to 14 (TRACE_DEBUG). */
  readonly logLevel?: number | undefined;
}
