/**
 * The trace points that the events of a recording were recorded at: those of DPDK under the names that recordings give them, and those of
 * the application, whose arguments the recording describes.
 */
import type { EventKind } from '../convert/index.ts';
import { dpdkPoints, type ProbeArgument, type ProbePoint } from '../tracepoints/index.ts';

type RecordedPoint = ProbePoint & {
  readonly recordedApart?: { readonly zero: string; readonly other: string };
};

const OF_APPLICATION = 'app:';

/** Points that have happened, or could have, as the metadata say. */
export function recordedPoints(kinds: readonly EventKind[], hasPackets: boolean): readonly ProbePoint[] {
  const names = new Set(kinds.map(({ name }) => name));
  const ofDpdk = dpdkPoints.filter((point) => recordedNames(point).every((name) => names.has(name)));
  const hasPacketEvents = ofDpdk.some(({ kind }) => kind === 'packet');
  const ofPackets = hasPackets && !hasPacketEvents ? dpdkPoints.filter(({ kind }) => kind === 'packet') : [];
  const own = new Map<string, ProbePoint>();
  for (const kind of kinds) {
    if (kind.name.startsWith(OF_APPLICATION) && !own.has(kind.name)) own.set(kind.name, pointOf(kind));
  }
  return [...ofDpdk, ...ofPackets, ...own.values()];
}

/** What the events of a point are called: one name, or one for each of two cases. */
export function recordedNames({ name, recordedAs, recordedApart }: RecordedPoint): readonly string[] {
  return recordedApart === undefined ? [recordedAs ?? name] : [recordedApart.zero, recordedApart.other];
}

function pointOf({ name, fields }: EventKind): ProbePoint {
  const args = fields.flatMap((field, index): ProbeArgument[] =>
    field.type === undefined
      ? []
      : [{ name: field.name, type: field.type, place: { kind: 'context', index }, meaning: '' }],
  );
  return { name, kind: 'application', arguments: args, meaning: '' };
}
