/**
 * The price of `hone top`: forwarding rate of a saturated testpmd (net_null, 64 bytes, one lcore) while it runs, held against the
 * seconds just before and just after. Once with the callbacks in place and idle on both sides, several times a round.
 */
import { forwardingRate, hone, runBeside } from './beside.ts';
import { startForwarder } from './forwarder.ts';
import { formatSpread, printTable } from './statistics.ts';

const TURNS = 4;
const RATE_SECONDS = 2;

export async function benchTop(rounds = 3): Promise<void> {
  const lost: number[] = [];
  const unchanged: number[] = [];
  const during: number[] = [];
  const top = [...hone, 'top', '--prometheus', '0'];
  for (let round = 0; round < rounds; round++) {
    const forwarder = await startForwarder({ rateSeconds: RATE_SECONDS, below: [...hone, 'run', '--'] });
    try {
      // The first one installs the callbacks, which stay.
      await runBeside(forwarder, top, { sign: 'metrics at' });
      let before = await forwardingRate(forwarder);
      for (let turn = 0; turn < TURNS; turn++) {
        const { rate } = await runBeside(forwarder, top, { sign: 'metrics at' });
        const after = await forwardingRate(forwarder);
        const later = await forwardingRate(forwarder);
        during.push(rate / 1e6);
        lost.push(100 * (1 - (2 * rate) / (before + after)));
        // The same comparison with nothing in it: what the machine does by itself.
        unchanged.push(100 * (1 - later / after));
        before = later;
      }
    } finally {
      await forwarder.stop();
    }
  }
  printTable(
    ['64-byte packets, one lcore, port 0', 'median (lowest to highest)'],
    [
      ['forwarded while hone top ran, Mpps', formatSpread(during)],
      ['off, %', formatSpread(lost)],
      ['the same between two times without it, %', formatSpread(unchanged)],
    ],
  );
}
