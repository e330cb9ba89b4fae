/**
 * Random traces for tests: classes of all kinds in one byte order, their metadata in TSDL or in JSON, packets of values, and
 * what a reader must make of them. It writes bits one by one and so shares nothing with the reader.
 */
import { EnumerationValue, type FieldValue } from './field-value.ts';

type Spec =
  | {
      kind: 'int';
      size: number;
      align: number;
      signed: boolean;
      reversed: boolean;
      labels?: [string, number, number][];
      /** A length or a selector: its values are less than this. */
      below?: number;
      role?: string;
      fixed?: bigint;
    }
  | { kind: 'float'; size: 32 | 64; align: number }
  | { kind: 'text' }
  | { kind: 'array'; element: Spec; length: number | string }
  | { kind: 'chars'; length: number | string }
  | { kind: 'struct'; members: [string, Spec][]; align: number }
  | { kind: 'variant'; selector: string; options: [string, Spec][] };

type Random = (below: number) => number;

/** A multiplicative congruential generator; good enough to choose with. */
function randomOf(seed: number): Random {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return Math.floor((state / 2147483647) * below);
  };
}

interface Form {
  readonly littleEndian: boolean;
  readonly version: '1.8' | '2';
}

function intSpec(random: Random, form: Form, sizes: readonly number[]): Spec & { kind: 'int' } {
  const size = sizes[random(sizes.length)]!;
  const align = [1, 1, 4, 8, 8, 16, 32, 64][random(8)]!;
  return {
    kind: 'int',
    size,
    align,
    signed: random(2) === 0,
    reversed: form.version === '2' && random(4) === 0,
  };
}

const SIZES = [1, 3, 5, 7, 8, 8, 9, 12, 16, 16, 17, 24, 27, 31, 32, 32, 33, 40, 48, 53, 63, 64, 64, 65, 100];

function structSpec(random: Random, form: Form, depth: number): Spec & { kind: 'struct' } {
  const members: [string, Spec][] = [];
  const count = random(7);
  for (let index = 0; index < count; index++) {
    const name = `m${index}`;
    const choice = random(depth > 0 ? 10 : 6);
    if (choice < 3) members.push([name, intSpec(random, form, SIZES)]);
    else if (choice === 3) members.push([name, { kind: 'text' }]);
    else if (choice === 4)
      members.push([name, { kind: 'float', size: random(2) ? 32 : 64, align: [1, 8, 32][random(3)]! }]);
    else if (choice === 5) {
      const labelled = intSpec(random, form, [8, 16, 40]);
      members.push([
        name,
        {
          ...labelled,
          signed: true,
          labels: [
            ['one', 1, 1],
            ['low', -9, 20],
          ],
        },
      ]);
    } else {
      members.push(...referring(name, random, form, depth));
    }
  }
  return { kind: 'struct', members, align: [1, 1, 8, 32][random(4)]! };
}

function referring(name: string, random: Random, form: Form, depth: number): [string, Spec][] {
  const inner = () => (random(2) === 0 ? structSpec(random, form, depth - 1) : intSpec(random, form, SIZES));
  const counter: Spec = { ...intSpec(random, form, [5, 8, 16, 32, 64]), signed: false, below: 5 };
  switch (random(5)) {
    case 0:
      return [[name, { kind: 'array', element: inner(), length: random(4) }]];
    case 1:
      return [
        [`n${name}`, counter],
        [name, { kind: 'array', element: inner(), length: `n${name}` }],
      ];
    case 2:
      return [
        [`n${name}`, counter],
        [name, { kind: 'chars', length: `n${name}` }],
      ];
    case 3:
      return [[name, { kind: 'chars', length: random(6) }]];
    default: {
      const labels: [string, number, number][] = [
        ['o0', 0, 0],
        ['o1', 1, 2],
        ['o2', 3, 3],
      ];
      return [
        [`s${name}`, { ...counter, labels, below: 4 }],
        [name, { kind: 'variant', selector: `s${name}`, options: labels.map(([label]) => [label, inner()]) }],
      ];
    }
  }
}

/** Bits in one byte order, the first of a byte being its least or its most significant. */
class BitWriter {
  readonly #littleEndian: boolean;
  readonly #bits: number[] = [];

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  get bit(): number {
    return this.#bits.length;
  }

  align(alignBits: number): void {
    while (this.#bits.length % alignBits !== 0) this.#bits.push(this.#bits.length % 3 === 0 ? 1 : 0);
  }

  /** The value's bits, the least significant first when little-endian. */
  integer(value: bigint, size: number, reversed: boolean): void {
    this.patch(this.bit, value, size, reversed);
  }

  patch(at: number, value: bigint, size: number, reversed: boolean): void {
    const isLowFirst = this.#littleEndian !== reversed;
    for (let index = 0; index < size; index++) {
      const bit = isLowFirst ? index : size - 1 - index;
      this.#bits[at + index] = Number((value >> BigInt(bit)) & 1n);
    }
  }

  bytes(): Uint8Array {
    this.align(8);
    const bytes = new Uint8Array(this.#bits.length / 8);
    this.#bits.forEach((bit, index) => {
      const inByte = this.#littleEndian ? index % 8 : 7 - (index % 8);
      bytes[index >> 3]! |= bit << inByte;
    });
    return bytes;
  }
}

function alignOf(spec: Spec): number {
  switch (spec.kind) {
    case 'int':
    case 'float':
      return spec.align;
    case 'text':
    case 'chars':
      return 8;
    case 'array':
      return alignOf(spec.element);
    case 'struct':
      return Math.max(spec.align, ...spec.members.map(([, member]) => alignOf(member)));
    case 'variant':
      return 1;
  }
}

/** Writes a random value; what a reader gives for it. `near` has the lengths and selectors of the structure around. */
function writeValue(writer: BitWriter, spec: Spec, random: Random, near: Map<string, number>): FieldValue {
  writer.align(alignOf(spec));
  switch (spec.kind) {
    case 'int': {
      const { size, signed, labels, below, fixed } = spec;
      let bits = 0n;
      for (let index = 0; index < size; index += 16) bits = (bits << 16n) | BigInt(random(65_536));
      if (random(4) === 0) bits = [0n, -1n, 1n, 1n << BigInt(size - 1)][random(4)]!;
      bits = BigInt.asUintN(size, fixed ?? (below === undefined ? bits : BigInt(random(below))));
      writer.integer(bits, size, spec.reversed);
      const value = signed ? BigInt.asIntN(size, bits) : bits;
      const given = size <= 32 ? Number(value) : value;
      if (labels === undefined) return given;
      return new EnumerationValue(
        given,
        labels.filter(([, from, to]) => from <= value && value <= to).map(([label]) => label),
      );
    }
    case 'float': {
      const view = new DataView(new ArrayBuffer(8));
      const value = [0.5, -1e10, 3.25, Number.POSITIVE_INFINITY, 1 / 3][random(5)]!;
      if (spec.size === 64) view.setFloat64(0, value);
      else view.setFloat32(0, value);
      writer.integer(spec.size === 64 ? view.getBigUint64(0) : BigInt(view.getUint32(0)), spec.size, false);
      return spec.size === 64 ? value : view.getFloat32(0);
    }
    case 'text': {
      const text = ['', 'plain', 'h\u00e9 \u{1f600}', 'x'.repeat(random(100))][random(4)]!;
      for (const byte of new TextEncoder().encode(`${text}\0`)) writer.integer(BigInt(byte), 8, false);
      return text;
    }
    case 'chars': {
      const length = typeof spec.length === 'number' ? spec.length : near.get(spec.length)!;
      const text = 'abcdefgh'.slice(0, random(length + 1));
      for (let index = 0; index < length; index++) {
        writer.integer(BigInt(text.charCodeAt(index) || 0), 8, false);
      }
      return text;
    }
    case 'array': {
      const length = typeof spec.length === 'number' ? spec.length : near.get(spec.length)!;
      return Array.from({ length }, () => writeValue(writer, spec.element, random, near));
    }
    case 'struct': {
      const inside = new Map<string, number>();
      const value: Record<string, FieldValue> = {};
      for (const [name, member] of spec.members) {
        const written = writeValue(writer, member, random, inside);
        const plain = written instanceof EnumerationValue ? written.value : written;
        if (typeof plain === 'number' || typeof plain === 'bigint') inside.set(name, Number(plain));
        value[name] = written;
      }
      return value;
    }
    case 'variant': {
      const selected = near.get(spec.selector)!;
      return writeValue(writer, spec.options[[0, 1, 1, 2][selected]!]![1], random, near);
    }
  }
}

function tsdlOf(spec: Spec, name: string): string {
  switch (spec.kind) {
    case 'int': {
      const map = spec.role === 'default-clock-timestamp' ? ' map = clock.c.value;' : '';
      const integer = `integer { size = ${spec.size}; align = ${spec.align}; signed = ${spec.signed};${map} }`;
      if (spec.labels === undefined) return `${integer} ${name};`;
      const labels = spec.labels.map(
        ([label, from, to]) => `"${label}" = ${from}${from === to ? '' : ` ... ${to}`}`,
      );
      return `enum : ${integer} { ${labels.join(', ')} } ${name};`;
    }
    case 'float': {
      const digits = spec.size === 32 ? 'exp_dig = 8; mant_dig = 24;' : 'exp_dig = 11; mant_dig = 53;';
      return `floating_point { ${digits} align = ${spec.align}; } ${name};`;
    }
    case 'text':
      return `string ${name};`;
    case 'chars':
      return `integer { size = 8; align = 8; encoding = UTF8; } ${name}[${spec.length}];`;
    case 'array':
      return tsdlOf(spec.element, `${name}[${spec.length}]`);
    case 'struct': {
      const members = spec.members.map(([member, inner]) => tsdlOf(inner, member));
      return `struct { ${members.join('\n')} } align(${spec.align}) ${name};`;
    }
    case 'variant': {
      const options = spec.options.map(([option, inner]) => tsdlOf(inner, option));
      return `variant <${spec.selector}> { ${options.join('\n')} } ${name};`;
    }
  }
}

/** A structure as the right side of `:=`, without a name. */
function tsdlScope(spec: Spec & { kind: 'struct' }): string {
  return tsdlOf(spec, '').replace(/ ;$/, ';');
}

function jsonOf(spec: Spec, littleEndian: boolean): object {
  const order = { 'byte-order': littleEndian ? 'little-endian' : 'big-endian' };
  const inner = (of: Spec) => jsonOf(of, littleEndian);
  switch (spec.kind) {
    case 'int': {
      const bitOrder = littleEndian === spec.reversed ? 'last-to-first' : 'first-to-last';
      const mappings = Object.fromEntries(
        (spec.labels ?? []).map(([label, from, to]) => [label, [[from, to]]]),
      );
      return {
        type: `fixed-length-${spec.signed ? 'signed' : 'unsigned'}-integer`,
        length: spec.size,
        alignment: spec.align,
        ...order,
        'bit-order': bitOrder,
        mappings,
        ...(spec.role === undefined ? {} : { roles: [spec.role] }),
      };
    }
    case 'float':
      return {
        type: 'fixed-length-floating-point-number',
        length: spec.size,
        alignment: spec.align,
        ...order,
      };
    case 'text':
      return { type: 'null-terminated-string' };
    case 'chars':
      return typeof spec.length === 'number'
        ? { type: 'static-length-string', length: spec.length }
        : { type: 'dynamic-length-string', 'length-field-location': { path: [spec.length] } };
    case 'array':
      return typeof spec.length === 'number'
        ? { type: 'static-length-array', length: spec.length, 'element-field-class': inner(spec.element) }
        : {
            type: 'dynamic-length-array',
            'length-field-location': { path: [spec.length] },
            'element-field-class': inner(spec.element),
          };
    case 'struct':
      return {
        type: 'structure',
        'minimum-alignment': spec.align,
        'member-classes': spec.members.map(([name, member]) => ({ name, 'field-class': inner(member) })),
      };
    case 'variant': {
      const ranges = [[[0, 0]], [[1, 2]], [[3, 3]]];
      return {
        type: 'variant',
        'selector-field-location': { path: [spec.selector] },
        options: spec.options.map(([name, option], index) => ({
          name,
          'selector-field-ranges': ranges[index],
          'field-class': inner(option),
        })),
      };
    }
  }
}

export interface RandomTrace {
  readonly metadata: string;
  readonly stream: Uint8Array;
  readonly events: readonly {
    readonly name: string;
    readonly timeNs: bigint;
    readonly payload: FieldValue;
    readonly context: FieldValue;
  }[];
}

function plain(size: number, role?: string): Spec & { kind: 'int' } {
  return {
    kind: 'int',
    size,
    align: 8,
    signed: false,
    reversed: false,
    ...(role === undefined ? {} : { role }),
  };
}

/** Two packets of events of three classes. */
export function randomTrace(seed: number, form: Form): RandomTrace {
  const random = randomOf(seed);
  const { littleEndian } = form;
  const struct = (members: [string, Spec][], align = 1): Spec & { kind: 'struct' } => ({
    kind: 'struct',
    members,
    align,
  });
  const header = struct([['magic', { ...plain(32, 'packet-magic-number'), fixed: 0xc1fc1fc1n }]]);
  const sizes = { content: plain(32, 'packet-content-length'), packet: plain(32, 'packet-total-length') };
  const packetContext = struct([
    ['content_size', sizes.content],
    ['packet_size', sizes.packet],
  ]);
  // As most tracers write them: whole bytes and no context; readers have a way of their own for these.
  const isUsual = random(2) === 0;
  const timeSize = isUsual ? 64 : [32, 64, 27, 40, 11][random(5)]!;
  const idSize = (isUsual ? [8, 16, 32] : [8, 5, 16])[random(3)]!;
  const bitInt = (size: number, role: string): Spec & { kind: 'int' } => ({
    ...plain(size, role),
    align: random(2) ? 1 : 8,
    reversed: form.version === '2' && random(4) === 0,
  });
  const headerFields: [string, Spec & { kind: 'int' }][] = [
    ['id', bitInt(idSize, 'event-record-class-id')],
    ['timestamp', bitInt(timeSize, 'default-clock-timestamp')],
  ];
  if (random(4) === 0) {
    // The others begin within a byte then, unless they are aligned.
    const nibble: Spec & { kind: 'int' } = { ...plain(4), align: 1 };
    headerFields.unshift(['before', nibble]);
    headerFields.push(['behind', nibble]);
  }
  const eventHeader = struct(headerFields, [1, 8, 64][random(3)]!);
  const ids = [0, 1, idSize === 32 ? 2 ** 24 : idSize === 16 ? 256 : 2];
  const common = isUsual ? undefined : structSpec(random, form, 1);
  const wholeBytes = (name: string): [string, Spec] => [name, plain([8, 16, 32, 64][random(4)]!)];
  const payloads = [
    isUsual ? struct([wholeBytes('a'), wholeBytes('b')]) : structSpec(random, form, 0),
    ...[1, 2].map((depth) => structSpec(random, form, depth)),
  ];
  const events: RandomTrace['events'][number][] = [];
  let time = BigInt(random(1000)) << BigInt(timeSize === 64 ? random(53) : 0);
  const packets = [0, 1].map(() => {
    if (form.version === '2') time = 0n;
    const writer = new BitWriter(littleEndian);
    writeValue(writer, header, random, new Map());
    writer.align(alignOf(packetContext));
    const sizesAt = writer.bit;
    writer.integer(0n, 32, false);
    writer.integer(0n, 32, false);
    const count = 1 + random(6);
    for (let index = 0; index < count; index++) {
      const kind = random(3);
      time += BigInt(random(2 ** Math.min(timeSize - 1, 30)));
      const said: Readonly<Record<string, bigint>> = {
        id: BigInt(ids[kind]!),
        timestamp: BigInt.asUintN(timeSize, time),
      };
      const fixed = struct(
        headerFields.map(([name, spec]) => [name, name in said ? { ...spec, fixed: said[name]! } : spec]),
        eventHeader.align,
      );
      writeValue(writer, fixed, random, new Map());
      const context = common === undefined ? {} : writeValue(writer, common, random, new Map());
      const payload = writeValue(writer, payloads[kind]!, random, new Map());
      events.push({ name: `event ${kind}`, timeNs: time, payload, context });
    }
    const content = writer.bit;
    for (let padding = random(4) * 8; padding > 0; padding -= 8) writer.integer(0xa5n, 8, false);
    writer.align(64);
    writer.patch(sizesAt, BigInt(content), 32, false);
    writer.patch(sizesAt + 32, BigInt(writer.bit), 32, false);
    return writer.bytes();
  });
  const scopes = { header, packetContext, eventHeader, common, payloads, ids };
  return {
    metadata: form.version === '2' ? jsonMetadata(scopes, littleEndian) : tsdlMetadata(scopes, littleEndian),
    stream: Uint8Array.from(packets.flatMap((bytes) => [...bytes])),
    events,
  };
}

interface Scopes {
  readonly header: Spec & { kind: 'struct' };
  readonly packetContext: Spec & { kind: 'struct' };
  readonly eventHeader: Spec & { kind: 'struct' };
  readonly common: (Spec & { kind: 'struct' }) | undefined;
  readonly payloads: readonly (Spec & { kind: 'struct' })[];
  /** Of the payloads' events. */
  readonly ids: readonly number[];
}

function tsdlMetadata(scopes: Scopes, littleEndian: boolean): string {
  return `/* CTF 1.8 */
trace { major = 1; minor = 8; byte_order = ${littleEndian ? 'le' : 'be'}; packet.header := ${tsdlScope(scopes.header)} };
clock { name = c; freq = 1000000000; };
stream { packet.context := ${tsdlScope(scopes.packetContext)} event.header := ${tsdlScope(scopes.eventHeader)}
${scopes.common === undefined ? '' : `event.context := ${tsdlScope(scopes.common)}`} };
${scopes.payloads.map((payload, kind) => `event { id = ${scopes.ids[kind]}; name = "event ${kind}"; fields := ${tsdlScope(payload)} };`).join('\n')}
`;
}

function jsonMetadata(scopes: Scopes, littleEndian: boolean): string {
  const json = (spec: Spec) => jsonOf(spec, littleEndian);
  const fragments = [
    { type: 'preamble', version: 2 },
    { type: 'trace-class', 'packet-header-field-class': json(scopes.header) },
    { type: 'clock-class', id: 'c', frequency: 1_000_000_000 },
    {
      type: 'data-stream-class',
      'default-clock-class-id': 'c',
      'packet-context-field-class': json(scopes.packetContext),
      'event-record-header-field-class': json(scopes.eventHeader),
      ...(scopes.common && { 'event-record-common-context-field-class': json(scopes.common) }),
    },
    ...scopes.payloads.map((payload, kind) => ({
      type: 'event-record-class',
      id: scopes.ids[kind],
      name: `event ${kind}`,
      'payload-field-class': json(payload),
    })),
  ];
  return fragments.map((fragment) => `\x1e${JSON.stringify(fragment)}\n`).join('');
}
