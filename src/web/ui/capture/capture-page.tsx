/** The Capture: choose ports and a filter, start, watch packets arrive, look into them, take them away. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type HostConnection, useLatest } from '../host-connection.ts';
import { setParameters, useUrlState } from '../url-state.ts';
import { CaptureCounts } from './capture-counts.tsx';
import { FilterBox, isFilterGood } from './filter-box.tsx';
import { PacketDetail } from './packet-detail.tsx';
import { PacketList } from './packet-list.tsx';
import { PortPicker, parsePorts } from './port-picker.tsx';

const SNAPLEN = 262_144;

export function CapturePage({ host }: { readonly host: HostConnection }): JSX.Element {
  const { parameters } = useUrlState();
  const capture = useLatest(host, 'capture');
  const refusal = useRefusal(host);
  const [isPaused, setPaused] = useState(false);
  const filter = parameters.get('filter') ?? '';
  const display = parameters.get('display') ?? '';
  const ports = parsePorts(parameters.get('ports') ?? '');
  const row = parameters.has('row') ? Number(parameters.get('row')) : undefined;
  const isRunning = capture?.isRunning ?? false;
  const start = () => {
    setPaused(false);
    setParameters({ row: undefined });
    host.send({ type: 'start-capture', ports, filter, snaplen: SNAPLEN });
    if (display !== '' && isFilterGood(display)) host.send({ type: 'set-display-filter', filter: display });
  };
  const filterRows = (text: string) => {
    setParameters({ display: text || undefined, row: undefined });
    if (capture !== undefined && isFilterGood(text)) host.send({ type: 'set-display-filter', filter: text });
  };
  return (
    <>
      <div class="bar-row">
        <h1>Capture</h1>
        <PortPicker host={host} chosen={ports} isDisabled={isRunning} />
        <span class="spread" />
        {isRunning ? (
          <button type="button" class="primary" onClick={() => host.send({ type: 'stop-capture' })}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={ports.length === 0 || !isFilterGood(filter)}
            onClick={start}
          >
            Start
          </button>
        )}
        <button
          type="button"
          disabled={!isRunning}
          aria-pressed={isPaused}
          onClick={() => setPaused(!isPaused)}
        >
          Pause the list
        </button>
        <Download host={host} isDisabled={capture === undefined || capture.packets === 0} />
      </div>
      <FilterBox
        label="Capture filter"
        value={filter}
        isDisabled={isRunning}
        onChange={(text) => setParameters({ filter: text || undefined })}
      />
      {refusal === '' ? null : (
        <p class="problem bad" role="alert">
          <span class="mark" aria-hidden="true">
            ✕
          </span>
          <span class="pre">{refusal}</span>
        </p>
      )}
      <CaptureCounts capture={capture} />
      {capture === undefined ? (
        <section class="card empty">
          <p>
            Choose ports and start. Packets appear here as they pass; the filter runs inside the application,
            next to the packets.
          </p>
        </section>
      ) : (
        <>
          <PacketList
            host={host}
            capture={capture}
            isPaused={isPaused && isRunning}
            onPause={() => setPaused(true)}
            display={display}
            onDisplay={filterRows}
            selected={row}
            onSelect={(selected) => setParameters({ row: String(selected) })}
          />
          <PacketDetail host={host} row={row} generation={display} />
        </>
      )}
    </>
  );
}

/** What the host refused last, of captures. */
function useRefusal(host: HostConnection): string {
  const [refusal, setRefusal] = useState('');
  useEffect(
    () =>
      host.on('refused', ({ what, message }) => {
        if (['start-capture', 'set-display-filter', 'list-ports'].includes(what)) setRefusal(message);
      }),
    [host],
  );
  useEffect(() => host.on('capture', () => setRefusal('')), [host]);
  useEffect(() => host.on('ports', () => setRefusal('')), [host]);
  return refusal;
}

function Download({
  host,
  isDisabled,
}: {
  readonly host: HostConnection;
  readonly isDisabled: boolean;
}): JSX.Element {
  useEffect(
    () =>
      host.on('download', ({ path }) => {
        const link = document.createElement('a');
        link.href = path;
        link.download = '';
        link.click();
      }),
    [host],
  );
  return (
    <button type="button" disabled={isDisabled} onClick={() => host.send({ type: 'get-download' })}>
      Download pcapng
    </button>
  );
}
