/** A program of an engineer, from an object file, as a matcher of recorded packets. */
import { type BpfObject, PacketProgram } from '../bpf/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import type { PacketMatcher } from './packet-matcher.ts';

export class ProgramMatcher implements PacketMatcher {
  readonly #program: PacketProgram;

  /** @throws HoneError when the program cannot run */
  constructor(object: BpfObject, name: string | undefined) {
    this.#program = new PacketProgram(object, name);
  }

  prepare(): void {}

  matches(packet: PacketRecord): boolean {
    const { data, originalLength, timestampNs, interface: from, options } = packet;
    return this.#program.matches(data, {
      originalLength,
      timestampNs,
      port: from.index,
      hash: hashOf(options),
    });
  }

  /** What the program's maps and variables hold, as text. */
  formatMaps(): string {
    return this.#program.formatMaps();
  }
}

/** The value that the adapter spread packets by. */
function hashOf({ epb_hash: hashes }: PacketRecord['options']): number {
  const bytes = hashes?.find((hash) => hash.bytes.length === 4)?.bytes;
  return bytes === undefined ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}
