/** The price of probes of the kernel, told before they are attached; a person is asked when it is high. */
import { createInterface } from 'node:readline/promises';
import { UsageError } from '../base/index.ts';
import type { KernelPoint } from '../target/kernel-target.ts';
import { estimateKernelPrice, formatKernelPrice } from '../trace/index.ts';

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
  const price = await estimateKernelPrice(points, pid);
  if (price === undefined || !price.isHot) return;
  process.stderr.write(`${formatKernelPrice(price)}\n`);
  if (isSure || !process.stdin.isTTY || !process.stderr.isTTY) return;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question('go on? [y/N] ');
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('nothing was attached');
}
