/** Blocks that are copied from one file into another: the interface they name has another number there. */
import { BLOCKS } from './block-table.ts';

/**
 * Writes `interfaceId` into a block in place, where blocks of its type name their interface: Enhanced Packet, Packet
 * and Interface Statistics Blocks. Others are left as they are, as they name none. A Simple Packet Block means interface
 * 0 without saying so: of any other it must become an Enhanced Packet Block.
 * @param block a whole, well-formed block, as `borrowBytes` gives it (copy it first)
 * @throws RangeError for a number above 65,535 in a Packet Block, or any but 0 for a Simple Packet Block
 */
export function renumberInterface(block: Uint8Array, littleEndian: boolean, interfaceId: number): void {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  switch (view.getUint32(0, littleEndian)) {
    case BLOCKS.EPB.type:
    case BLOCKS.ISB.type:
      view.setUint32(8, interfaceId, littleEndian);
      break;
    case BLOCKS.PB.type:
      if (interfaceId > 0xffff) {
        throw new RangeError(`got interface ${interfaceId} for a Packet Block, expected at most 65535`);
      }
      view.setUint16(8, interfaceId, littleEndian);
      break;
    case BLOCKS.SPB.type:
      if (interfaceId !== 0) {
        throw new RangeError(`got interface ${interfaceId} for a Simple Packet Block, expected 0`);
      }
      break;
  }
}
