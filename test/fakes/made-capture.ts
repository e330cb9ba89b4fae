/** Capture files of either kind and byte order for tests, with every kind of packet block and other blocks between. */
import { makeRandom } from '../conformance/packets.ts';

export interface CaptureShape {
  readonly kind: 'pcap' | 'pcapng';
  readonly littleEndian: boolean;
  readonly seed: number;
  readonly packets: number;
  /** Any of the three when it is left out. */
  readonly pcapMagic?: number;
}

/** Of old Linux patches: record headers have 8 more bytes. */
const MAGIC_MODIFIED = 0xa1b2cd34;

/** A whole file in an array of its own. */
export function makeCapture({
  kind,
  littleEndian,
  seed,
  packets,
  pcapMagic,
}: CaptureShape): Uint8Array<ArrayBuffer> {
  const random = makeRandom(seed);
  const file = new Writer(littleEndian);
  if (kind === 'pcap') {
    const chosen = random(3);
    const magic = pcapMagic ?? [0xa1b2c3d4, 0xa1b23c4d, MAGIC_MODIFIED][chosen]!;
    file.u32(magic).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(1);
    for (let i = 0; i < packets; i++) {
      const data = frame(random);
      file.u32(1_700_000_000 + random(100)).u32(random(1_000_000));
      file
        .u32(data.length)
        .u32(data.length + random(2) * random(2000))
        .bytes(magic === MAGIC_MODIFIED ? [1, 2, 3, 4, 5, 6, 7, 8] : [])
        .bytes(data);
    }
    return file.finish();
  }
  section(file, random);
  for (let i = 0; i < packets; i++) {
    if (random(20) === 0) section(file, random);
    if (random(10) === 0)
      file.block([0x0bad, 0x40000bad, 10, 4, 5][random(5)]!, (body) => body.u32(0).u32(0).u32(0).u32(0));
    packet(file, random);
  }
  return file.finish();
}

/** Three interfaces: Ethernet, IPv4, Ethernet cut short. */
function section(file: Writer, random: (bound: number) => number): void {
  file.block(0x0a0d0d0a, (body) => body.u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff));
  for (const [linkType, snaplen] of [
    [1, random(2) * 60],
    [228, 0],
    [1, 65_535],
  ] as const) {
    file.block(1, (body) => body.u16(linkType).u16(0).u32(snaplen));
  }
}

function packet(file: Writer, random: (bound: number) => number): void {
  const data = frame(random);
  const originalLength = data.length + random(2) * random(2000);
  const options = (body: Writer): Writer => (random(3) === 0 ? body.u16(2).u16(4).u32(1).u32(0) : body);
  switch (random(4)) {
    case 0:
      file.block(3, (body) => body.u32(data.length).bytes(data).pad());
      break;
    case 1:
      file.block(2, (body) =>
        options(
          body
            .u16(random(3))
            .u16(0xffff)
            .u32(1)
            .u32(random(999))
            .u32(data.length)
            .u32(originalLength)
            .bytes(data)
            .pad(),
        ),
      );
      break;
    default:
      file.block(6, (body) =>
        options(
          body.u32(random(3)).u32(2).u32(random(999)).u32(data.length).u32(originalLength).bytes(data).pad(),
        ),
      );
  }
}

function frame(random: (bound: number) => number): Uint8Array {
  const bytes = Uint8Array.from({ length: random(120) }, () => random(256));
  if (random(2) === 0) bytes.set([8, 0].slice(0, Math.max(0, bytes.length - 12)), Math.min(12, bytes.length));
  return bytes;
}

class Writer {
  readonly #bytes: number[] = [];
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  u16(value: number): this {
    return this.#number(value, 2);
  }

  u32(value: number): this {
    return this.#number(value, 4);
  }

  bytes(bytes: Iterable<number>): this {
    this.#bytes.push(...bytes);
    return this;
  }

  pad(): this {
    while (this.#bytes.length % 4 !== 0) this.#bytes.push(0);
    return this;
  }

  block(type: number, fill: (body: Writer) => Writer): void {
    const body = fill(new Writer(this.#littleEndian)).#bytes;
    this.u32(type)
      .u32(body.length + 12)
      .bytes(body)
      .u32(body.length + 12);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #number(value: number, lengthBytes: number): this {
    const bytes = Array.from({ length: lengthBytes }, (_, i) => (value >>> (8 * i)) & 0xff);
    this.#bytes.push(...(this.#littleEndian ? bytes : bytes.reverse()));
    return this;
  }
}
