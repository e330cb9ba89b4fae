import { describe, expect, test } from 'vitest';
import { sampleTraffic } from '../../../packet/index.ts';
import { packetParts, partAt } from './packet-parts.ts';

const packets = [...sampleTraffic({ packets: 500 })];

describe('a packet taken apart', () => {
  test('every part lies in the packet, fields in their layer', () => {
    for (const { frame } of packets) {
      for (const layer of packetParts(frame, frame.length)) {
        expect(layer.start).toBeLessThanOrEqual(layer.end);
        expect(layer.end).toBeLessThanOrEqual(frame.length);
        for (const { start, end } of layer.fields) {
          expect(start).toBeGreaterThanOrEqual(layer.start);
          expect(end).toBeLessThanOrEqual(frame.length);
        }
      }
    }
  });

  test('a byte leads to the smallest field that holds it, and that back to the byte', () => {
    const tcp = packets.find(({ frame }) =>
      packetParts(frame, frame.length).some(({ protocol }) => protocol === 'tcp'),
    )!;
    const layers = packetParts(tcp.frame, tcp.frame.length);
    const names = [0, 6, 8, 12].map((byte) => {
      const part = partAt(layers, byte)!;
      expect(part.start).toBeLessThanOrEqual(byte);
      expect(part.end).toBeGreaterThan(byte);
      return 'name' in part ? part.name : part.protocol;
    });
    expect(names).toEqual(['eth.dst.lg', 'eth.src.lg', 'eth.src', 'eth.type']);
    expect(partAt(layers, 100_000)).toBeUndefined();
  });

  test('a packet that is cut short has the fields that are there', () => {
    const [layer] = packetParts(packets[0]!.frame.subarray(0, 8), 60);
    expect(layer).toMatchObject({ protocol: 'eth', fault: 'truncated' });
    expect(layer!.fields.map(({ name }) => name)).toEqual([
      'eth.dst',
      'eth.dst.lg',
      'eth.dst.ig',
      'eth.src.lg',
      'eth.src.ig',
    ]);
  });
});
