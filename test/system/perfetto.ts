/** A Perfetto trace as protoc reads it, checked as its trace processor would take it: what refers to something finds it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const schema = fileURLToPath(new URL('../conformance', import.meta.url));

export const haveProtoc: boolean = spawnSync('protoc', ['--version']).status === 0;

export interface PerfettoCounts {
  readonly begins: number;
  readonly ends: number;
  readonly instants: number;
  readonly counters: number;
  readonly tracks: number;
  /** Flows with so many moments or more. */
  flowsOf(moments: number): number;
}

export function readPerfetto(path: string): PerfettoCounts {
  const { status, stdout, stderr } = spawnSync(
    'protoc',
    ['-I', schema, '--decode=perfetto.protos.Trace', 'perfetto-trace.proto'],
    { input: readFileSync(path), encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
  // A field without a name is one that the schema does not have.
  expect(stdout).not.toMatch(/^\s*\d+[:{ ]/m);
  const tracks = new Set<string>();
  const names = new Set<string>();
  const depths = new Map<string, number>();
  const flows = new Map<string, number>();
  const types = new Map<string, number>();
  for (const packet of stdout.split(/^packet \{\n/m).slice(1)) {
    const of = (pattern: RegExp) => pattern.exec(packet)?.[1];
    if (packet.includes('  track_descriptor {')) {
      tracks.add(of(/^ {4}uuid: (\d+)$/m)!);
      const parent = of(/^ {4}parent_uuid: (\d+)$/m);
      if (parent !== undefined) expect(tracks).toContain(parent);
    }
    for (const [, iid] of packet.matchAll(/^ {4}event_names \{\n {6}iid: (\d+)$/gm)) names.add(iid!);
    const type = of(/^ {4}type: (\w+)$/m);
    if (type === undefined) continue;
    types.set(type, (types.get(type) ?? 0) + 1);
    const track = of(/^ {4}track_uuid: (\d+)$/m)!;
    expect(tracks).toContain(track);
    const iid = of(/^ {4}name_iid: (\d+)$/m);
    if (iid !== undefined) expect(names).toContain(iid);
    if (type === 'TYPE_SLICE_BEGIN') depths.set(track, (depths.get(track) ?? 0) + 1);
    if (type === 'TYPE_SLICE_END') {
      expect(depths.get(track)).toBeGreaterThan(0);
      depths.set(track, depths.get(track)! - 1);
    }
    for (const [, flow] of packet.matchAll(/^ {4}(?:terminating_)?flow_ids: (\d+)$/gm)) {
      flows.set(flow!, (flows.get(flow!) ?? 0) + 1);
    }
  }
  const count = (type: string) => types.get(type) ?? 0;
  return {
    begins: count('TYPE_SLICE_BEGIN'),
    ends: count('TYPE_SLICE_END'),
    instants: count('TYPE_INSTANT'),
    counters: count('TYPE_COUNTER'),
    tracks: tracks.size,
    flowsOf: (moments) => [...flows.values()].filter((number) => number >= moments).length,
  };
}
