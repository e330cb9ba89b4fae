/** Where a recording on the host is named, opened and left. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

interface RecordingBoxProps {
  /** As the address of the page has it. */
  readonly path: string;
  readonly isReading: boolean;
  readonly onOpen: (path: string) => void;
  readonly onStop: () => void;
}

export function RecordingBox({ path, isReading, onOpen, onStop }: RecordingBoxProps): JSX.Element {
  const [typed, setTyped] = useState(path);
  useEffect(() => setTyped(path), [path]);
  return (
    <form
      class="bar-row recording"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== '') onOpen(typed);
      }}
    >
      <label>
        Recording on the host{' '}
        <input
          class="mono"
          type="text"
          spellcheck={false}
          autocomplete="off"
          placeholder="/path/of/a/folder, .pcapng, .pcap.zst"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      {isReading ? (
        <button type="button" onClick={onStop}>
          Stop reading
        </button>
      ) : (
        <button type="submit" disabled={typed === ''}>
          Open
        </button>
      )}
    </form>
  );
}
