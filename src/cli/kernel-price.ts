/**
 * What probes of the kernel will cost what they are put on, said before that happens: how often they are hit now, times
 * what a hit costs on this machine. Above a share of a processor a person is asked.
 */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../base/index.ts';
import { type KernelPoint, measureHitNs, sampleHitRates } from '../target/kernel-target.ts';

/** Of one processor, in percent. */
const ASK_ABOVE = 5;

/**
 * Takes some 150 ms.
 * @param isSure do not ask
 * @throws UsageError when the answer is no
 */
export async function checkPrice(
  points: readonly KernelPoint[],
  pid: number | undefined,
  isSure: boolean,
): Promise<void> {
  const rates = await sampleHitRates(points, pid);
  const prices = rates.map(({ point, hitsPerSecond }) => ({
    point,
    hitsPerSecond,
    percent: (hitsPerSecond * (measureHitNs(point.kind) ?? 0)) / 1e7,
  }));
  const percent = prices.reduce((sum, price) => sum + price.percent, 0);
  if (percent < ASK_ABOVE) return;
  const { point, hitsPerSecond } = prices.reduce((most, price) =>
    price.percent > most.percent ? price : most,
  );
  process.stderr.write(
    `${point.name} is hit ${Math.round(hitsPerSecond)} times a second: ` +
      `this trace will take about ${percent.toFixed(0)} % of a processor from what it traces\n`,
  );
  if (isSure || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question('go on? [y/N] ');
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('nothing was attached');
}
