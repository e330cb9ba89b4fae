import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

type Step = { readonly push: number } | { readonly ask: number; readonly take: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ push: fc.nat(40) }),
  fc.tuple(fc.nat(60), fc.nat(60)).map(([ask, take]) => ({ ask, take: Math.min(ask, take) })),
);

test('whatever the pieces and the units, the bytes come out in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue();
      let pushed = 0;
      let taken = 0;
      let borrowed: Uint8Array[] = [];
      for (const one of steps) {
        if ('push' in one) {
          const piece = Uint8Array.from({ length: one.push }, (_, i) => pushed + i);
          borrowed.push(piece);
          queue.push(piece);
          pushed += one.push;
        } else if (queue.ensure(one.ask)) {
          for (let i = 0; i < one.ask; i++) {
            expect(queue.bytes[queue.at + i]).toBe((taken + i) & 0xff);
            expect(queue.view.getUint8(queue.at + i)).toBe((taken + i) & 0xff);
          }
          queue.skip(one.take);
          taken += one.take;
        } else {
          expect(pushed - taken).toBeLessThan(one.ask);
          // Everything that was borrowed has been given back.
          for (const piece of borrowed) piece.fill(0xee);
          borrowed = [];
        }
        expect(queue.offset).toBe(taken);
        expect(queue.length).toBe(pushed - taken);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a unit that lies in one piece is not copied', () => {
  const queue = new ByteQueue();
  const piece = Uint8Array.of(1, 2, 3, 4);
  queue.push(piece);
  expect([queue.ensure(3), queue.bytes.buffer === piece.buffer]).toEqual([true, true]);
});

test('asking for much takes no memory before the bytes come', () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1, 2, 3));
  expect(queue.ensure(0x1000_0000)).toBe(false);
  expect(queue.bytes.buffer.byteLength).toBeLessThan(10_000);
});
