/**
 * The two record formats, as WebAssembly code: from the address of a record to the packet in it. No length is believed
 * before it was compared with the bytes that are there: a record that does not add up is left to the walker's user.
 */
import type { BlockLabel, FunctionBuilder, Local } from '../../wasm/index.ts';
import { emitSwap, swapped } from './byte-order.ts';
import { INTERFACE_BYTES, INTERFACES, interfaceRow, NO_TIME } from './layout.ts';

/** How the file's records look. */
export interface RecordFormat {
  readonly kind: 'pcap' | 'pcapng';
  readonly littleEndian: boolean;
  /** pcap: bytes of a record's header, 16 or (modified format) 24. */
  readonly recordHeaderBytes: 16 | 24;
  /** pcap: fractions of a second in a second. */
  readonly fractionsPerSecond: 1_000_000 | 1_000_000_000;
}

/** The variables that the code for a record reads and sets. Addresses and lengths are i32, the time is i64. */
export interface RecordLocals {
  /** Given: the record's address, and where the bytes end. */
  readonly position: Local;
  readonly end: Local;
  /** Given: how many interfaces there are, and the longest record that fits the memory. */
  readonly interfaceCount: Local;
  readonly longestRecord: Local;
  /** Set: the record's whole length. */
  readonly size: Local;
  readonly data: Local;
  readonly captured: Local;
  readonly original: Local;
  readonly interfaceId: Local;
  /** The address of the interface's row. */
  readonly row: Local;
  /** Only when times are asked for. */
  readonly time: Local;
}

export interface RecordExits {
  /** The record is not all there. */
  readonly more: BlockLabel;
  /** It is no packet, or damaged. */
  readonly other: BlockLabel;
}

/** Emits the code that looks at one record; it goes on behind it with everything set, or leaves by an exit. */
export function emitRecord(
  code: FunctionBuilder,
  format: RecordFormat,
  locals: RecordLocals,
  exits: RecordExits,
  withTime: boolean,
): void {
  const emitter = new RecordEmitter(code, format, locals, exits, withTime);
  if (format.kind === 'pcap') emitter.pcap();
  else emitter.pcapng();
}

const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

/** The smallest blocks: any; one with a simple packet; one with a packet of another kind. */
const BLOCK_FRAME_BYTES = 12;
const SIMPLE_BYTES = 16;
const TIMED_BYTES = 32;
/** Code and length. */
const OPTION_HEADER_BYTES = 4;

class RecordEmitter {
  private readonly code: FunctionBuilder;
  private readonly format: RecordFormat;
  private readonly locals: RecordLocals;
  private readonly exits: RecordExits;
  private readonly withTime: boolean;
  private readonly scratch: Local;
  /** Bytes of options that were not walked over yet. */
  private readonly optionsLeft: Local;

  constructor(
    code: FunctionBuilder,
    format: RecordFormat,
    locals: RecordLocals,
    exits: RecordExits,
    withTime: boolean,
  ) {
    this.code = code;
    this.format = format;
    this.locals = locals;
    this.exits = exits;
    this.withTime = withTime;
    this.scratch = code.local('i32');
    this.optionsLeft = code.local('i32');
  }

  /** draft-ietf-opsawg-pcap, section 5: seconds, fraction, captured length, original length. */
  pcap(): void {
    const { code, locals, exits } = this;
    const { position, captured, original, data, size, row, time } = locals;
    const { recordHeaderBytes, fractionsPerSecond } = this.format;
    this.needs(recordHeaderBytes);
    code.i32(INTERFACES).set(row);
    this.u32(8);
    code.tee(captured).get(row).memory('i32.load', interfaceRow.snaplen).op('i32.gt_u').brIf(exits.other);
    code.get(captured).i32(recordHeaderBytes).op('i32.add').tee(size);
    code.get(locals.longestRecord).op('i32.gt_u').brIf(exits.other);
    this.needsSize();
    this.u32(12);
    code.set(original);
    code.get(position).i32(recordHeaderBytes).op('i32.add').set(data);
    if (this.withTime) {
      this.u32(0);
      code.op('i64.extend_i32_u').i64(fractionsPerSecond).op('i64.mul');
      this.u32(4);
      code.op('i64.extend_i32_u').op('i64.add').set(time);
    }
  }

  /** draft-ietf-opsawg-pcapng, sections 4.3 and 4.4, and appendix A for the obsolete Packet Block. */
  pcapng(): void {
    const { code, locals, exits } = this;
    this.wholeBlock();
    const packet = code.block();
    const simple = code.block();
    this.isType(ENHANCED_PACKET);
    code.if('i32');
    this.u32(8);
    code.else();
    this.isType(SIMPLE_PACKET);
    code.brIf(simple);
    this.isType(OBSOLETE_PACKET);
    code.op('i32.eqz').brIf(exits.other);
    this.u16(8);
    code.end().set(locals.interfaceId);
    this.timedPacket();
    code.br(packet).end();
    this.simplePacket();
    code.end();
  }

  /** Sets the size of a block that is all there and whose two lengths agree. */
  private wholeBlock(): void {
    const { code, locals, exits } = this;
    const { position, size } = locals;
    this.needs(BLOCK_FRAME_BYTES);
    this.u32(4);
    code.tee(size).i32(3).op('i32.and').brIf(exits.other);
    code.get(size).i32(SIMPLE_BYTES).op('i32.lt_u').brIf(exits.other);
    code.get(size).get(locals.longestRecord).op('i32.gt_u').brIf(exits.other);
    this.needsSize();
    // The length at the end, compared as stored.
    code.get(position).get(size).op('i32.add').i32(4).op('i32.sub').memory('i32.load');
    code.get(position).memory('i32.load', 4).op('i32.ne').brIf(exits.other);
  }

  /** Enhanced and obsolete packets differ in the interface's number only. */
  private timedPacket(): void {
    const { code, locals, exits } = this;
    const { position, size, captured, original, data, time } = locals;
    code.get(size).i32(TIMED_BYTES).op('i32.lt_u').brIf(exits.other);
    this.findRow();
    this.u32(20);
    code.tee(captured).get(size).i32(TIMED_BYTES).op('i32.sub').op('i32.gt_u').brIf(exits.other);
    this.u32(24);
    code.set(original);
    code.get(position).i32(28).op('i32.add').set(data);
    if (this.withTime) {
      this.u32(12);
      code.op('i64.extend_i32_u').i64(32).op('i64.shl');
      this.u32(16);
      code.op('i64.extend_i32_u').op('i64.or').set(time);
    }
    this.wholeOptions();
  }

  /** Leaves a packet whose options do not fit its block; what they say is not looked at (section 3.5). */
  private wholeOptions(): void {
    const { code, locals, exits, optionsLeft, scratch } = this;
    // Up to 3 bytes behind the data are padding.
    code.get(locals.size).i32(TIMED_BYTES).op('i32.sub').get(locals.captured).op('i32.sub');
    code.i32(-4).op('i32.and').tee(optionsLeft).if();
    const done = code.block();
    const next = code.loop();
    code.get(locals.position).get(locals.size).op('i32.add').i32(4).op('i32.sub');
    code.get(optionsLeft).op('i32.sub').memory('i32.load').tee(scratch);
    code.i32(0xffff).op('i32.and').op('i32.eqz').brIf(done);
    code.get(scratch).i32(16).op('i32.shr_u');
    if (!this.format.littleEndian) emitSwap(code, 2, scratch);
    code
      .i32(OPTION_HEADER_BYTES + 3)
      .op('i32.add')
      .i32(-4)
      .op('i32.and')
      .tee(scratch);
    code.get(optionsLeft).op('i32.gt_u').brIf(exits.other);
    code.get(optionsLeft).get(scratch).op('i32.sub').tee(optionsLeft).brIf(next);
    code.end().end().end();
  }

  /** The captured length is what the block holds, at most the original length and the interface's limit. */
  private simplePacket(): void {
    const { code, locals } = this;
    const { position, size, captured, original, data, row } = locals;
    code.i32(0).set(locals.interfaceId);
    this.findRow();
    this.u32(8);
    code.tee(original).set(captured);
    this.limitCaptured(() => code.get(size).i32(SIMPLE_BYTES).op('i32.sub'));
    code.get(row).memory('i32.load', interfaceRow.snaplen);
    code.if();
    this.limitCaptured(() => code.get(row).memory('i32.load', interfaceRow.snaplen));
    code.end();
    code.get(position).i32(12).op('i32.add').set(data);
    if (this.withTime) code.i64(NO_TIME).set(locals.time);
  }

  private limitCaptured(limit: () => void): void {
    const { code } = this;
    const { captured } = this.locals;
    limit();
    code.get(captured);
    limit();
    code.get(captured).op('i32.lt_u').op('select').set(captured);
  }

  private findRow(): void {
    const { code, locals, exits } = this;
    code.get(locals.interfaceId).get(locals.interfaceCount).op('i32.ge_u').brIf(exits.other);
    code.get(locals.interfaceId).i32(INTERFACE_BYTES).op('i32.mul').i32(INTERFACES).op('i32.add');
    code.set(locals.row);
  }

  private isType(type: number): void {
    const value = this.format.littleEndian ? type : swapped(type, 4);
    this.code.get(this.locals.position).memory('i32.load').i32(value).op('i32.eq');
  }

  private needsSize(): void {
    const { code, locals, exits } = this;
    code.get(locals.size).get(locals.end).get(locals.position).op('i32.sub').op('i32.gt_u').brIf(exits.more);
  }

  private needs(lengthBytes: number): void {
    const { code, locals, exits } = this;
    code.get(locals.end).get(locals.position).op('i32.sub').i32(lengthBytes).op('i32.lt_u').brIf(exits.more);
  }

  private u32(offset: number): void {
    this.code.get(this.locals.position).memory('i32.load', offset);
    if (!this.format.littleEndian) emitSwap(this.code, 4, this.scratch);
  }

  private u16(offset: number): void {
    this.code.get(this.locals.position).memory('i32.load16_u', offset);
    if (!this.format.littleEndian) emitSwap(this.code, 2, this.scratch);
  }
}
