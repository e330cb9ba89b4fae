/** Damaged recordings: whatever the bytes are, a conversion ends, and with no error but ours. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { convertedFile } from '../../test/fakes/converted-file.ts';
import { encodeCapture, MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import { HoneError } from '../base/index.ts';
import { openInputs } from './open-inputs.ts';
import { FORMATS } from './open-sink.ts';

let folder: string;
let files: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hone-hostile-'));
  const made = new MadeSources();
  const session = made.session('run', true);
  const events = Array.from({ length: 40 }, (_, n) => ({
    timeNs: T0 + BigInt(n),
    name: [
      'dpdk:rx_burst',
      'dpdk:rx_packet',
      'dpdk:tx_packet',
      'dataplane:stage_begin',
      'dataplane:stage_end',
    ][n % 5]!,
    fields: { mbuf: BigInt(n >> 3), packet_id: BigInt(n), stage: 'lookup', nb_rx: n },
  }));
  const { path, remove } = await convertedFile('ctf', [made.trace(session, [{ events }])]);
  cpSync(path, join(folder, 'whole', 'events'), { recursive: true });
  remove();
  const packets = [1n, 6n, 11n].map((id) => ({ timeNs: T0 + id, direction: 'in', packetId: id }) as const);
  writeFileSync(join(folder, 'whole', 'packets.pcapng'), encodeCapture(packets));
  files = ['packets.pcapng', 'events/metadata', 'events/stream_0'];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens and converts; the error, if there was one. */
async function convertAll(path: string, format: (typeof FORMATS)[number]): Promise<unknown> {
  try {
    const { sources } = await openInputs([path], []);
    const { error, remove } = await convertedFile(format, sources);
    remove();
    return error;
  } catch (error) {
    return error;
  }
}

test('what is whole converts into everything', async () => {
  for (const format of FORMATS) expect(await convertAll(join(folder, 'whole'), format)).toBeUndefined();
});

test('bytes changed, left out, cut off', async () => {
  const change = fc.record({
    file: fc.nat(2),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ maxLength: 9 }),
    how: fc.constantFrom('put', 'insert', 'delete', 'cut'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...FORMATS),
      async (changes, format) => {
        const damaged = mkdtempSync(join(folder, 'damaged-'));
        cpSync(join(folder, 'whole'), damaged, { recursive: true });
        for (const { file, at, bytes, how } of changes) {
          const path = join(damaged, files[file]!);
          const was = readFileSync(path);
          const place = Math.floor(at * was.length);
          const behind =
            how === 'put'
              ? place + bytes.length
              : how === 'delete'
                ? place + 5
                : how === 'cut'
                  ? was.length
                  : place;
          writeFileSync(
            path,
            Buffer.concat([
              was.subarray(0, place),
              how === 'cut' ? Buffer.of() : bytes,
              was.subarray(behind),
            ]),
          );
        }
        const error = await convertAll(damaged, format);
        rmSync(damaged, { recursive: true });
        if (error !== undefined) expect(error).toBeInstanceOf(HoneError);
      },
    ),
    { numRuns: 150 },
  );
});

test('folders of anything', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom('metadata', 'stream', 'a.pcap', '.x'), fc.uint8Array({ maxLength: 60 })),
      async (contents) => {
        const path = mkdtempSync(join(folder, 'any-'));
        mkdirSync(join(path, 'index'));
        for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(path, name), bytes);
        const error = await convertAll(path, 'json');
        rmSync(path, { recursive: true });
        if (error !== undefined) expect(error).toBeInstanceOf(HoneError);
      },
    ),
    { numRuns: 100 },
  );
  expect(readdirSync(folder)).toEqual(['whole']);
});
