/** One packet: its layers and fields beside its bytes; what is chosen in one is marked in the other. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HostMessage } from '../../protocol/index.ts';
import type { HostConnection } from '../host-connection.ts';
import { Scroll } from '../scroll.tsx';
import { type FieldPart, type LayerPart, packetParts, partAt } from './packet-parts.ts';

type PacketMessage = Extract<HostMessage, { readonly type: 'packet' }>;

interface Range {
  readonly start: number;
  readonly end: number;
}

const BYTES_A_LINE = 16;

/** @param generation row numbers mean other packets when it changes */
export function PacketDetail({
  host,
  row,
  generation,
}: {
  readonly host: HostConnection;
  readonly row: number | undefined;
  readonly generation: string;
}): JSX.Element {
  const packet = usePacket(host, row, generation);
  const [chosen, setChosen] = useState<Range | undefined>();
  useEffect(() => setChosen(undefined), [packet]);
  const bytes = useMemo(() => decodeBase64(packet?.bytes ?? ''), [packet]);
  const layers = useMemo(() => packetParts(bytes, packet?.row?.length ?? bytes.length), [bytes, packet]);
  if (packet === undefined) return <section class="card empty">Choose a packet to look into it.</section>;
  if (packet.row === null) return <section class="card empty">This packet is no longer held.</section>;
  return (
    <section class="card detail" aria-label={`Packet ${packet.row.packet}`}>
      <Scroll name="Layers and fields">
        <p class="note">
          Packet {packet.row.packet}, {packet.row.length} bytes, {bytes.length} captured
          {packet.comment === '' ? '' : ` · ${packet.comment}`}
          {packet.dropCount > 0 ? ` · ${packet.dropCount} packets lost before it` : ''}
        </p>
        {layers.map((layer, n) => (
          <LayerView key={`${n} ${layer.protocol}`} layer={layer} chosen={chosen} onChoose={setChosen} />
        ))}
      </Scroll>
      <Bytes bytes={bytes} layers={layers} chosen={chosen} onChoose={setChosen} />
    </section>
  );
}

function usePacket(
  host: HostConnection,
  row: number | undefined,
  generation: string,
): PacketMessage | undefined {
  const [packet, setPacket] = useState<PacketMessage>();
  useEffect(() => {
    setPacket(undefined);
    if (row === undefined) return undefined;
    const request = host.nextRequest();
    const off = host.on('packet', (message) => {
      if (message.request === request) setPacket(message);
    });
    host.send({ type: 'get-packet', request, row });
    return off;
  }, [host, row, generation]);
  return packet;
}

interface ChoiceProps {
  readonly chosen: Range | undefined;
  readonly onChoose: (range: Range) => void;
}

function LayerView({
  layer,
  chosen,
  onChoose,
}: ChoiceProps & {
  readonly layer: LayerPart;
}): JSX.Element {
  const { protocol, fault, start, end, fields } = layer;
  return (
    <details open class="layer">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary takes clicks and keys by itself */}
      <summary onClick={() => onChoose({ start, end })}>
        {protocol}
        <small>
          {' '}
          bytes {start}–{end - 1}
          {fault === undefined ? '' : `, ${fault}`}
        </small>
      </summary>
      {fields.map((field, n) => (
        <button
          key={`${n} ${field.name}`}
          type="button"
          class="field"
          title={field.description}
          aria-pressed={isSame(field, chosen)}
          onClick={() => onChoose(field)}
        >
          <span>{field.name}</span>
          <span>{field.text}</span>
        </button>
      ))}
    </details>
  );
}

function isSame(field: FieldPart, range: Range | undefined): boolean {
  return range === field;
}

function Bytes({
  bytes,
  layers,
  chosen,
  onChoose,
}: ChoiceProps & {
  readonly bytes: Uint8Array;
  readonly layers: readonly LayerPart[];
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const choose = (event: MouseEvent) => {
    const at = (event.target as HTMLElement).dataset.at;
    const part = at === undefined ? undefined : partAt(layers, Number(at));
    if (part !== undefined) onChoose(part);
  };
  const lines = Array.from({ length: Math.ceil(bytes.length / BYTES_A_LINE) }, (_, n) => n * BYTES_A_LINE);
  useEffect(() => {
    place.current?.querySelector('.marked')?.scrollIntoView({ block: 'nearest' });
  });
  return (
    <Scroll name="Bytes">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: by keys, fields are chosen in the list of layers */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: likewise */}
      <div class="bytes" ref={place} onClick={choose}>
        {lines.map((start) => (
          <Line
            key={start}
            start={start}
            bytes={bytes.subarray(start, start + BYTES_A_LINE)}
            chosen={chosen}
          />
        ))}
      </div>
    </Scroll>
  );
}

function Line({
  start,
  bytes,
  chosen,
}: {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly chosen: Range | undefined;
}): JSX.Element {
  const isMarked = (at: number) => chosen !== undefined && at >= chosen.start && at < chosen.end;
  const places = Array.from(bytes, (byte, n) => ({ byte, at: start + n }));
  return (
    <div class="bytes-line">
      <span class="offset">{start.toString(16).padStart(4, '0')}</span>
      <span>
        {places.map(({ byte, at }) => (
          <span key={at} data-at={at} class={isMarked(at) ? 'byte marked' : 'byte'}>
            {byte.toString(16).padStart(2, '0')}
          </span>
        ))}
      </span>
      <span class="ascii" aria-hidden="true">
        {places.map(({ byte, at }) => (
          <span key={at} data-at={at} class={isMarked(at) ? 'marked' : ''}>
            {byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'}
          </span>
        ))}
      </span>
    </div>
  );
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
