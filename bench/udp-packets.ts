/** A file of packets as they are on a wire, for what looks into them: net_null's are zeros. */
import { writeFileSync } from 'node:fs';
import { encodePcapFileHeader, writePcapRecordHeader } from '../src/pcapng/index.ts';

const ETHERNET = 1;
const FRAMES = 64;
/** 64 on the wire, with the frame check sequence. */
const FRAME_BYTES = 60;
const RECORD_HEADER_BYTES = 16;

/** Frames of 60 bytes, IPv4: three of UDP to port 53, then one of TCP to port 443. */
export function writeUdpPackets(path: string): void {
  const records = Array.from({ length: FRAMES }, (_, i) => {
    const record = new Uint8Array(RECORD_HEADER_BYTES + FRAME_BYTES);
    writePcapRecordHeader(new DataView(record.buffer), 0, i, 0, FRAME_BYTES, FRAME_BYTES);
    record.set(frame(i), RECORD_HEADER_BYTES);
    return record;
  });
  writeFileSync(path, Buffer.concat([encodePcapFileHeader(ETHERNET, 0), ...records]));
}

function frame(i: number): number[] {
  const isTcp = i % 4 === 3;
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
  const ip = [0x45, 0, 0, FRAME_BYTES - 14, 0, i, 0, 0, 64, isTcp ? 6 : 17, 0, 0, 10, 0, 0, i, 10, 0, 1, 1];
  const ports = [4, i, ...(isTcp ? [1, 187] : [0, 53])];
  return [...ethernet, ...ip, ...ports, ...(isTcp ? [0, 0, 0, 0, 0, 0, 0, 0, 0x50] : [0, 26])];
}
