/** Builds harness.c with the agent's sources and runs programs over packets in it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EbpfProgram, encodeEbpf } from '../../src/bpf/index.ts';
import { compileHarness } from './agent-harness.ts';

/** A packet as it lies in an mbuf. */
export interface MbufPacket {
  readonly frame: Uint8Array;
  readonly olFlags: bigint;
  readonly vlanTci: number;
  readonly vlanTciOuter: number;
  /** The length of each segment, 0 for all in one. */
  readonly segmentBytes: number;
}

/** Of a packet that all five ways of running the program accept (harness.c). */
export const ALL_ACCEPT = 31;

/** What became of a program: the agent's refusal, or for each packet which engines accepted it. */
type HarnessResult = string | Verdicts;

interface Verdicts {
  /** Whether the agent has a form of the program that loads from the first segment directly. */
  readonly isDirect: boolean;
  /** For each packet. */
  readonly accepting: Uint8Array;
}

export interface Harness {
  run(programs: readonly EbpfProgram[], packets: readonly MbufPacket[]): readonly HarnessResult[];
  close(): void;
}

export function buildHarness(): Harness {
  const folder = mkdtempSync(join(tmpdir(), 'hone-harness-'));
  const binary = join(folder, 'harness');
  compileHarness(binary, 'harness.c', [
    'program.c',
    'program_check.c',
    'program_direct.c',
    'program_form.c',
    'program_interpret.c',
    'program_loop.c',
    'program_targets.c',
    'program_widen.c',
  ]);
  return {
    run: (programs, packets) => run(binary, programs, packets),
    close: () => rmSync(folder, { recursive: true }),
  };
}

function run(
  binary: string,
  programs: readonly EbpfProgram[],
  packets: readonly MbufPacket[],
): readonly HarnessResult[] {
  const input = Buffer.concat([
    number32(programs.length),
    ...programs.flatMap((program) => [number32(program.length), encodeEbpf(program)]),
    number32(packets.length),
    ...packets.flatMap((packet) => [packetHead(packet), packet.frame]),
  ]);
  const { status, signal, stdout, stderr } = spawnSync(binary, { input, maxBuffer: 2 ** 30 });
  if (status !== 0)
    throw new Error(`the harness failed (${signal ?? status}): ${stderr.toString().slice(-300)}`);
  let at = 0;
  const lines = programs.map(() => {
    const end = stdout.indexOf(0x0a, at);
    const line = stdout.toString('utf8', at, end);
    at = end + 1;
    return line;
  });
  return lines.map((line) => {
    if (!line.startsWith('ok')) return line;
    at += packets.length;
    return { isDirect: line === 'ok with direct loads', accepting: stdout.subarray(at - packets.length, at) };
  });
}

function number32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function packetHead({ frame, olFlags, vlanTci, vlanTciOuter, segmentBytes }: MbufPacket): Uint8Array {
  const head = Buffer.alloc(20);
  head.writeBigUInt64LE(olFlags, 0);
  head.writeUInt16LE(vlanTci, 8);
  head.writeUInt16LE(vlanTciOuter, 10);
  head.writeUInt32LE(segmentBytes, 12);
  head.writeUInt32LE(frame.length, 16);
  return head;
}
