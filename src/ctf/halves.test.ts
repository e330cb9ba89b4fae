import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Halves } from './halves.ts';

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: 2n ** 32n - 2n, max: 2n ** 32n + 2n }),
);

function halves(value: bigint): Halves {
  const made = new Halves();
  made.assign(value);
  return made;
}

test('compares and adds as 64-bit integers do', () => {
  fc.assert(
    fc.property(int64, int64, (a, b) => {
      expect(Math.sign(halves(a).compare(halves(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      const sum = new Halves();
      sum.setSum(halves(a), halves(b));
      expect(sum.signed).toBe(BigInt.asIntN(64, a + b));
      const copy = new Halves();
      copy.copy(sum);
      expect([copy.high, copy.low]).toEqual([
        Number(BigInt.asUintN(32, sum.signed >> 32n)),
        Number(BigInt.asUintN(32, sum.signed)),
      ]);
    }),
  );
});
