import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ABI } from './abi.ts';
import { connectTarget } from './connect-target.ts';
import { Connection } from './connection.ts';
import { SESSION_MEMORY_BYTES } from './hook-counters.ts';
import { mapMemory } from './mapping.ts';
import { concatBytes } from './message-body.ts';
import { encodeMessage, type Message, MessageSocket } from './message-socket.ts';
import {
  acceptSocket,
  bindSocket,
  createSealedMemory,
  listenSocket,
  openSocket,
  type Watch,
  watchDescriptor,
} from './posix.ts';
import {
  encodeError,
  encodePortEvent,
  encodeRingEvent,
  encodeStarted,
  encodeWelcome,
  type Welcome,
} from './protocol.ts';
import { RingWriter } from './replay/ring-writer.ts';
import { makeSocketFolder } from './socket-path.ts';
import type { CaptureRequest, PortInfo } from './target.ts';

const welcome: Welcome = {
  kind: 'dpdk',
  pid: 1,
  version: 'DPDK 99',
  filePrefix: 'x',
  engine: 'jit',
  build: '',
};
const none = { in: undefined, out: undefined };
const request: CaptureRequest = {
  ports: [{ portId: 0, directions: ['in'], snaplen: 96, programs: none }],
  ringBytes: 65_536,
  meta: false,
  hostClock: false,
};

const noPort: PortInfo = {
  portId: 0,
  name: '',
  driver: '',
  firmware: '',
  mac: new Uint8Array(6),
  up: false,
  promiscuous: false,
  speedMbps: undefined,
  mtu: 0,
  numaNode: 0,
  rxQueues: 0,
  txQueues: 0,
  counters: undefined,
};

type Respond = (message: Message, socket: MessageSocket, close: () => void) => void;

let folder: string;
let path: string;
let cleanups: (() => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-connection-'));
  path = join(folder, '1.sock');
  cleanups = [];
});

afterEach(() => {
  vi.useRealTimers();
  for (const cleanup of cleanups.reverse()) cleanup();
  rmSync(folder, { recursive: true });
});

/** A server that says whatever the test wants. */
function serve(
  respond: Respond,
  onConnect: (socket: MessageSocket, close: () => void) => void = () => {},
): void {
  const listener = openSocket();
  bindSocket(listener, path);
  listenSocket(listener, 8);
  const watch = watchDescriptor(listener, () => {
    for (let fd = acceptSocket(listener); fd !== undefined; fd = acceptSocket(listener)) take(fd);
  });
  cleanups.push(() => {
    watch.close();
    closeSync(listener);
  });

  function take(fd: number): void {
    const socket = new MessageSocket(fd, () => false);
    let clientWatch: Watch | undefined;
    const close = () => {
      clientWatch?.close();
      clientWatch = undefined;
      socket.close();
    };
    clientWatch = watchDescriptor(fd, () => {
      const messages = socket.isOpen ? socket.receive() : undefined;
      for (const message of messages ?? []) respond(message, socket, close);
      if (messages === undefined || !socket.isOpen) close();
    });
    cleanups.push(close);
    onConnect(socket, close);
  }
}

/** Answers HELLO as an agent does, the rest as the test wants. */
function serveGreeted(respond: Respond): void {
  serve((message, socket, close) => {
    if (message.type !== ABI.HONE_MSG_HELLO) return respond(message, socket, close);
    socket.send(encodeMessage(ABI.HONE_MSG_WELCOME, message.request, encodeWelcome(welcome)));
  });
}

function sealedMemory(bytes: number): number {
  const fd = createSealedMemory('hone-test', bytes);
  cleanups.push(() => closeSync(fd));
  return fd;
}

/** Memory that is a session's as far as its header goes. */
function sessionMemory(): number {
  const fd = sealedMemory(SESSION_MEMORY_BYTES);
  const mapping = mapMemory(fd, { plainBytes: SESSION_MEMORY_BYTES, mirroredBytes: 0, writer: true });
  new Uint32Array(mapping.buffer, 0, 2).set([ABI.HONE_MAGIC, ABI.HONE_ABI_VERSION]);
  mapping.close();
  return fd;
}

function ringWriter(dataBytes: number): RingWriter {
  const ring = new RingWriter(0, dataBytes);
  cleanups.push(() => ring.close());
  return ring;
}

const started = encodeStarted({ interfaceCount: 1, engine: 'jit' });

describe('the greeting', () => {
  test.each<[string, Respond, string, RegExp]>([
    [
      'another version',
      (message, socket) => {
        const body = encodeWelcome(welcome);
        body[0] = 9;
        socket.send(encodeMessage(ABI.HONE_MSG_WELCOME, message.request, body));
      },
      'PEER_REFUSED',
      /speaks version 9 of the protocol/,
    ],
    [
      'a refusal',
      (message, socket) =>
        socket.send(encodeMessage(ABI.HONE_MSG_ERROR, message.request, encodeError(93, 'not you'))),
      'PEER_REFUSED',
      /sock: not you$/,
    ],
    [
      'another answer',
      (message, socket) => socket.send(encodeMessage(ABI.HONE_MSG_PORTS, message.request, new Uint8Array(8))),
      'PEER_PROTOCOL',
      /message type 5 for request 1, which it does not answer/,
    ],
    [
      'an answer to nothing',
      (_, socket) => socket.send(encodeMessage(ABI.HONE_MSG_WELCOME, 77, encodeWelcome(welcome))),
      'PEER_PROTOCOL',
      /for request 77/,
    ],
    [
      'no message at all',
      (_, socket) => socket.send(new Uint8Array(64).fill(0xff)),
      'PEER_PROTOCOL',
      /4294967295 bytes/,
    ],
    [
      'a descriptor that nobody asked for',
      (message, socket) =>
        socket.send(encodeMessage(ABI.HONE_MSG_WELCOME, message.request, encodeWelcome(welcome)), [
          sealedMemory(4096),
        ]),
      'PEER_PROTOCOL',
      /belongs to no message/,
    ],
    ['the end', (_, __, close) => close(), 'PEER_GONE', /ended, or closed the connection/],
  ])('%s', async (_, respond, code, message) => {
    serve(respond);
    await expect(connectTarget(path)).rejects.toThrow(expect.objectContaining({ code }));
    await expect(connectTarget(path)).rejects.toThrow(message);
  });

  test('a refusal before anything was asked', async () => {
    serve(
      () => {},
      (socket, close) => {
        socket.send(encodeMessage(ABI.HONE_MSG_ERROR, 0, encodeError(87, 'full')));
        close();
      },
    );
    await expect(connectTarget(path)).rejects.toThrow(/full|ended/);
  });

  test('nobody there', async () => {
    await expect(connectTarget(path)).rejects.toThrow(/no agent \(there is no/);
    const listener = openSocket();
    bindSocket(listener, path);
    closeSync(listener);
    await expect(connectTarget(path)).rejects.toThrow(/ended, only .* is left of it/);
  });

  test('no answer', async () => {
    serve(() => {});
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const answer = Connection.open(path, 'process 1');
    const refused = expect(answer).rejects.toThrow('process 1: no answer for 5 s');
    await vi.advanceTimersByTimeAsync(5000);
    await refused;
  });

  test('somebody else under the name of a process', async () => {
    const run = mkdtempSync('/tmp/hone-runtime-');
    vi.stubEnv('XDG_RUNTIME_DIR', run);
    cleanups.push(() => {
      vi.unstubAllEnvs();
      rmSync(run, { recursive: true });
    });
    path = join(makeSocketFolder(), '1.sock');
    cleanups.push(() => rmSync(path));
    serveGreeted(() => {});
    await expect(connectTarget(1)).rejects.toThrow(`process 1: it is process ${process.pid} that answers`);
  });

  test('a path longer than a socket can have', async () => {
    await expect(connectTarget(`/${'x'.repeat(200)}`)).rejects.toThrow(/at most 107 bytes/);
  });
});

describe('the start of a capture', () => {
  async function start(respond: Respond): Promise<void> {
    serveGreeted(respond);
    const target = await connectTarget(path);
    cleanups.push(() => target.close());
    const feed = await target.startCapture(request);
    cleanups.push(() => feed.close());
    for (let n = 0; n < 50; n++) {
      feed.poll();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  const answerWith =
    (fd: () => number[], body = started): Respond =>
    (message, socket) =>
      socket.send(encodeMessage(ABI.HONE_MSG_STARTED, message.request, body), fd());

  /** STARTED, then the ring. */
  const announce =
    (event: Uint8Array, fd: () => number[], times = 1): Respond =>
    (message, socket) => {
      answerWith(() => [sessionMemory()])(message, socket, () => {});
      for (let n = 0; n < times; n++) socket.send(encodeMessage(ABI.HONE_MSG_RING, 0, event), fd());
    };

  const ringEvent = { ring: 0, tid: 1, data_bytes: 65_536, index_entries: 1024 };

  test.each<[string, Respond, RegExp]>([
    ['without memory', answerWith(() => []), /message type 7 without its file descriptor/],
    [
      'with a file that is no memory',
      answerWith(() => [openSync('/dev/null', 'r')]),
      /not sealed against resizing/,
    ],
    [
      'with memory of another size',
      answerWith(() => [sealedMemory(4096)]),
      /got 4096 bytes of memory, expected 86016/,
    ],
    [
      'with memory that is empty',
      answerWith(() => [sealedMemory(SESSION_MEMORY_BYTES)]),
      /got magic 0x0 and version 0/,
    ],
    [
      'with another number of interfaces',
      answerWith(() => [sessionMemory()], encodeStarted({ interfaceCount: 2, engine: 'jit' })),
      /got 2 interfaces, expected 1/,
    ],
    [
      'with a ring that is too small',
      announce(encodeRingEvent(ringEvent), () => [sealedMemory(65_536)]),
      /ring 0: got 65536 bytes/,
    ],
    [
      'with a ring larger than asked for',
      announce(encodeRingEvent({ ...ringEvent, data_bytes: 131_072, index_entries: 2048 }), () => [
        ringWriter(131_072).fd,
      ]),
      /got ring 0 of 131072 bytes/,
    ],
    [
      'with the same ring twice',
      announce(encodeRingEvent(ringEvent), () => [ringWriter(65_536).fd], 2),
      /got ring 0 twice/,
    ],
    [
      'with a ring under another number',
      announce(encodeRingEvent({ ...ringEvent, ring: 5 }), () => [ringWriter(65_536).fd]),
      /ring 5: ring is 0, expected 5/,
    ],
    [
      'with an event that is none',
      (message, socket) => {
        answerWith(() => [sessionMemory()])(message, socket, () => {});
        socket.send(encodeMessage(ABI.HONE_MSG_PORT, 0, new Uint8Array(3)));
      },
      /PORT: got 3 bytes/,
    ],
  ])('%s', async (_, respond, message) => {
    const attempt = start(respond);
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'PEER_PROTOCOL' }));
  });

  test('events without end, which nobody takes, end the connection', async () => {
    const event = encodeMessage(
      ABI.HONE_MSG_PORT,
      0,
      encodePortEvent({ kind: 'port-removed', interfaceId: 0, port: noPort }),
    );
    serveGreeted((_, socket) => {
      const timer = setInterval(() => {
        for (let n = 0; n < 100 && socket.isOpen; n++) socket.send(event);
      }, 1);
      cleanups.push(() => clearInterval(timer));
    });
    const target = await connectTarget(path);
    await expect(target.listPorts()).rejects.toThrow(/more than 1024 events at once/);
    target.close();
  });

  test('events before the answer are kept, and what is gone is told once, last', async () => {
    const ring = ringWriter(65_536);
    serveGreeted((message, socket, close) => {
      const early = encodeMessage(ABI.HONE_MSG_RING, 0, encodeRingEvent(ring.event));
      const answer = encodeMessage(ABI.HONE_MSG_STARTED, message.request, started);
      socket.send(concatBytes([early]), [ring.fd]);
      socket.send(answer, [sessionMemory()]);
      close();
    });
    const target = await connectTarget(path);
    const feed = await target.startCapture(request);
    expect(feed.rings).toEqual([]);
    expect(feed.poll()).toEqual([{ kind: 'gone' }]);
    expect(feed.rings.map(({ ringId }) => ringId)).toEqual([0]);
    expect(feed.poll()).toEqual([]);
    await feed.stop();
    expect(feed.counters()).toEqual([]);
    feed.close();
    target.close();
  });
});
