/**
 * A packet of a pcap file as an Enhanced Packet Block, as WebAssembly code: little-endian, of interface 0, without options,
 * its time in the file's own units. draft-ietf-opsawg-pcapng, section 4.3.
 */
import type { BlockLabel, FunctionBuilder, Local } from '../../wasm/index.ts';
import type { RecordLocals } from './record-format.ts';

const EPB_TYPE = 6;
/** All but the packet's bytes and their padding. */
const EPB_FRAME_BYTES = 32;
const EPB_DATA = 28;
/** Up to here a loop over words beats a copy by the engine, which is a call. */
const SHORT_BYTES = 256;
const WORD_BYTES = 8;

/** What a block needs beyond the record that it is made of, at most. */
export const BLOCK_EXTRA_BYTES: number = EPB_FRAME_BYTES + 3;
/** The copy reads whole words: so far beyond the packet's end there must be memory. */
export const READ_BEYOND_BYTES: number = WORD_BYTES - 1;

/** Emits code that writes the block at `to` and moves `to` behind it; it leaves by `full` when that is beyond `end`. */
export function emitEnhancedBlock(
  code: FunctionBuilder,
  { data, captured, original, time }: RecordLocals,
  to: Local,
  end: Local,
  full: BlockLabel,
): void {
  const size = code.local('i32');
  const from = code.local('i32');
  const into = code.local('i32');
  const copyEnd = code.local('i32');
  code
    .get(captured)
    .i32(EPB_FRAME_BYTES + 3)
    .op('i32.add')
    .i32(-4)
    .op('i32.and')
    .tee(size);
  code.get(end).get(to).op('i32.sub').op('i32.gt_u').brIf(full);
  code.get(to).i32(EPB_TYPE).memory('i32.store', 0);
  code.get(to).get(size).memory('i32.store', 4);
  code.get(to).i32(0).memory('i32.store', 8);
  // The upper half of the time comes first.
  code.get(to).get(time).i64(32).op('i64.rotl').memory('i64.store', 12);
  code.get(to).get(captured).memory('i32.store', 20);
  code.get(to).get(original).memory('i32.store', 24);
  code.get(captured).i32(SHORT_BYTES).op('i32.gt_u').if();
  code.get(to).i32(EPB_DATA).op('i32.add').get(data).get(captured).memoryCopy();
  code.else().get(captured).if();
  copyWords();
  code.end().end();
  // The bytes of the last word that are no packet's become the padding, or are overwritten by the length.
  code.get(to).get(captured).i32(-4).op('i32.and').op('i32.add').tee(into);
  code.get(into).memory('i32.load', EPB_DATA);
  code.i32(1).get(captured).i32(3).op('i32.shl').op('i32.shl').i32(1).op('i32.sub').op('i32.and');
  code.memory('i32.store', EPB_DATA);
  code.get(to).get(size).op('i32.add').tee(to).i32(4).op('i32.sub').get(size).memory('i32.store', 0);

  /** The last word ends within the block: the length behind the data has room for what is too much. */
  function copyWords(): void {
    code.get(data).set(from).get(to).set(into).get(data).get(captured).op('i32.add').set(copyEnd);
    const next = code.loop();
    code.get(into).get(from).memory('i64.load', 0).memory('i64.store', EPB_DATA);
    code.get(into).i32(WORD_BYTES).op('i32.add').set(into);
    code.get(from).i32(WORD_BYTES).op('i32.add').tee(from).get(copyEnd).op('i32.lt_u').brIf(next);
    code.end();
  }
}
