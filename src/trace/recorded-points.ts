/**
 * The trace points that the events of a recording were recorded at: those of DPDK under the names that recordings give them, and those of
 * the application, whose arguments the recording describes: app:PROVIDER:NAME, which LTTng-UST calls PROVIDER:NAME.
 */
import type { EventKind } from '../convert/index.ts';
import { type ArgumentType, dpdkPoints, type ProbeArgument, type ProbePoint } from '../tracepoints/index.ts';

const OF_APPLICATION = 'app:';
/** What LTTng allows: https://lttng.org/man/3/lttng-ust, "Tracepoint provider name", "Tracepoint name". */
const OF_LTTNG = /^(?!dpdk:)[A-Za-z_]\w*:[A-Za-z_]\w*$/;

/** Points that have happened, or could have, as the metadata say. */
export function recordedPoints(kinds: readonly EventKind[], hasPackets: boolean): readonly ProbePoint[] {
  const names = new Set(kinds.map(({ name }) => name));
  const ofDpdk = dpdkPoints.filter((point) => recordedNames(point).every((name) => names.has(name)));
  const hasPacketEvents = ofDpdk.some(({ kind }) => kind === 'packet');
  const ofPackets = hasPackets && !hasPacketEvents ? dpdkPoints.filter(({ kind }) => kind === 'packet') : [];
  const own = new Map([...names].filter((name) => OF_LTTNG.test(name)).map((name) => [`app:${name}`, name]));
  for (const name of names) if (name.startsWith(OF_APPLICATION)) own.set(name, name);
  return [
    ...ofDpdk,
    ...ofPackets,
    ...[...own].map(([name, recordedAs]) =>
      pointOf(
        name,
        recordedAs,
        kinds.filter((kind) => kind.name === recordedAs),
      ),
    ),
  ];
}

/** What the events of a point are called: one name, or one for each of two cases. */
export function recordedNames({ name, recordedAs, recordedApart }: ProbePoint): readonly string[] {
  return recordedApart === undefined ? [recordedAs ?? name] : [recordedApart.zero, recordedApart.other];
}

/** @param kinds those of its events: a trace that was converted, or several traces, can have more than one */
function pointOf(name: string, recordedAs: string, kinds: readonly EventKind[]): ProbePoint {
  const types = new Map<string, ArgumentType>();
  for (const field of kinds.flatMap(({ fields }) => fields)) {
    if (field.type !== undefined) types.set(field.name, wider(types.get(field.name), field.type));
  }
  const args = [...types].map(([argument, type], index): ProbeArgument => {
    return { name: argument, type, place: { kind: 'context', index }, meaning: '' };
  });
  return { name, recordedAs, kind: 'application', arguments: args, meaning: '' };
}

/** What holds the values of both. */
function wider(a: ArgumentType | undefined, b: ArgumentType): ArgumentType {
  if (a === undefined || b.kind === 'text') return b;
  if (a.kind === 'text') return a;
  return {
    kind: 'integer',
    bytes: Math.max(a.bytes, b.bytes) as 1 | 2 | 4 | 8,
    isSigned: a.isSigned || b.isSigned,
  };
}
