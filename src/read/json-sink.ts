/**
 * `-T json` and `-T ek`: packets as JSON in tshark's shapes. With fields each packet has these, by name, as arrays of
 * text; without, every layer with all its fields.
 */
import type { OutputStream } from '../output/index.ts';
import {
  FIELDS,
  type Field,
  type FieldValue,
  formatDate,
  formatFieldValue,
  type Packet,
  type ProtocolName,
  readField,
} from '../packet/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import { dissectRecord } from './dissect-record.ts';
import type { FieldColumn } from './field-column.ts';
import type { RecordSink } from './record-sink.ts';
import { TextStream } from './text-stream.ts';

type Json = string | boolean | readonly Json[] | { readonly [name: string]: Json };

/** How the packets stand in the whole. */
export interface JsonForm {
  readonly begin: string;
  readonly between: string;
  readonly end: string;
  /** The whole without any packet. */
  readonly empty: string;
  /** A layer with all its fields; `fields` are in the order of the table. */
  layer(protocol: string, fields: readonly LayerField[]): Json;
  packet(record: PacketRecord, layers: Json): string;
  /** A field's name as a key. */
  key(name: string): string;
}

interface LayerField {
  readonly field: Field;
  readonly values: readonly FieldValue[];
}

/** One array, two spaces deep, as `tshark -T json` has it. */
export const JSON_FORM: JsonForm = {
  begin: '[\n',
  between: ',\n',
  end: '\n]\n',
  empty: '[]\n',
  key: (name) => name,
  layer(_protocol, fields) {
    return Object.fromEntries(
      fields.map(({ field, values }) => [
        field.name,
        oneOrMany(values.map((value) => formatFieldValue(field, value))),
      ]),
    );
  },
  packet(record, layers) {
    const packet = { _index: indexName(record), _type: 'doc', _score: null, _source: { layers } };
    return JSON.stringify(packet, undefined, 2).replace(/^/gm, '  ');
  },
};

/** Two lines a packet, for the bulk interface of Elasticsearch, as `tshark -T ek` has it. */
export const EK_FORM: JsonForm = {
  begin: '',
  between: '',
  end: '',
  empty: '',
  key: (name) => name.replaceAll('.', '_'),
  layer(protocol, fields) {
    return Object.fromEntries(
      fields.map(({ field, values }) => [
        EK_FORM.key(`${protocol}.${field.name}`),
        oneOrMany(
          values.map((value) => (typeof value === 'boolean' ? value : formatFieldValue(field, value))),
        ),
      ]),
    );
  },
  packet(record, layers) {
    const { timestampNs = 0n } = record;
    const index = { index: { _index: indexName(record), _type: 'doc' } };
    const packet = { timestamp: String(timestampNs / 1_000_000n), layers };
    return `${JSON.stringify(index)}\n${JSON.stringify(packet)}\n`;
  },
};

const LAYER_FIELDS: ReadonlyMap<ProtocolName, readonly Field[]> = groupByProtocol();

export class JsonSink implements RecordSink {
  readonly #text: TextStream;
  readonly #form: JsonForm;
  readonly #columns: readonly FieldColumn[];
  #isEmpty = true;

  /**
   * Takes over `stream`.
   * @param columns empty for everything
   */
  constructor(stream: OutputStream, form: JsonForm, columns: readonly FieldColumn[]) {
    this.#text = new TextStream(stream);
    this.#form = form;
    this.#columns = columns;
  }

  putPacket(record: PacketRecord, number: number): Promise<void> | undefined {
    const packet = dissectRecord(record, number);
    const layers = this.#columns.length === 0 ? this.#allLayers(packet) : this.#chosenFields(packet);
    const before = this.#isEmpty ? this.#form.begin : this.#form.between;
    this.#isEmpty = false;
    return this.#text.put(before + this.#form.packet(record, layers));
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  async finish(): Promise<void> {
    await this.#text.put(this.#isEmpty ? this.#form.empty : this.#form.end);
    await this.#text.close();
  }

  #chosenFields(packet: Packet): Json {
    const entries = this.#columns.map(
      (column) => [this.#form.key(column.name), column.read(packet)] as const,
    );
    return Object.fromEntries(entries.filter(([, values]) => values.length > 0));
  }

  /** What several layers share a name is an array of them. */
  #allLayers(packet: Packet): Json {
    const layers = new Map<string, Json[]>([['frame', [this.#allFields('frame', packet)]]]);
    for (const layer of packet.layers) {
      const fields = this.#allFields(layer.protocol, { ...packet, layers: [layer] });
      const same = layers.get(layer.protocol);
      if (same === undefined) layers.set(layer.protocol, [fields]);
      else same.push(fields);
    }
    return Object.fromEntries([...layers].map(([protocol, same]) => [protocol, oneOrMany(same)]));
  }

  #allFields(protocol: ProtocolName, packet: Packet): Json {
    const fields = (LAYER_FIELDS.get(protocol) ?? []).map((field) => ({
      field,
      values: readField([field], packet),
    }));
    return this.#form.layer(
      protocol,
      fields.filter(({ values }) => values.length > 0),
    );
  }
}

function oneOrMany(values: readonly Json[]): Json {
  return values.length === 1 ? values[0]! : values;
}

function indexName({ timestampNs = 0n }: PacketRecord): string {
  return `packets-${formatDate(new Date(Number(timestampNs / 1_000_000n)))}`;
}

function groupByProtocol(): Map<ProtocolName, Field[]> {
  const groups = new Map<ProtocolName, Field[]>();
  for (const field of FIELDS) {
    const group = groups.get(field.protocol);
    if (group === undefined) groups.set(field.protocol, [field]);
    else group.push(field);
  }
  return groups;
}
