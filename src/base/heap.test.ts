import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from './heap.ts';

test('gives what was put in, in order, however pushes and pops alternate', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined })), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const step of steps) {
        expect(heap.first).toBe(model[0]);
        if (step === undefined) {
          expect(heap.pop()).toBe(model.shift());
        } else if (step > 20 && model.length > 0) {
          expect(heap.replaceFirst(step - 20)).toBe(model.shift());
          model.push(step - 20);
          model.sort((a, b) => a - b);
        } else {
          heap.push(step);
          model.push(step);
          model.sort((a, b) => a - b);
        }
        expect(heap.size).toBe(model.length);
      }
    }),
  );
});
