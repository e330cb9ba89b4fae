/**
 * What probes of the kernel will cost what they are put on, known before that happens: how often they are hit now, times what a hit
 * costs on this machine. The script's own programs come on top.
 */
import { type KernelPoint, measureHitNs, sampleHitRates } from '../target/kernel-target.ts';

/** A person is asked before more is taken: percent of one processor. */
const ASK_ABOVE = 5;

export interface KernelPrice {
  /** Of all points. */
  readonly percent: number;
  readonly isHot: boolean;
  /** The one that takes most. */
  readonly point: string;
  readonly hitsPerSecond: number;
}

/**
 * Takes some 150 ms.
 * @returns undefined when there is nothing whose rate is not the script's own
 */
export async function estimateKernelPrice(
  points: readonly KernelPoint[],
  pid: number | undefined,
): Promise<KernelPrice | undefined> {
  const rates = await sampleHitRates(points, pid);
  const prices = rates.map(({ point, hitsPerSecond }) => ({
    point: point.name,
    hitsPerSecond,
    percent: (hitsPerSecond * (measureHitNs(point) ?? 0)) / 1e7,
  }));
  if (prices.length === 0) return undefined;
  const percent = prices.reduce((sum, price) => sum + price.percent, 0);
  const most = prices.reduce((a, b) => (b.percent > a.percent ? b : a));
  return { ...most, percent, isHot: percent >= ASK_ABOVE };
}

/** As a sentence. */
export function formatKernelPrice({ point, hitsPerSecond, percent }: KernelPrice): string {
  return (
    `${point} is hit ${Math.round(hitsPerSecond)} times a second: ` +
    `this trace will take about ${percent.toFixed(0)} % of a processor from what it traces`
  );
}
