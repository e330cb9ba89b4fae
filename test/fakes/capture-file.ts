/** What a capture file holds, as tests compare it. */
import { readFileSync } from 'node:fs';
import { type CaptureRecord, createCaptureReader } from '../../src/pcapng/index.ts';

type RecordOf<Type extends CaptureRecord['type']> = Extract<CaptureRecord, { type: Type }>;

export interface FileContents {
  /** The records' types in file order, runs of one type as one. */
  readonly shape: string[];
  readonly sections: RecordOf<'section'>[];
  readonly interfaces: RecordOf<'interface'>[];
  /** Of each packet: interface, first byte, and time. */
  readonly packets: { readonly interfaceId: number; readonly mark: number; readonly timestampNs: bigint }[];
  readonly statistics: RecordOf<'statistics'>[];
}

/** Throws for a file that is damaged or cut short. */
export function readCaptureFile(path: string): FileContents {
  const reader = createCaptureReader();
  reader.push(new Uint8Array(readFileSync(path)));
  const contents: FileContents = { shape: [], sections: [], interfaces: [], packets: [], statistics: [] };
  for (let record = reader.read(); record !== undefined; record = reader.read()) {
    if (contents.shape.at(-1) !== record.type) contents.shape.push(record.type);
    if (record.type === 'section') contents.sections.push(record);
    if (record.type === 'interface') contents.interfaces.push(record);
    if (record.type === 'statistics') contents.statistics.push(record);
    if (record.type === 'packet') {
      contents.packets.push({
        interfaceId: record.interface.id,
        mark: record.data[0]!,
        timestampNs: record.timestampNs!,
      });
    }
  }
  reader.end();
  return contents;
}
