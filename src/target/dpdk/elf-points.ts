/**
 * The trace points that an ELF file declares with hone/trace.h, from its notes named "hone", as the agent finds them in a running
 * process. 64-bit little-endian objects; nothing in the file is trusted: what is broken is as if it were not there.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { PeerError } from '../../base/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import { ABI } from '../abi.ts';
import { decodeText } from '../struct-codec.ts';
import { applicationPoint } from '../trace-message.ts';

const EHDR_BYTES = 64;
const PHDR_BYTES = 56;
const PT_NOTE = 4;
const NHDR_BYTES = 12;
const NOTE_TYPE = 1;
const NOTE_NAME = 'hone\0';
/** Where the hook is, the number of arguments, their types. */
const FIXED_BYTES = 8 + 1 + ABI.HONE_MAX_POINT_ARGS;
const MAX_SEGMENTS = 512;
const MAX_NOTE_BYTES = 16 << 20;

/**
 * Sorted by name; the same point at several places is one.
 * @returns undefined for what is no such file
 * @throws what node:fs throws for a file that cannot be read
 */
export function readElfPoints(path: string): ProbePoint[] | undefined {
  const fd = openSync(path, 'r');
  try {
    const header = readAt(fd, 0, EHDR_BYTES);
    if (!header.subarray(0, 6).equals(Buffer.from('\x7fELF\x02\x01', 'latin1'))) return undefined;
    if (header.length < EHDR_BYTES || header.readUInt16LE(54) !== PHDR_BYTES) return undefined;
    const points = new Map<string, ProbePoint>();
    for (const note of noteSegments(fd, header)) {
      for (const point of parseNotes(note.bytes, note.alignment)) {
        // The agent, too, takes the first of a name.
        if (!points.has(point.name)) points.set(point.name, point);
      }
    }
    return [...points.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    closeSync(fd);
  }
}

interface NoteSegment {
  readonly bytes: Buffer;
  readonly alignment: number;
}

function noteSegments(fd: number, header: Buffer): NoteSegment[] {
  const count = Math.min(header.readUInt16LE(56), MAX_SEGMENTS);
  const table = readAt(fd, Number(header.readBigUInt64LE(32)), count * PHDR_BYTES);
  const segments: NoteSegment[] = [];
  for (let at = 0; at + PHDR_BYTES <= table.length; at += PHDR_BYTES) {
    const bytes = Number(table.readBigUInt64LE(at + 32));
    if (table.readUInt32LE(at) !== PT_NOTE || bytes > MAX_NOTE_BYTES) continue;
    segments.push({
      bytes: readAt(fd, Number(table.readBigUInt64LE(at + 8)), bytes),
      alignment: table.readBigUInt64LE(at + 48) === 8n ? 8 : 4,
    });
  }
  return segments;
}

/** The points of one note segment; what does not fit ends it. */
export function parseNotes(bytes: Uint8Array, alignment: number): ProbePoint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const align = (at: number) => Math.ceil(at / alignment) * alignment;
  const points: ProbePoint[] = [];
  for (let at = 0; at + NHDR_BYTES <= bytes.length; ) {
    const nameBytes = view.getUint32(at, true);
    const descBytes = view.getUint32(at + 4, true);
    const name = at + NHDR_BYTES;
    const desc = align(name + nameBytes);
    if (desc + descBytes > bytes.length) break;
    const isOurs =
      view.getUint32(at + 8, true) === NOTE_TYPE &&
      nameBytes === NOTE_NAME.length &&
      Buffer.from(bytes.subarray(name, name + nameBytes)).toString('latin1') === NOTE_NAME;
    const point = isOurs ? tryParsePoint(bytes.subarray(desc, desc + descBytes)) : undefined;
    if (point !== undefined) points.push(point);
    at = align(desc + descBytes);
  }
  return points;
}

function tryParsePoint(desc: Uint8Array): ProbePoint | undefined {
  const strings = desc.subarray(FIXED_BYTES);
  const ends: number[] = [];
  for (let at = 0; at < strings.length && ends.length < 3; at++) if (strings[at] === 0) ends.push(at);
  const [provider, name, args] = ends;
  if (provider === undefined || name === undefined || args === undefined) return undefined;
  try {
    return applicationPoint({
      provider: decodeText(strings.subarray(0, provider)),
      name: decodeText(strings.subarray(provider + 1, name)),
      nb_args: desc[8]!,
      types: desc.slice(9, FIXED_BYTES),
      args: decodeText(strings.subarray(name + 1, args)),
    });
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return undefined;
  }
}

/** What is there of it: fewer bytes at the end of the file. */
function readAt(fd: number, position: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (!Number.isSafeInteger(position)) return buffer.subarray(0, 0);
  return buffer.subarray(0, readSync(fd, buffer, 0, bytes, position));
}
