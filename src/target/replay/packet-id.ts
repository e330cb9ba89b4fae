/**
 * The number of a packet as captures and traces of a replay give it (abi.h: Numbers of packets), in two halves of 32 bits: all
 * packets are those of the first writer.
 */
const FIRST_WRITER_HIGH = 1 << 16;

/** @param number how many packets were played before it */
export function packetIdHigh(number: number): number {
  return FIRST_WRITER_HIGH + Math.floor(number / 0x1_0000_0000);
}

export function packetIdLow(number: number): number {
  return number >>> 0;
}
