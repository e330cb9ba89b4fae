import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerError } from '../../base/index.ts';
import { hostMessages, pageMessages, parseMessage } from './index.ts';

const page = (json: string) => parseMessage(pageMessages, json);

describe('messages of a page', () => {
  test.each([
    { type: 'watch-overview', looksIntoPackets: true },
    { type: 'list-ports' },
    { type: 'start-capture', ports: [{ pid: 7, portId: 0 }], filter: 'tcp', snaplen: 96 },
    { type: 'get-rows', request: 1, from: 0, count: 500 },
    { type: 'find-text', request: 1, text: 'x', from: 9, direction: 'backward' },
    { type: 'start-timeline', request: 1, pid: 1, points: ['dpdk:rx_burst'] },
    { type: 'open-recording', request: 0xffff_ffff, path: '/tmp/x' },
  ] as const)('%j', (message) => expect(page(JSON.stringify(message))).toEqual(message));

  test.each([
    ['', 'message: got "", expected JSON'],
    ['[]', 'message.type: got nothing'],
    ['null', 'message: got null, expected an object'],
    ['{"type":"constructor"}', 'message.type: got "constructor"'],
    ['{"type":"__proto__"}', 'message.type: got "__proto__"'],
    ['{"type":"list-ports","more":1}', 'list-ports.more: got "it", expected no such field'],
    [
      '{"type":"watch-overview","looksIntoPackets":1}',
      'watch-overview.looksIntoPackets: got 1, expected true or false',
    ],
    [
      '{"type":"get-rows","request":1,"from":0,"count":501}',
      'get-rows.count: got 501, expected an integer from 1 to 500',
    ],
    ['{"type":"get-rows","request":1,"from":-1,"count":1}', 'get-rows.from: got -1'],
    ['{"type":"get-rows","request":1,"from":0.5,"count":1}', 'get-rows.from: got 0.5'],
    ['{"type":"get-rows","request":1,"from":0}', 'get-rows.count: got nothing'],
    [
      '{"type":"start-capture","ports":[{"pid":1}],"filter":"","snaplen":1}',
      'start-capture.ports[0].portId: got nothing',
    ],
    ['{"type":"start-capture","ports":{},"filter":"","snaplen":1}', 'start-capture.ports: got {}'],
    [
      '{"type":"find-text","request":1,"text":"x","from":0,"direction":"up"}',
      'find-text.direction: got "up"',
    ],
  ])('%s is refused', (json, message) => {
    expect(() => page(json)).toThrow(PeerError);
    expect(() => page(json)).toThrow(message);
  });

  test('a text that is too long is refused', () => {
    const message = { type: 'start-trace', pid: 1, process: null, isSure: false, script: 'x'.repeat(65_537) };
    expect(() => page(JSON.stringify(message))).toThrow(/expected text of at most 65536 characters/);
  });

  test('whatever comes, only our errors escape', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (json) => {
        for (const checks of [pageMessages, hostMessages] as const) {
          try {
            parseMessage<never>(checks as never, json);
          } catch (error) {
            expect(error).toBeInstanceOf(PeerError);
          }
        }
      }),
    );
  });
});
