/** Sources of a conversion, made of lists of events and packets. */
import { CaptureSource } from '../../src/convert/capture-source.ts';
import { Places } from '../../src/convert/place.ts';
import type { Session } from '../../src/convert/session.ts';
import { TraceSource } from '../../src/convert/trace-source.ts';
import {
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeSectionHeader,
} from '../../src/pcapng/index.ts';
import { CaptureInput } from '../../src/read/index.ts';
import { MadeCursor, type MadePacket } from './made-cursor.ts';

/** Some time of 2023, ns since 1970. */
export const T0 = 1_700_000_000_000_000_000n;

export interface MadeCaptured {
  readonly timeNs: bigint;
  readonly direction: 'in' | 'out';
  readonly packetId?: bigint;
  readonly data?: Uint8Array;
}

/** Makes sources of one process and session, or of several. */
export class MadeSources {
  readonly places: Places = new Places();

  session(name: string, hasPackets: boolean, hasEvents = true): Session {
    return { name, hasPackets, hasEvents, lossUntilNs: -1n };
  }

  trace(
    session: Session,
    packets: readonly MadePacket[],
    { damage, offsetNs = 0n, name = 'stream', pid = 7 }: Partial<MadeTrace> = {},
  ): TraceSource {
    return new TraceSource({
      cursor: new MadeCursor(name, packets, damage),
      trace: 'made',
      session,
      process: this.places.process(pid, 'app'),
      places: this.places,
      offsetNs,
      sizeBytes: packets.length * 4096,
      close: () => {},
    });
  }

  capture(session: Session, packets: readonly MadeCaptured[], offsetNs = 0n): CaptureSource {
    return new CaptureSource({
      input: new CaptureInput(bytesSource(encodeCapture(packets))),
      session,
      process: this.places.process(7, 'app'),
      places: this.places,
      offsetNs,
    });
  }
}

interface MadeTrace {
  readonly damage: string | undefined;
  readonly offsetNs: bigint;
  readonly name: string;
  readonly pid: number;
}

export function encodeCapture(packets: readonly MadeCaptured[]): Uint8Array {
  return Buffer.concat([
    encodeSectionHeader(),
    encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_tsresol: 9, if_name: 'port 0' } }),
    ...packets.map(({ timeNs, direction, packetId, data = new Uint8Array(64) }) =>
      encodeEnhancedPacket({
        interfaceId: 0,
        timestamp: timeNs,
        data,
        options: { epb_flags: direction === 'in' ? 1 : 2, epb_queue: 0, epb_packetid: packetId },
      }),
    ),
  ]);
}

function bytesSource(bytes: Uint8Array) {
  let at = 0;
  return {
    name: 'made.pcapng',
    sizeBytes: bytes.length,
    get takenBytes() {
      return at;
    },
    read(target: Uint8Array): number {
      const piece = bytes.subarray(at, at + target.length);
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    close() {
      at = bytes.length;
    },
  };
}
