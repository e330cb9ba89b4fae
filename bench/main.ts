/** `npm run bench -- NAME`: measures on this machine, beside a peer in the same run, and prints a table. */
import { benchCapture } from './capture.ts';
import { benchRead } from './read.ts';

const benches: Record<string, () => Promise<void>> = { capture: benchCapture, read: benchRead };
const name = process.argv[2] ?? '';
const bench = benches[name];
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exitCode = 1;
} else {
  await bench();
}
