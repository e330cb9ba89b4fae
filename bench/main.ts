/** `npm run bench -- NAME`: measures on this machine, beside a peer in the same run, and prints a table. */
import { parseArgs } from 'node:util';
import { benchStarts } from './attaching.ts';
import { benchBursts } from './bursts.ts';
import { benchCapture } from './capture.ts';
import { benchConvert } from './convert.ts';
import { benchFilter } from './filter.ts';
import { benchRead } from './read.ts';
import { benchRecord } from './record.ts';
import { benchRecordings } from './recordings.ts';
import { benchReport } from './report.ts';
import { benchTop } from './top.ts';
import { benchTrace } from './trace.ts';
import { benchPoints } from './trace-point.ts';

const benches: Record<string, (rounds?: number) => Promise<void>> = {
  bursts: benchBursts,
  capture: benchCapture,
  convert: benchConvert,
  filter: benchFilter,
  points: benchPoints,
  read: benchRead,
  record: benchRecord,
  recordings: benchRecordings,
  report: benchReport,
  starts: benchStarts,
  top: benchTop,
  trace: benchTrace,
};
const { positionals, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { rounds: { type: 'string' } },
});
// Node reads all certificates of that file whenever it starts (30 ms): a setting of some machines, not a price of hone's.
delete process.env.NODE_EXTRA_CA_CERTS;
const bench = benches[positionals[0] ?? ''];
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (bench === undefined || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--rounds N]`);
  process.exitCode = 1;
} else {
  await bench(rounds);
}
