/** What interval probes and END write into keyed maps, in an application whose threads read them. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hone } from './hone.ts';
import { missingDpdk, startTestpmd, type Testpmd } from './testpmd.ts';

let app: Testpmd | undefined;

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  await app?.kill();
  app = undefined;
});

/** Each line of a map with keys: `@n[1]: 5`. */
function entries(text: string, map: string): Map<string, number> {
  const lines = text.matchAll(new RegExp(`^${map}\\[(.*)\\]: (\\d+)$`, 'gm'));
  return new Map([...lines].map(([, key, value]) => [key!, Number(value)]));
}

test('every thread sees what an interval assigned and deleted, and the end what END did', async () => {
  // Two threads on one processor, each with a port of its own.
  app = await startTestpmd({
    vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'],
    lcores: ['--lcores', '0@0,1@1,2@1'],
    app: ['--nb-cores=2'],
  });
  await app.command('start');
  const { code, stdout, stderr } = await hone(
    ...['trace', '-q', '-p', String(app.pid), '-e'],
    `dpdk:rx_burst { @threads[args.port, lcore] = count(); }
     dpdk:rx_burst /@on["rx", args.port] == 7/ { @n[args.port] = count(); }
     interval:ms:150 {
       @turn++;
       if (@turn == 2) { @on["rx", 0] = 7; @on["rx", 1] = 7; }
       if (@turn == 4) { delete(@on["rx", 0]); @on["tx", 9] = 1; }
       if (@turn == 6) { @on["rx", 1] = 8; }
       if (@turn & 1) { printf("turn %d\\n", @turn); print(@n); }
       if (@turn == 10) { exit(); }
     }
     END { delete(@on["tx", 9]); @on["end", 5] = 6; clear(@turn); }`,
  );
  expect(code, stderr).toBe(0);
  const [, ...turns] = stdout.split(/^turn \d\n/m).map((text) => entries(text, '@n'));
  expect(turns, stdout).toHaveLength(5);
  expect([...entries(stdout, '@threads').keys()].sort()).toEqual(['0, 1', '1, 2']);
  const [untold, both, one, none, end] = turns;
  expect(untold).toEqual(new Map());
  expect([...both!.keys()].sort()).toEqual(['0', '1']);
  expect(one!.get('0')).toBe(none!.get('0'));
  expect(one!.get('1')).toBeGreaterThan(both!.get('1')!);
  expect(end).toEqual(none);
  expect(entries(stdout, '@on')).toEqual(
    new Map([
      ['end, 5', 6],
      ['rx, 1', 8],
    ]),
  );
});
