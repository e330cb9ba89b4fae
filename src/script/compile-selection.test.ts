/** Selections of events: what their predicates say of hits, on both engines; where several meet; what is wrong with them. */
import { describe, expect, test } from 'vitest';
import { CompileError, UsageError } from '../base/index.ts';
import { TraceMachine, traceContext } from '../bpf/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { appPoint, engines } from './codegen/run-script.fixture.ts';
import { type CompiledSelection, compileSelection, type SelectionOptions } from './index.ts';

const points = [...dpdkPoints, appPoint];

const ethernet = (type: string, rest: string) =>
  Uint8Array.from(Buffer.from(`020000000001020000000002${type}${rest}`.padEnd(120, '0'), 'hex'));
/** Behind an IPv4 header of 20 bytes: source port 1000, this destination port. */
const ipv4 = (protocol: string, port: string) =>
  ethernet('0800', `4500002e0000000040${protocol}00000a0000010a00000203e8${port}`);
const packets = {
  tcp: ipv4('06', '0050'),
  udp: ipv4('11', '0035'),
  arp: ethernet('0806', '0001080006040001'),
};

function select(
  texts: readonly string[],
  ports?: readonly number[],
  purpose: 'record' | 'watch' = 'record',
): CompiledSelection {
  const findPoints: SelectionOptions['findPoints'] = ({ parts }) => {
    const wanted = new RegExp(`^${parts.join(':').replaceAll('*', '.*')}$`);
    const found = points.filter(({ name }) => wanted.test(name));
    if (found.length === 0) throw new UsageError(`a test has no probe ${parts.join(':')}`);
    return found;
  };
  return compileSelection(texts, { findPoints, ports, purpose });
}

interface Hit {
  readonly args?: Readonly<Record<string, bigint | string>>;
  readonly packet?: Uint8Array;
}

/** How many of the places take a hit of this point, by the engine. */
function taken(
  { places, contextBytes }: CompiledSelection,
  engine: (typeof engines)[number],
  pointName: string,
  { args = {}, packet }: Hit,
): number {
  const machine = new TraceMachine({ engine, contextBytes, keyedMaps: [], seed: 1 });
  const { view, context, environment } = machine;
  view.setUint32(traceContext.tid, 77, true);
  view.setUint32(traceContext.lcore, 3, true);
  view.setBigUint64(traceContext.timeNs, 1_700_000_000_000_000_000n, true);
  context.set(new TextEncoder().encode('worker-3'), traceContext.comm);
  let slot = 0;
  for (const { name, place } of points.find((point) => point.name === pointName)!.arguments) {
    const value = args[name];
    if (value === undefined || place.kind !== 'context') continue;
    const isText = typeof value === 'string';
    view.setBigUint64(
      traceContext.args + 8 * place.index,
      BigInt.asUintN(64, isText ? BigInt(slot) : value),
      true,
    );
    if (isText) context.set(new TextEncoder().encode(value), traceContext.packet + 64 * slot++);
  }
  if (packet !== undefined) {
    context.set(packet.subarray(0, traceContext.maxPacketBytes), traceContext.packet);
    view.setUint32(traceContext.packetBytes, Math.min(packet.length, traceContext.maxPacketBytes), true);
  }
  const isAt = (wanted: number | undefined, name: string) =>
    wanted === undefined || BigInt(wanted) === args[name];
  return places.filter(({ point, port, queue, predicate }) => {
    if (point.name !== pointName || !isAt(port, 'port') || !isAt(queue, 'queue')) return false;
    if (predicate === undefined) return true;
    const prepared = engine.prepare(predicate.program, environment);
    prepared.run(view.byteOffset, 0);
    expect([0n, 1n]).toContain(prepared.result);
    return prepared.result === 1n;
  }).length;
}

const at = (port: bigint, queue: bigint, nb_rx = 0n) => ({ args: { port, queue, nb_rx } });

interface Case {
  readonly select: readonly string[];
  readonly ports?: readonly number[];
  readonly point?: string;
  readonly yes: readonly Hit[];
  readonly no: readonly Hit[];
}

const cases: readonly Case[] = [
  { select: ['dpdk:rx_burst'], yes: [at(0n, 0n), at(9n, 3n)], no: [] },
  { select: ['dpdk:rx_burst:'], yes: [at(0n, 0n)], no: [] },
  { select: ['dpdk:rx_burst /args.nb_rx > 16/'], yes: [at(0n, 0n, 17n)], no: [at(0n, 0n, 16n)] },
  { select: ['dpdk:rx_burst:/args.nb_rx > 16/'], yes: [at(0n, 0n, 17n)], no: [at(0n, 0n, 16n)] },
  {
    select: ['  dpdk:rx_burst:1 : / arg2 / 2 == 8 /  '.replace(' :', '')],
    yes: [at(1n, 0n, 17n)],
    no: [at(1n, 0n, 15n), at(0n, 0n, 16n)],
  },
  { select: ['dpdk:rx_b*:*:2/1/'], yes: [at(0n, 2n)], no: [at(0n, 1n)] },
  {
    select: ['dpdk:rx_burst/lcore == 3 && tid == 77 && comm == "worker-3" && nsecs > 1600000000000000000/'],
    yes: [at(0n, 0n)],
    no: [],
  },
  { select: ['dpdk:rx_burst/lcore != 3 || comm == "worker"/'], yes: [], no: [at(0n, 0n)] },
  // Several of one place are one, by or.
  {
    select: [
      'dpdk:rx_burst /args.nb_rx == 1/',
      'dpdk:rx_burst /args.nb_rx == 5/',
      'dpdk:rx_burst /args.nb_rx < 6 && args.nb_rx > 4/',
    ],
    yes: [at(0n, 0n, 1n), at(0n, 0n, 5n)],
    no: [at(0n, 0n, 4n)],
  },
  { select: ['dpdk:rx_burst /args.nb_rx == 1/', 'dpdk:rx_burst'], yes: [at(0n, 0n, 2n)], no: [] },
  // Places that meet: no hit is taken twice.
  {
    select: ['dpdk:rx_burst:0', 'dpdk:rx_burst /args.nb_rx == 5/'],
    yes: [at(0n, 0n, 5n), at(0n, 1n), at(1n, 0n, 5n)],
    no: [at(1n, 0n, 4n)],
  },
  {
    select: ['dpdk:rx_burst:0:*', 'dpdk:rx_burst:*:1', 'dpdk:rx_burst:2:0'],
    yes: [at(0n, 0n), at(0n, 1n), at(1n, 1n), at(2n, 0n)],
    no: [at(1n, 0n), at(2n, 2n)],
  },
  {
    select: ['dpdk:rx_burst:0', 'dpdk:rx_burst:1 /args.nb_rx/'],
    yes: [at(0n, 0n), at(1n, 0n, 1n)],
    no: [at(1n, 0n), at(2n, 0n, 1n)],
  },
  // Ports that were asked for beside.
  { select: ['dpdk:rx_burst'], ports: [1, 3], yes: [at(1n, 0n), at(3n, 0n)], no: [at(0n, 0n), at(2n, 0n)] },
  {
    select: ['dpdk:rx_burst', 'dpdk:rx_burst:2'],
    ports: [1],
    yes: [at(1n, 0n), at(2n, 0n)],
    no: [at(0n, 0n)],
  },
  {
    select: ['dpdk:rx_packet /ip.proto == 6/'],
    point: 'dpdk:rx_packet',
    yes: [{ packet: packets.tcp }],
    no: [{ packet: packets.udp }, { packet: packets.arp }],
  },
  {
    select: ['dpdk:rx_packet /udp.dport == 53 || arp/', 'dpdk:rx_packet /args.len > 1000/'],
    point: 'dpdk:rx_packet',
    yes: [{ packet: packets.udp }, { packet: packets.arp }, { packet: packets.tcp, args: { len: 1001n } }],
    no: [{ packet: packets.tcp, args: { len: 1000n } }],
  },
  {
    select: ['app:test:point /str(args.name) == "drop" && args.a < -5/'],
    point: 'app:test:point',
    yes: [{ args: { name: 'drop', a: -6n } }],
    no: [{ args: { name: 'drop', a: -5n } }, { args: { name: 'dropped', a: -6n } }],
  },
];

for (const engine of engines) {
  describe(`on the engine ${engine.name}`, () => {
    for (const { select: texts, ports, point = 'dpdk:rx_burst', yes, no } of cases) {
      test(`${texts.join(' + ')}${ports === undefined ? '' : ` at ${ports}`}`, () => {
        const selection = select(texts, ports);
        for (const hit of yes)
          expect(taken(selection, engine, point, hit), JSON.stringify(hit.args, text)).toBe(1);
        for (const hit of no)
          expect(taken(selection, engine, point, hit), JSON.stringify(hit.args, text)).toBe(0);
      });
    }
  });
}

function text(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

test('places that have nothing in common stay apart, and the condition of one place is not asked for again', () => {
  const { places } = select(['dpdk:rx_burst:0 /1/', 'dpdk:rx_burst:1 /args.nb_rx/', 'dpdk:tx_burst']);
  expect(places.map(({ point, port, predicate }) => [point.name, port, predicate?.argumentsUsed])).toEqual([
    ['dpdk:rx_burst', 0, undefined],
    ['dpdk:rx_burst', 1, 0b100],
    ['dpdk:tx_burst', undefined, undefined],
  ]);
});

test('a predicate says what it looks at', () => {
  const { places } = select(['dpdk:rx_packet /tcp.dport == 80 && nsecs > args.len/']);
  const { needsTime, packetBytes, argumentsUsed } = places[0]!.predicate!;
  expect([needsTime, argumentsUsed]).toEqual([true, 0b100]);
  expect(packetBytes).toBeGreaterThanOrEqual(40);
});

test('a point that recordings have two names for is two events, and none happens twice', () => {
  const recorded = ({ places }: CompiledSelection) =>
    places.map(({ point, predicate }) => [point.name, point.recordedAs, predicate?.argumentsUsed]);
  const nonempty = ['dpdk:rx_burst', 'lib.ethdev.rx.burst.nonempty'];
  const empty = ['dpdk:rx_poll', 'lib.ethdev.rx.burst.empty', 0b100];
  expect(recorded(select(['dpdk:rx_poll']))).toEqual([empty, [...nonempty, undefined]]);
  expect(recorded(select(['dpdk:rx_burst /args.max == 1/', 'dpdk:rx_poll']))).toEqual([
    [...nonempty, undefined],
    empty,
  ]);
  const filtered = select(['dpdk:rx_poll /args.max == 32/', 'dpdk:rx_burst /args.max == 1/']);
  expect(recorded(filtered)).toEqual([
    [...empty.slice(0, 2), 0b1100],
    [...nonempty, 0b1000],
  ]);
  for (const engine of engines) {
    const hit = (point: string, nb_rx: bigint, max: bigint) =>
      taken(filtered, engine, point, { args: { port: 0n, queue: 0n, nb_rx, max } });
    expect([hit('dpdk:rx_poll', 0n, 32n), hit('dpdk:rx_poll', 0n, 1n), hit('dpdk:rx_poll', 5n, 32n)]).toEqual(
      [1, 0, 0],
    );
    expect([
      hit('dpdk:rx_burst', 5n, 32n),
      hit('dpdk:rx_burst', 5n, 1n),
      hit('dpdk:rx_burst', 5n, 2n),
    ]).toEqual([1, 1, 0]);
  }
});

test('what is watched has a predicate, and stays one point', () => {
  const { places } = select(['dpdk:rx_poll', 'dpdk:tx_burst /args.nb_tx > 3/'], undefined, 'watch');
  expect(places.map(({ point }) => point.name)).toEqual(['dpdk:rx_poll', 'dpdk:tx_burst']);
  for (const engine of engines) {
    const at = { args: { port: 0n, queue: 0n, nb_tx: 4n } };
    expect(taken({ places, contextBytes: 4096, stateOffset: 4096 }, engine, 'dpdk:rx_poll', at)).toBe(1);
    expect(taken({ places, contextBytes: 4096, stateOffset: 4096 }, engine, 'dpdk:tx_burst', at)).toBe(1);
    expect(places.every(({ predicate }) => predicate !== undefined)).toBe(true);
  }
});

describe('is refused', () => {
  const faults: readonly (readonly [texts: readonly string[], message: string])[] = [
    [[''], 'expected a pattern of trace points, got the end of the script\n  \n  ^\n  as in: dpdk:rx_burst'],
    [['/1/'], 'expected a pattern of trace points, got "/"\n  /1/\n  ^\n  as in: dpdk:rx_burst'],
    [['dpdk:rx_burts'], 'a test has no probe dpdk:rx_burts\n  dpdk:rx_burts\n  ^^^^^^^^^^^^^'],
    [
      ['dpdk:tx_burst', ' dpdk:rx_burst /args.nb/'],
      'dpdk:rx_burst has no argument nb\n   dpdk:rx_burst /args.nb/\n                  ^^^^^^^\n  it has port, queue, nb_rx, max, packet_id',
    ],
    [
      ['dpdk:rx_burst /args.nb_rx > 4'],
      'expected "/" behind the predicate, got the end of the script\n  dpdk:rx_burst /args.nb_rx > 4\n                               ^',
    ],
    [
      ['dpdk:rx_burst /1/ { @ = count(); }'],
      'expected the end behind the predicate, got "{"\n  dpdk:rx_burst /1/ { @ = count(); }\n                    ^',
    ],
    [
      ['dpdk:rx_burst, dpdk:tx_burst'],
      'expected a predicate between slashes, got "dpdk"\n  dpdk:rx_burst, dpdk:tx_burst\n                 ^^^^',
    ],
    [
      ['dpdk:rx_burst /@x > 3/'],
      '@x: there are no maps in a predicate, which looks at one event alone\n  dpdk:rx_burst /@x > 3/\n                 ^^',
    ],
    [
      ['dpdk:rx_burst /$x++ > 3/'],
      '$x: there are no variables in a predicate\n  dpdk:rx_burst /$x++ > 3/\n                 ^^',
    ],
    [
      ['dpdk:rx_burst /elapsed > 3/'],
      'a predicate does not know when the recording began\n  dpdk:rx_burst /elapsed > 3/\n                 ^^^^^^^\n  nsecs is the time since 1970',
    ],
    [
      ['dpdk:rx_burst /cpu == 1/'],
      'cpu works only in the kernel, and this script runs in the application\n  dpdk:rx_burst /cpu == 1/\n                 ^^^\n  probes in the kernel: usdt:, uprobe:, tracepoint: and profile:',
    ],
    [['dpdk:rx_burst /ip.proto == 6/'], ''],
    [['BEGIN'], 'BEGIN is no event of the application\n  BEGIN\n  ^^^^^'],
    [['interval:s:1'], 'interval:s:1 is no event of the application\n  interval:s:1\n  ^^^^^^^^^^^^'],
    [['dpdk:rx_burst /printf("x")/'], ''],
    [['dpdk:rx_burst:x'], 'the port is a number or *, got "x"\n  dpdk:rx_burst:x\n  ^^^^^^^^^^^^^^^'],
  ];
  for (const [texts, message] of faults) {
    test(texts.join(' + ') || 'nothing', () => {
      expect(() => select(texts)).toThrow(CompileError);
      if (message !== '')
        expect(() => select(texts)).toThrow(
          new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
        );
    });
  }
});
