import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerError, UsageError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import {
  decodeError,
  decodeHello,
  decodePortEvent,
  decodePorts,
  decodeRingEvent,
  decodeStarted,
  decodeWelcome,
  encodeError,
  encodeHello,
  encodePortEvent,
  encodePorts,
  encodeRingEvent,
  encodeStarted,
  encodeWelcome,
  type PortEvent,
  type Welcome,
} from './protocol.ts';
import { decodeStart, encodeStart } from './start-message.ts';
import type { CapturePort, CaptureRequest, PortInfo } from './target.ts';

const port: PortInfo = {
  portId: 3,
  name: 'net_null0',
  driver: 'net_null',
  firmware: 'v1 ü',
  mac: Uint8Array.of(2, 1, 2, 3, 4, 5),
  up: true,
  promiscuous: false,
  speedMbps: 25_000,
  mtu: 9000,
  numaNode: -1,
  rxQueues: 4,
  txQueues: 2,
  counters: {
    ipackets: 1n,
    opackets: 2n,
    ibytes: 3n,
    obytes: 4n,
    imissed: 5n,
    ierrors: 6n,
    oerrors: 7n,
    rxNombuf: 2n ** 64n - 1n,
  },
};
const down: PortInfo = { ...port, up: false, promiscuous: true, speedMbps: undefined, counters: undefined };
const welcome: Welcome = {
  kind: 'dpdk',
  pid: 4711,
  version: 'DPDK 22.11.11',
  filePrefix: 'rte',
  engine: 'jit',
  build: 'abc',
};
const program = (fill: number, insns = 2): Uint8Array => new Uint8Array(8 * insns).fill(fill);
const capturePort: CapturePort = {
  portId: 1,
  directions: ['in', 'out'],
  snaplen: 96,
  programs: { in: program(1), out: undefined },
};
const request: CaptureRequest = {
  ports: [
    capturePort,
    { portId: 'any', directions: ['out'], snaplen: 262_144, programs: { in: program(1), out: program(2) } },
  ],
  ringBytes: 1 << 26,
  meta: true,
  hostClock: false,
};

describe('what is encoded is decoded', () => {
  test('HELLO', () => expect(decodeHello(encodeHello())).toBe(ABI.HONE_ABI_VERSION));
  test('WELCOME', () => expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome));
  test('ERROR', () =>
    expect(decodeError(encodeError(19, 'no port 7'))).toEqual({ code: 19, text: 'no port 7' }));
  test('PORTS', () => expect(decodePorts(encodePorts([port, down]))).toEqual([port, down]));
  test('STARTED', () => {
    const started = { interfaceCount: 2, engine: 'rte-interpreter' } as const;
    expect(decodeStarted(encodeStarted(started))).toEqual(started);
  });
  test('RING', () => {
    const event = { ring: 2, tid: 17, data_bytes: 65_536, index_entries: 1024 };
    expect(decodeRingEvent(encodeRingEvent(event), 1 << 20)).toEqual(event);
  });
  test.each<PortEvent>([
    { kind: 'port-added', interfaceId: 1, port },
    { kind: 'port-removed', interfaceId: 2, port: down },
    { kind: 'port-refused', interfaceId: 3, port, reason: 'a secondary process owns it' },
  ])('PORT $kind', (event) => expect(decodePortEvent(encodePortEvent(event))).toEqual(event));
  test('START, with a program that two ports share only once', () => {
    const body = encodeStart(request);
    expect(decodeStart(body)).toEqual(request);
    expect(body.length).toBe(16 + 2 * 16 + 2 * (8 + 16));
  });
});

test('text that does not fit is cut, and keeps no terminal control', () => {
  const name = `\x1b[2J${'x'.repeat(100)}`;
  expect(decodePorts(encodePorts([{ ...port, name }]))[0]!.name).toBe(`\ufffd[2J${'x'.repeat(59)}`);
  expect(decodeError(encodeError(1, 'a\nb')).text).toBe('a\ufffdb');
});

function changed(body: Uint8Array, at: number, value: number): Uint8Array {
  const copy = body.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

describe('what breaks the rules is refused', () => {
  const start = encodeStart(request);
  test.each<[string, () => unknown, RegExp]>([
    ['HELLO with another magic', () => decodeHello(changed(encodeHello(), 0, 1)), /magic 0x1/],
    ['HELLO that is too long', () => decodeHello(new Uint8Array(9)), /1 bytes more/],
    ['WELCOME cut short', () => decodeWelcome(encodeWelcome(welcome).subarray(0, 200)), /got 200 bytes/],
    ['WELCOME of an unknown kind', () => decodeWelcome(changed(encodeWelcome(welcome), 8, 3)), /kind 3/],
    [
      'WELCOME with an unknown engine',
      () => decodeWelcome(changed(encodeWelcome(welcome), 12, 0)),
      /engine 0/,
    ],
    [
      'PORTS with a count that is too high',
      () => decodePorts(changed(encodePorts([port]), 0, 2)),
      /expected 584 for 2/,
    ],
    [
      'PORTS with a count that wraps',
      () => decodePorts(changed(encodePorts([port]), 0, 0xffff_ffff)),
      /PORTS: got 296/,
    ],
    [
      'PORT of an unknown kind',
      () => decodePortEvent(new Uint8Array(STRUCTS.hone_port_event.size)),
      /port event 0/,
    ],
    ['START without ports', () => decodeStart(changed(start, 8, 0)), /0 ports/],
    ['START with too many programs', () => decodeStart(changed(start, 12, 65)), /65 programs/],
    ['START with unknown flags', () => decodeStart(changed(start, 4, 4)), /flags 0x4/],
    ['START with a ring of any size', () => decodeStart(changed(start, 0, 65_537)), /ring of 65537/],
    ['START without a direction', () => decodeStart(changed(start, 16, 1)), /directions 0/],
    ['START with a snaplen of 0', () => decodeStart(changed(start, 20, 0)), /snaplen 0/],
    ['START with a program that is not there', () => decodeStart(changed(start, 24, 2)), /program 2 of 2/],
    [
      'START with "any" in front',
      () => decodeStart(encodeStart({ ...request, ports: [...request.ports].reverse() })),
      /"any port" is not the last/,
    ],
    [
      'START with a port twice',
      () => decodeStart(encodeStart({ ...request, ports: [capturePort, capturePort] })),
      /same port twice/,
    ],
    ['START with an endless program', () => decodeStart(changed(start, 48, 4097)), /4097 instructions/],
    ['START with bytes behind', () => decodeStart(Uint8Array.of(...start, 0)), /1 bytes more/],
  ])('%s', (_, decode, message) => {
    expect(decode).toThrow(message);
    expect(decode).toThrow(PeerError);
  });

  test('another version is named, whatever else it says', () => {
    const refusal = /speaks version 5 of the protocol, this hone version 4/;
    expect(() => decodeWelcome(Uint8Array.of(5, 0, 0, 0, 99))).toThrow(refusal);
  });

  test.each<[string, Partial<CaptureRequest>, RegExp]>([
    ['no ports', { ports: [] }, /got 0 ports/],
    ['too many ports', { ports: Array(257).fill(capturePort) }, /got 257 ports/],
    ['a ring of another size', { ringBytes: 100_000 }, /power of two/],
    [
      'a filter that is too long',
      { ports: [{ ...capturePort, programs: { in: program(1, 4097), out: undefined } }] },
      /4097 instr/,
    ],
    [
      'too many filters',
      {
        ports: Array.from({ length: 65 }, (_, n) => ({
          ...capturePort,
          programs: { in: program(n), out: undefined },
        })),
      },
      /more than 64 different filters/,
    ],
  ])('a request with %s is a UsageError', (_, change, message) => {
    expect(() => encodeStart({ ...request, ...change })).toThrow(message);
    expect(() => encodeStart({ ...request, ...change })).toThrow(UsageError);
  });
});

describe('no bytes bring a decoder to throw anything but PeerError', () => {
  const decoders = {
    decodeHello,
    decodeWelcome,
    decodeError,
    decodePorts,
    decodeStarted,
    decodeRing: (body: Uint8Array) => decodeRingEvent(body, 65_536),
    decodePortEvent,
    decodeStart,
  };
  const valid = {
    decodeHello: encodeHello(),
    decodeWelcome: encodeWelcome(welcome),
    decodeError: encodeError(1, 'x'),
    decodePorts: encodePorts([port, down]),
    decodeStarted: encodeStarted({ interfaceCount: 1, engine: 'jit' }),
    decodeRing: encodeRingEvent({ ring: 0, tid: 1, data_bytes: 65_536, index_entries: 1024 }),
    decodePortEvent: encodePortEvent({ kind: 'port-added', interfaceId: 0, port }),
    decodeStart: encodeStart(request),
  };

  function survives(decode: (body: Uint8Array) => unknown, body: Uint8Array): void {
    try {
      decode(body);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
    }
  }

  test.each(Object.entries(decoders))('%s', (name, decode) => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), (body) => survives(decode, body)));
    const original = valid[name as keyof typeof valid];
    const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255), fc.nat(original.length));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const body = original.slice();
        for (const [at, value] of changes) body[at] = value;
        survives(decode, body);
        survives(decode, body.subarray(0, changes[0]![2]));
      }),
    );
  });
});
