/**
 * Fields as trace programs read them against the field table: for every packet of the corpora, composed, truncated and
 * mutated ones, each field with a fixed place has the value that readField gives first, or is not there for both. What
 * programs do not see (agent-packet.ts) is cut off before: tunnels, and what their head of the packet does not hold.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Engine, interpreter, TraceMachine, traceContext, wasmJit } from '../../src/bpf/index.ts';
import {
  dissect,
  FIELDS,
  type Field,
  type Packet,
  type ProtocolName,
  readField,
} from '../../src/packet/index.ts';
import type { CompiledScript } from '../../src/script/index.ts';
import { compileForAgent } from '../../src/script/index.ts';
import type { CheckedScript, Expression, Statement } from '../../src/script/typed.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';
import {
  composedPackets,
  corpusPackets,
  encapsulatedPackets,
  hasCorpora,
  makeRandom,
  mutated,
  truncated,
} from './packets.ts';

const span = { start: 0, end: 0 };

const transports = ['icmp', 'igmp', 'tcp', 'udp', 'gre', 'esp', 'ah', 'icmpv6', 'sctp'] as const;
const protocols: readonly ProtocolName[] = ['eth', 'vlan', 'arp', 'ip', 'ipv6', ...transports];

const fieldsOf = (protocol: ProtocolName): readonly Field[] =>
  FIELDS.filter((field) => field.protocol === protocol && field.places.length === 1);

/** A probe that puts each field, whether it is there, and whether the protocol is, into maps of their own. */
function compileFields(protocol: ProtocolName, fields: readonly Field[]): CompiledScript {
  const integer = { kind: 'integer', isSigned: false } as const;
  const typeOf = ({ kind }: Field) =>
    kind === 'ipv4' || kind === 'ipv6' || kind === 'mac' ? ({ kind } as const) : integer;
  const values = fields.flatMap((field): Expression[] => [
    { op: 'field', field, type: typeOf(field), span },
    { op: 'has-field', field, type: integer, span },
  ]);
  const all: readonly Expression[] = [...values, { op: 'has-protocol', protocol, type: integer, span }];
  const script: CheckedScript = {
    ...{ source: '', form: 'agent', events: [] },
    maps: all.map(({ type }, i) => ({
      ...{ name: `@${i}`, kind: { kind: 'value', type }, keys: [], isRead: false, span },
    })),
    probes: [
      {
        ...{ point: dpdkPoints.find(({ name }) => name === 'dpdk:rx_packet')! },
        ...{ port: undefined, queue: undefined, predicate: undefined, variables: [], span },
        body: all.map(
          (value, map): Statement => ({
            ...{ op: 'assign', target: { kind: 'map', map, keys: [] }, value, span },
          }),
        ),
      },
    ],
  };
  return compileForAgent(script);
}

/** The layers that a program goes through; undefined for a packet whose headers contradict themselves. */
function visibleLayers(packet: Packet): Packet | undefined {
  const { layers } = packet;
  let end = 1;
  while (end < 3 && layers[end]?.protocol === 'vlan') end++;
  const networkAt = end;
  const network = layers[networkAt]?.protocol;
  if (network === 'arp' || network === 'ip' || network === 'ipv6') {
    end++;
    const extensions = end + 2;
    const isExtension = (name: ProtocolName | undefined): boolean => name?.startsWith('ipv6.') === true;
    while (network === 'ipv6' && end < extensions && isExtension(layers[end]?.protocol)) end++;
    if (network !== 'arp' && transports.some((name) => name === layers[end]?.protocol)) end++;
  }
  // Which of its versions an IP header is says its first byte.
  const isIp = network === 'ip' || network === 'ipv6';
  if (isIp && layers[networkAt]!.start >= packet.bytes.length) end = networkAt;
  const visible = layers.slice(0, end);
  return visible.some(({ fault }) => fault === 'malformed') ? undefined : { ...packet, layers: visible };
}

/** A value as the bytes that a program leaves. */
function bytesOf(value: ReturnType<typeof readField>[number] | undefined, size: number): string {
  const bytes = Buffer.alloc(size);
  if (value instanceof Uint8Array) bytes.set(value);
  else if (value !== undefined) bytes.writeBigUInt64LE(BigInt(value as number | boolean));
  return bytes.toString('hex');
}

const wanted = { seen: 0, values: 0 };
/** A packet, and what lies behind its end in memory. */
interface Placed {
  readonly bytes: Uint8Array;
  readonly behind: Uint8Array;
}

let packets: readonly Placed[] = [];
const NOTHING = new Uint8Array();

/** Every beginning of a packet, in front of its own rest: what a walk past the end takes for headers. */
function beginnings({ bytes }: { readonly bytes: Uint8Array }): readonly Placed[] {
  const most = Math.min(bytes.length, 100);
  return Array.from({ length: most }, (_, length) => ({
    bytes: bytes.subarray(0, length),
    behind: bytes.subarray(length),
  }));
}

/** An IPv4 packet whose header tells other lengths, as before padding or with segmentation offload. */
function endings({ bytes }: { readonly bytes: Uint8Array }): readonly Placed[] {
  if (bytes[12] !== 0x08 || bytes[13] !== 0x00) return [];
  return [0, 20, 21, 28, 40].map((total) => {
    const changed = Uint8Array.from(bytes);
    changed.set([0, total], 16);
    return { bytes: changed, behind: NOTHING };
  });
}

beforeAll(() => {
  const random = makeRandom(5);
  const whole = [...(hasCorpora ? corpusPackets() : []), ...composedPackets(), ...encapsulatedPackets()];
  packets = [
    ...[...whole, ...truncated(whole, random), ...mutated(whole, random)].map(({ bytes }) => ({
      bytes,
      behind: NOTHING,
    })),
    ...composedPackets().flatMap(beginnings),
    ...composedPackets().flatMap(endings),
  ];
});

/** The script of these fields over all packets. */
function expectFields(
  protocol: ProtocolName,
  fields: readonly Field[],
  script: CompiledScript,
  engines: readonly Engine[],
): void {
  const { program, packetBytes } = script.probes[0]!;
  const machines = engines.map((engine) => {
    const machine = new TraceMachine({
      engine,
      contextBytes: script.contextBytes,
      keyedMaps: [],
      seed: 0,
    });
    return { machine, run: machine.prepare(program) };
  });
  const read = (machine: TraceMachine, map: number): string => {
    const { place, valueBytes } = script.maps[map]!;
    const at = place.kind === 'flat' ? place.offset : -1;
    return Buffer.from(machine.context.subarray(at + 8, at + valueBytes)).toString('hex');
  };
  for (const { bytes, behind } of packets) {
    const head = bytes.subarray(0, packetBytes);
    const visible = visibleLayers(dissect(head, bytes.length + behind.length, 1));
    if (visible === undefined) continue;
    wanted.seen++;
    for (const { machine, run } of machines) {
      machine.context.fill(0xee, traceContext.packet, traceContext.packet + traceContext.maxPacketBytes);
      machine.context.set(head, traceContext.packet);
      machine.context.set(
        behind.subarray(0, traceContext.maxPacketBytes - head.length),
        traceContext.packet + head.length,
      );
      machine.view.setUint32(traceContext.packetBytes, head.length, true);
      run();
      const context = `${protocol} of ${Buffer.from(head).toString('hex')}`;
      fields.forEach((field, i) => {
        const [value] = readField([field], visible);
        if (value !== undefined) wanted.values++;
        const size = field.kind === 'ipv6' ? 16 : 8;
        expect(read(machine, 2 * i), `${field.name}, ${context}`).toBe(bytesOf(value, size));
        expect(read(machine, 2 * i + 1), `has ${field.name}, ${context}`).toBe(
          bytesOf(value !== undefined, 8),
        );
      });
      const has = visible.layers.some((layer) => layer.protocol === protocol);
      expect(read(machine, 2 * fields.length), `has ${context}`).toBe(bytesOf(has, 8));
    }
  }
}

describe('fields of', () => {
  test.each(protocols)('%s', { timeout: 60_000 }, (protocol) => {
    const fields = fieldsOf(protocol);
    expectFields(protocol, fields, compileFields(protocol, fields), [interpreter, wasmJit]);
  });

  // Short enough for a way of their own for usual packets (usual-way.ts), and with something that these have.
  test.each(protocols)('%s, two at a time', { timeout: 120_000 }, (protocol) => {
    const all = fieldsOf(protocol);
    const common = FIELDS.find(({ name }) => name === 'ip.proto')!;
    for (let i = 0; i < all.length; i += 2) {
      const fields = [...all.slice(i, i + 2), common];
      const script = compileFields(protocol, fields);
      expect(script.probes[0]!.program.some(({ imm }) => imm === 0x45_0008)).toBe(true);
      expectFields(protocol, fields, script, [wasmJit]);
    }
  });

  test('are there in enough packets', () => {
    expect(wanted.seen).toBeGreaterThan(hasCorpora ? 10_000 : 1000);
    expect(wanted.values).toBeGreaterThan(hasCorpora ? 50_000 : 1000);
  });
});
