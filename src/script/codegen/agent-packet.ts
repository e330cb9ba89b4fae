/**
 * Fields of the packet in the trace context: a walk over its headers at the start of a program finds the layers that the
 * program asks for, then every field is a load. What it goes through: Ethernet, up to two VLAN tags, ARP, IPv4 with
 * options, IPv6 with up to two extension headers, and the transport protocols of whole packets and first fragments. It
 * does not look into tunnels, MPLS or PPPoE; there, as behind what the context holds, a field is not there.
 *
 * A layer is a variable with its offset, 0 for none, which is never above 255, so that what is read by it always lies
 * in the context. Bytes that count: up to `packetBytes` and up to the end that the IP header tells. A layer whose own
 * numbers cannot be true is none, where hone read shows its first bytes.
 */
import { opcodes as o, traceContext } from '../../bpf/index.ts';
import type { Field, ProtocolName } from '../../packet/index.ts';
import type { Expression } from '../typed.ts';
import type { Label } from './assembler.ts';
import { alwaysTrue, fieldConditions } from './field-conditions.ts';
import { partsOf } from './fold.ts';
import { ETHERNET_BYTES, HeaderWalk, isTransport, type Layer, layersOf, transports } from './header-walk.ts';
import type { Place } from './place.ts';
import type { Home, ProbeCode } from './probe-code.ts';
import { emitUsualProtocolTest, emitUsualTest, type UsualNeeds, usualOffset } from './usual-packet.ts';

const CONTEXT = 6;
const FRAME = 10;
const { packet: PACKET, packetBytes: PACKET_BYTES, maxPacketBytes: MAX_PACKET_BYTES } = traceContext;

/** Offsets of transport headers that a packet without more than it may have stays below. */
const TAGS_BYTES = 8;
const IP_BYTES = 60;

interface LayerUse {
  readonly layer: Layer;
  readonly home: Home;
  /** Bytes of the header that are there whenever the layer is. */
  readonly least: number;
}

/** The field's own place, which the checker made the only one. */
function placeOf(field: Field): { readonly offset: number; readonly end: number } {
  const [place] = field.places;
  return { offset: place!.offset, end: place!.offset + place!.bytes };
}

/** The fields and protocols of one program, and the code that reads them. */
export class PacketFields {
  /** Bytes of the packet that the context has to hold, a multiple of 32. */
  readonly packetBytes: number;

  readonly #code: ProbeCode;
  readonly #uses = new Map<Layer, LayerUse>();
  /** Bytes of the transport header that are there, where fields of one need different numbers of them. */
  #transportBytes: Home | undefined;
  /** What is known on the way at hand: bytes of a layer that are there. */
  #known: ReadonlyMap<Layer | 'eth', number> = new Map();
  readonly #usualNeeds: UsualNeeds | undefined;
  /** Whether the way at hand is that of usual packets (usual-packet.ts). */
  #isUsual = false;

  constructor(code: ProbeCode, expressions: readonly Expression[]) {
    this.#code = code;
    const needs = new Map<Layer | 'eth', number[]>();
    const need = (protocol: ProtocolName, bytes: number, e: Expression): void => {
      const layer = layersOf(protocol);
      if (layer === undefined) {
        code.fail(
          `programs do not see ${protocol} in a packet`,
          e.span,
          'hone read --fields shows it in recorded files',
        );
      }
      needs.set(layer, [...(needs.get(layer) ?? []), bytes]);
    };
    let bufferBytes = 0;
    visit(expressions, (e) => {
      if (e.op === 'has-protocol') need(e.protocol, 0, e);
      else if (e.op === 'field' || e.op === 'has-field') {
        this.#checkField(e);
        need(e.field.protocol, bytesOf(e.field), e);
      } else if (e.op === 'read-buffer' && e.type.kind === 'buffer') {
        bufferBytes = Math.max(bufferBytes, e.type.bytes);
      }
    });
    for (const [layer, ends] of needs) {
      if (layer === 'eth') continue;
      this.#uses.set(layer, { layer, home: code.home(), least: Math.min(...ends) });
    }
    const uneven = [...needs].some(([layer, ends]) => isTransport(layer) && new Set(ends).size > 1);
    if (uneven) this.#transportBytes = { kind: 'stack', offset: code.takeSlot() };
    const most = [...needs].map(([layer, ends]) => farthest(layer) + Math.max(...ends));
    const all = Math.max(0, bufferBytes, ...most);
    this.packetBytes = Math.min(MAX_PACKET_BYTES, Math.ceil(all / 32) * 32);
    this.#usualNeeds = usualNeeds(needs);
  }

  /** Whether there is something to gain from a way of their own for usual packets. */
  get canBeUsual(): boolean {
    return this.#usualNeeds !== undefined;
  }

  /** Begins the way of usual packets; others go to `other`. Nothing is in a register there. */
  testForUsual(other: Label): void {
    const needs = this.#usualNeeds!;
    emitUsualTest(this.#code.asm, needs, other);
    this.#isUsual = true;
    this.#known = new Map<Layer | 'eth', number>([
      ['eth', ETHERNET_BYTES],
      ['ip', needs.ip],
    ]);
  }

  /** Fills in the layers, on a way of its own; when nothing is in a register. */
  walk(): void {
    const { asm } = this.#code;
    this.#isUsual = false;
    this.#known = new Map();
    if (this.#uses.size === 0) return;
    const done = asm.label();
    for (const { home } of this.#uses.values()) this.#code.writeHomeConstant(home, 0);
    if (this.#transportBytes !== undefined) this.#code.writeHomeConstant(this.#transportBytes, 0);
    new HeaderWalk({
      asm,
      done,
      leastOf: (layer) => this.#uses.get(layer)?.least,
      found: (layer, offset) => this.#code.writeHome(this.#uses.get(layer)!.home, offset),
      transportFound: (bytes) => {
        if (this.#transportBytes !== undefined) this.#code.writeHome(this.#transportBytes, bytes);
      },
    }).emit();
    asm.bind(done);
  }

  /** Jumps when the packet does not have the field or protocol. */
  unlessPresent(e: Expression & { op: 'has-field' | 'has-protocol' }, absent: Label): void {
    if (e.op === 'has-protocol') {
      this.#unlessBytes(layersOf(e.protocol)!, 0, absent);
      return;
    }
    this.#unlessField(e.field, absent);
  }

  assume(condition: Expression): () => void {
    const before = this.#known;
    const known = new Map(before);
    this.#learn(condition, known);
    this.#known = known;
    return () => {
      this.#known = before;
    };
  }

  /** The field as a number; 0 when it is not there. */
  read(field: Field, into: number): void {
    const { asm } = this.#code;
    const [absent, end] = [asm.label(), asm.label()];
    this.#unlessField(field, absent);
    this.#load(field, into);
    asm.jump(end);
    asm.bind(absent);
    asm.constant(into, 0n);
    asm.bind(end);
  }

  /** An IPv6 address; zeros when it is not there. */
  readBytes(field: Field, to: Place): void {
    const { asm } = this.#code;
    const [absent, end] = [asm.label(), asm.label()];
    this.#unlessField(field, absent);
    const { offset } = placeOf(field);
    const register = this.#code.tryTake() ?? this.#code.tooMany();
    const header = this.#addressOf(layersOf(field.protocol)!, register);
    for (let at = 0; at < 16; at += 8) {
      asm.load(8, 0, header.base, header.offset + offset + at);
      asm.store(8, to.base, to.offset + at, 0);
    }
    this.#code.free(register);
    asm.jump(end);
    asm.bind(absent);
    for (let at = 0; at < 16; at += 8) asm.storeConstant(8, to.base, to.offset + at, 0);
    asm.bind(end);
  }

  #checkField({ field, span }: Expression & { op: 'field' | 'has-field' }): void {
    const isKnown =
      field.when === undefined || fieldConditions[field.name] !== undefined || alwaysTrue.has(field.name);
    if (field.places.length !== 1 || !isKnown) {
      this.#code.fail(
        `programs cannot read ${field.name}`,
        span,
        'hone read --fields shows it in recorded files',
      );
    }
  }

  #unlessField(field: Field, absent: Label): void {
    const { asm } = this.#code;
    const layer = layersOf(field.protocol)!;
    this.#unlessBytes(layer, bytesOf(field), absent);
    const condition = fieldConditions[field.name];
    if (condition === undefined) return;
    const register = this.#code.tryTake() ?? this.#code.tooMany();
    const { base, offset } = this.#addressOf(layer, register);
    asm.load(condition.bytes, 0, base, offset + condition.offset);
    this.#code.free(register);
    if (condition.bytes === 2) asm.swap(0, 16);
    const holds = asm.label();
    condition.ranges.forEach(([from, to], i) => {
      const isLast = i === condition.ranges.length - 1;
      const next = isLast ? absent : asm.label();
      if (from > 0) asm.jumpIf(o.BPF_JLT, 0, from, next);
      asm.jumpIf(o.BPF_JLE, 0, to, holds);
      if (isLast) asm.jump(absent);
      else asm.bind(next);
    });
    asm.bind(holds);
  }

  /** Jumps when the layer is not there with so many bytes. */
  #unlessBytes(layer: Layer | 'eth', bytes: number, absent: Label): void {
    const { asm } = this.#code;
    const known = this.#known.get(layer);
    if (known !== undefined && known >= bytes) return;
    if (layer === 'eth') {
      if (bytes === 0) return;
      asm.load(4, 0, CONTEXT, PACKET_BYTES);
      asm.jumpIf(o.BPF_JLT, 0, bytes, absent);
      return;
    }
    if (this.#isUsual) {
      if (known !== undefined) return;
      if (isTransport(layer)) emitUsualProtocolTest(asm, transports[layer], absent);
      else asm.jump(absent);
      return;
    }
    const { home, least } = this.#uses.get(layer)!;
    const isHeld = home.kind === 'register';
    if (known === undefined) {
      if (!isHeld) asm.load(8, 0, FRAME, home.offset);
      asm.jumpIf(o.BPF_JEQ, isHeld ? home.register : 0, 0, absent);
    }
    if (bytes <= least) return;
    if (isTransport(layer)) {
      this.#code.readHome(this.#transportBytes!, 0);
      asm.jumpIf(o.BPF_JLT, 0, bytes, absent);
      return;
    }
    // offset + bytes <= packetBytes
    const register = this.#code.tryTake() ?? this.#code.tooMany();
    this.#code.readHome(home, register);
    asm.load(4, 0, CONTEXT, PACKET_BYTES);
    asm.aluRegister(o.BPF_SUB, 0, register);
    this.#code.free(register);
    asm.jumpIf(o.BPF_JLT, 0, bytes, absent);
  }

  /** Where the layer begins; its address goes into `register` when it has no constant place. Not r0. */
  #addressOf(layer: Layer | 'eth', register: number): Place {
    const { asm } = this.#code;
    if (layer === 'eth') return { base: CONTEXT, offset: PACKET };
    if (this.#isUsual) {
      return {
        base: CONTEXT,
        offset: PACKET + (isTransport(layer) ? usualOffset.transport : usualOffset.ip),
      };
    }
    const { home } = this.#uses.get(layer)!;
    if (home.kind === 'stack') {
      asm.load(8, 0, FRAME, home.offset);
      // Not everybody who checks the program follows numbers through the stack.
      asm.alu(o.BPF_AND, 0, 0xff);
    }
    asm.move(register, CONTEXT);
    asm.aluRegister(o.BPF_ADD, register, home.kind === 'stack' ? 0 : home.register);
    return { base: register, offset: PACKET };
  }

  #load(field: Field, into: number): void {
    const { asm } = this.#code;
    const { base, offset: start } = this.#addressOf(layersOf(field.protocol)!, into);
    const [place] = field.places;
    const { bytes, shift, mask, scale } = place!;
    const offset = start + place!.offset;
    if (field.kind === 'mac') {
      asm.load(4, 0, base, offset);
      asm.load(2, into, base, offset + 4);
      asm.alu(o.BPF_LSH, into, 32);
      asm.aluRegister(o.BPF_OR, into, 0);
      return;
    }
    if (field.kind === 'ipv4') {
      asm.load(4, into, base, offset);
      return;
    }
    // Three bytes are the lower ones of the four that begin a byte earlier, which is in the context in any case.
    const width = bytes === 3 ? 4 : bytes;
    asm.load(width, into, base, offset - (width - bytes));
    if (width > 1) asm.swap(into, 8 * width);
    if (shift > 0) asm.alu(o.BPF_RSH, into, shift);
    const rest = 2 ** (8 * width - shift) - 1;
    if ((mask & rest) >>> 0 !== rest) asm.alu(o.BPF_AND, into, mask);
    if (scale !== 1) asm.alu(o.BPF_MUL, into, scale);
  }

  #learn(e: Expression, known: Map<Layer | 'eth', number>): void {
    if (e.op === 'and') {
      this.#learn(e.left, known);
      this.#learn(e.right, known);
    } else if (e.op === 'has-field' || e.op === 'has-protocol') {
      const protocol = e.op === 'has-field' ? e.field.protocol : e.protocol;
      const layer = layersOf(protocol);
      if (layer === undefined) return;
      const bytes = e.op === 'has-field' ? bytesOf(e.field) : 0;
      const least = layer === 'eth' ? 0 : this.#uses.get(layer)!.least;
      known.set(layer, Math.max(known.get(layer) ?? 0, bytes, least));
    }
  }
}

/** Undefined for a program that asks for nothing that usual packets have behind Ethernet. */
function usualNeeds(needs: ReadonlyMap<Layer | 'eth', readonly number[]>): UsualNeeds | undefined {
  const ofTransports = [...needs].flatMap(([layer, ends]) => (isTransport(layer) ? ends : []));
  const ofIp = needs.get('ip') ?? [];
  if (ofIp.length + ofTransports.length === 0) return undefined;
  // The test itself looks at the header's first byte.
  return {
    ip: Math.max(1, ...ofIp),
    transport: ofTransports.length === 0 ? undefined : Math.max(...ofTransports),
  };
}

/** Bytes of the layer that a field asks for, those of its condition included. */
function bytesOf(field: Field): number {
  const condition = fieldConditions[field.name];
  return Math.max(placeOf(field).end, condition === undefined ? 0 : condition.offset + condition.bytes);
}

/** The farthest place where the layer can begin, for how much of the packet has to be there. */
function farthest(layer: Layer | 'eth'): number {
  if (layer === 'eth') return 0;
  if (layer === 'vlan') return ETHERNET_BYTES;
  return ETHERNET_BYTES + TAGS_BYTES + (isTransport(layer) ? IP_BYTES : 0);
}

function visit(expressions: readonly Expression[], look: (e: Expression) => void): void {
  for (const e of expressions) {
    look(e);
    visit(partsOf(e), look);
  }
}
