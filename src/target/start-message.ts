/**
 * The body of START: which ports, how much of each packet, and the filters, each program once however many ports
 * use it.
 */
import { UsageError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { BodyReader, concatBytes, protocolError, structBytes } from './message-body.ts';
import type { CapturePort, CaptureRequest, Direction } from './target.ts';

const INSN_BYTES = 8;

/** @throws UsageError for what no agent would take: too many ports, a ring of another size, a filter too long. */
export function encodeStart(request: CaptureRequest): Uint8Array {
  const { ports, ringBytes } = request;
  if (ports.length === 0 || ports.length > ABI.HONE_MAX_SESSION_PORTS) {
    throw new UsageError(`got ${ports.length} ports, expected 1 to ${ABI.HONE_MAX_SESSION_PORTS}`);
  }
  if (!isRingSize(ringBytes)) {
    throw new UsageError(`got a ring of ${ringBytes} bytes, expected a power of two from 64 KiB to 1 GiB`);
  }
  const programs = new Programs();
  const entries = ports.map((port) =>
    structBytes('hone_start_port', {
      port_id: port.portId === 'any' ? ABI.HONE_ANY_PORT : port.portId,
      directions:
        (port.directions.includes('in') ? ABI.HONE_DIRECTION_IN : 0) |
        (port.directions.includes('out') ? ABI.HONE_DIRECTION_OUT : 0),
      snaplen: port.snaplen,
      program_in: programs.add(port.programs.in),
      program_out: programs.add(port.programs.out),
    }),
  );
  const start = structBytes('hone_start', {
    ring_bytes: ringBytes,
    flags: (request.meta ? ABI.HONE_START_META : 0) | (request.hostClock ? ABI.HONE_START_HOST_CLOCK : 0),
    nb_ports: ports.length,
    nb_programs: programs.list.length,
  });
  return concatBytes([start, ...entries, ...programs.list.map(encodeProgram)]);
}

/** The different programs of a request, numbered as they come. */
class Programs {
  readonly list: Uint8Array[] = [];

  add(program: Uint8Array | undefined): number {
    if (program === undefined) return ABI.HONE_NO_PROGRAM;
    const known = this.list.findIndex((other) => sameBytes(other, program));
    if (known >= 0) return known;
    const insns = program.length / INSN_BYTES;
    if (insns > ABI.HONE_MAX_INSNS) {
      throw new UsageError(`the filter has ${insns} instructions, expected at most ${ABI.HONE_MAX_INSNS}`);
    }
    if (this.list.length === ABI.HONE_MAX_PROGRAMS) {
      throw new UsageError(`got more than ${ABI.HONE_MAX_PROGRAMS} different filters in one capture`);
    }
    return this.list.push(program) - 1;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

function encodeProgram(program: Uint8Array): Uint8Array {
  const header = structBytes('hone_start_program', { nb_insns: program.length / INSN_BYTES });
  return concatBytes([header, program]);
}

/** The receiver's half, which the replay needs: `programs` are not verified yet. */
export function decodeStart(body: Uint8Array): CaptureRequest {
  const reader = new BodyReader('START', body);
  const start = reader.struct('hone_start');
  if (!isRingSize(start.ring_bytes)) throw protocolError(`START: got a ring of ${start.ring_bytes} bytes`);
  if (start.nb_ports === 0 || start.nb_ports > ABI.HONE_MAX_SESSION_PORTS) {
    throw protocolError(`START: got ${start.nb_ports} ports`);
  }
  if (start.nb_programs > ABI.HONE_MAX_PROGRAMS) {
    throw protocolError(`START: got ${start.nb_programs} programs`);
  }
  const known = ABI.HONE_START_META | ABI.HONE_START_HOST_CLOCK;
  if ((start.flags & ~known) !== 0) throw protocolError(`START: got flags 0x${start.flags.toString(16)}`);
  const entries = Array.from({ length: start.nb_ports }, () => reader.struct('hone_start_port'));
  const programs = Array.from({ length: start.nb_programs }, () => decodeProgram(reader));
  reader.end();
  const ids = new Set(entries.map((entry) => entry.port_id));
  if (ids.size !== entries.length) throw protocolError('START: got the same port twice');
  const any = entries.findIndex((entry) => entry.port_id === ABI.HONE_ANY_PORT);
  if (any >= 0 && any !== entries.length - 1) throw protocolError('START: "any port" is not the last one');
  const program = (index: number): Uint8Array | undefined => {
    if (index === ABI.HONE_NO_PROGRAM) return undefined;
    return programs[index] ?? fail(`START: got program ${index} of ${programs.length}`);
  };
  return {
    ports: entries.map(
      (entry): CapturePort => ({
        portId: entry.port_id === ABI.HONE_ANY_PORT ? 'any' : entry.port_id,
        directions: decodeDirections(entry.directions),
        snaplen: checkSnaplen(entry.snaplen),
        programs: { in: program(entry.program_in), out: program(entry.program_out) },
      }),
    ),
    ringBytes: start.ring_bytes,
    meta: (start.flags & ABI.HONE_START_META) !== 0,
    hostClock: (start.flags & ABI.HONE_START_HOST_CLOCK) !== 0,
  };
}

function decodeProgram(reader: BodyReader): Uint8Array {
  const { nb_insns } = reader.struct('hone_start_program');
  if (nb_insns === 0 || nb_insns > ABI.HONE_MAX_INSNS) {
    throw protocolError(`START: got a program of ${nb_insns} instructions`);
  }
  return reader.bytes(nb_insns * INSN_BYTES, 'a program').slice();
}

function decodeDirections(bits: number): Direction[] {
  const both = ABI.HONE_DIRECTION_IN | ABI.HONE_DIRECTION_OUT;
  if (bits === 0 || (bits & ~both) !== 0) throw protocolError(`START: got directions ${bits}`);
  const directions: Direction[] = [];
  if ((bits & ABI.HONE_DIRECTION_IN) !== 0) directions.push('in');
  if ((bits & ABI.HONE_DIRECTION_OUT) !== 0) directions.push('out');
  return directions;
}

function checkSnaplen(snaplen: number): number {
  if (snaplen >= 1 && snaplen <= ABI.HONE_MAX_SNAPLEN) return snaplen;
  throw protocolError(`START: got snaplen ${snaplen}`);
}

export function isRingSize(bytes: number): boolean {
  const inRange = bytes >= ABI.HONE_MIN_RING_BYTES && bytes <= ABI.HONE_MAX_RING_BYTES;
  return inRange && (bytes & (bytes - 1)) === 0;
}

/** The shape of a ring's memory: what stands before the data area, in bytes. */
export function ringDataOffset(dataBytes: number): number {
  const entries = dataBytes / ABI.HONE_RING_BYTES_PER_INDEX_ENTRY;
  return ABI.HONE_RING_INDEX + entries * STRUCTS.hone_index_entry.size;
}

function fail(message: string): never {
  throw protocolError(message);
}
