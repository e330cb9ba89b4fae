import { closeSync, openSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI } from './abi.ts';
import { concatBytes } from './message-body.ts';
import { encodeMessage, MessageDecoder } from './message-socket.ts';

const withFd = (type: number) => type === 7;
const one = encodeMessage(5, 1, Uint8Array.of(1, 2, 3));
const two = encodeMessage(9, 2, new Uint8Array(100_000).fill(9));

test('messages arrive whole, however the stream is cut', () => {
  const stream = concatBytes([one, two, one]);
  for (const step of [1, 7, 16, 4096, stream.length]) {
    const decoder = new MessageDecoder(withFd);
    const messages = [];
    for (let at = 0; at < stream.length; at += step)
      messages.push(...decoder.push(stream.subarray(at, at + step)));
    expect(messages.map(({ type, request, body }) => [type, request, body.length])).toEqual([
      [5, 1, 3],
      [9, 2, 100_000],
      [5, 1, 3],
    ]);
    expect(messages[0]!.body).toEqual(Uint8Array.of(1, 2, 3));
    expect(messages[1]!.body[99_999]).toBe(9);
  }
});

test.each([
  ['shorter than its header', 15],
  ['longer than any', ABI.HONE_MAX_MESSAGE + 1],
  ['of the largest length a word holds', 0xffff_ffff],
])('a message %s is refused before it is stored', (_, length) => {
  const header = encodeMessage(5, 1, new Uint8Array(0));
  new DataView(header.buffer).setUint32(0, length, true);
  expect(() => new MessageDecoder(withFd).push(header)).toThrow(`got a message of ${length} bytes`);
});

test('a reserved field that is used is refused', () => {
  const message = encodeMessage(5, 1, new Uint8Array(0));
  message[12] = 1;
  expect(() => new MessageDecoder(withFd).push(message)).toThrow(/reserved/);
});

describe('descriptors', () => {
  const open = () => openSync('/dev/null', 'r');
  const isOpen = (fd: number) => {
    try {
      closeSync(fd);
      return true;
    } catch {
      return false;
    }
  };
  const carrier = encodeMessage(7, 0, Uint8Array.of(1));

  test('belong to the messages that have one, in order', () => {
    const [a, b] = [open(), open()];
    const messages = new MessageDecoder(withFd).push(concatBytes([one, carrier, one, carrier]), [a, b]);
    expect(messages.map(({ fd }) => fd)).toEqual([undefined, a, undefined, b]);
    closeSync(a);
    closeSync(b);
  });

  test('may come with the first part of their message', () => {
    const fd = open();
    const decoder = new MessageDecoder(withFd);
    expect(decoder.push(carrier.subarray(0, 10), [fd])).toEqual([]);
    expect(decoder.push(carrier.subarray(10))[0]!.fd).toBe(fd);
    closeSync(fd);
  });

  test('that nobody asked for are closed, and refused', () => {
    const [a, b] = [open(), open()];
    expect(() => new MessageDecoder(withFd).push(concatBytes([carrier, one]), [a, b])).toThrow(
      /belongs to no message/,
    );
    expect([isOpen(a), isOpen(b)]).toEqual([false, false]);
  });

  test('must not be missing', () => {
    expect(() => new MessageDecoder(withFd).push(carrier)).toThrow(/without its file descriptor/);
  });

  test('of a message that never became complete are closed with the decoder', () => {
    const fd = open();
    const decoder = new MessageDecoder(withFd);
    decoder.push(carrier.subarray(0, 3), [fd]);
    decoder.close();
    expect(isOpen(fd)).toBe(false);
  });
});

test('no bytes bring the decoder to throw anything but PeerError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
      const decoder = new MessageDecoder(withFd);
      try {
        for (const chunk of chunks) decoder.push(chunk);
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
      }
    }),
  );
});
