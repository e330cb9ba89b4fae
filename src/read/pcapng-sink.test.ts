import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { OutputStream, openOutput } from '../output/index.ts';
import { type Block, createCaptureReader, encodeBlock, encodeSectionHeader } from '../pcapng/index.ts';
import { PcapngSink } from './pcapng-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'hone-pcapng-sink-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a sink makes of two files in one, each with these blocks. */
async function putTogether(...blocks: readonly Uint8Array[]): Promise<Uint8Array> {
  const path = join(folder, 'out');
  const givesUp = (): boolean => false;
  const { fd, isShared } = await openOutput(path, givesUp);
  const sink = new PcapngSink(new OutputStream({ name: path, fd, isShared, givesUp }), 'test', undefined);
  for (const inputIndex of [0, 1]) {
    const reader = createCaptureReader();
    reader.push(Buffer.concat([encodeSectionHeader(), ...blocks]));
    for (let record = reader.read(); record !== undefined; record = reader.read()) {
      if (record.type === 'packet') throw new Error('none was put in');
      await sink.putOther(record, { inputIndex, borrowRecord: () => reader.borrowBytes() });
    }
  }
  await sink.finish();
  return readFileSync(path);
}

test('secrets and blocks of others go along, custom blocks that must not do not', async () => {
  const none = { list: [], ended: false };
  const encode = (block: Block): Uint8Array => encodeBlock(block);
  const secrets = encode({ type: 'DSB', secretsType: 1, data: Uint8Array.of(1, 2, 3), options: none });
  const copyable = encode({ type: 'CB', pen: 32473, body: Uint8Array.of(1, 2, 3, 4) });
  const stays = encode({ type: 'DCB', pen: 32473, body: Uint8Array.of(5, 6, 7, 8) });
  const others = encode({ type: 'unknown', blockType: 0x8000_0001, body: Uint8Array.of(9, 9, 9, 9) });
  const kept = [secrets, copyable, others];
  const header = encodeSectionHeader({ shb_userappl: 'test' });
  expect(Buffer.from(await putTogether(secrets, copyable, stays, others))).toEqual(
    Buffer.concat([header, ...kept, ...kept]),
  );
});
