/**
 * The list of packets: only rows in sight exist, whether there are ten or ten million. Where it stands is a row number, not a
 * distance, because no element of a page can be as high as all rows together; the scroll bar shows the share.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { HostConnection } from '../host-connection.ts';
import { formatCount } from '../units.ts';
import type { CaptureState } from './capture-counts.tsx';
import { FilterBox } from './filter-box.tsx';
import { useRowCache } from './row-cache.ts';

const ROW_PX = 20;
/** The scroll bar's range is at most as high. */
const MOST_PX = 4_000_000;

interface PacketListProps {
  readonly host: HostConnection;
  readonly capture: CaptureState;
  readonly isPaused: boolean;
  readonly onPause: () => void;
  readonly display: string;
  readonly onDisplay: (filter: string) => void;
  readonly selected: number | undefined;
  readonly onSelect: (row: number) => void;
}

export function PacketList(props: PacketListProps): JSX.Element {
  const { host, capture, isPaused, onPause, display, onDisplay, selected, onSelect } = props;
  const view = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(320);
  const [top, setTop] = useState(0);
  /** Rows as they were when the list was paused. */
  const frozen = useRef<{ readonly display: string; readonly endRow: number }>();
  if (!isPaused || frozen.current?.display !== display) frozen.current = undefined;
  if (isPaused) frozen.current ??= { display, endRow: capture.endRow };
  const endRow = frozen.current?.endRow ?? capture.endRow;
  const shown = Math.ceil(height / ROW_PX);
  const lastTop = Math.max(capture.firstRow, endRow - Math.floor(height / ROW_PX));
  const isFollowing = capture.isRunning && !isPaused;
  const from = Math.min(lastTop, Math.max(capture.firstRow, isFollowing ? lastTop : Math.floor(top)));
  const cache = useRowCache(host, `${display} ${capture.firstRow === 0}`, endRow);

  useEffect(() => {
    const element = view.current!;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => cache.want(from, Math.min(endRow, from + shown)));
  // The scroll bar follows the list.
  const rowCount = Math.max(1, endRow - capture.firstRow);
  const total = Math.min(MOST_PX, rowCount * ROW_PX);
  const scrollOf = (row: number) =>
    lastTop <= capture.firstRow
      ? 0
      : ((row - capture.firstRow) / (lastTop - capture.firstRow)) * Math.max(0, total - height);
  const expected = useRef(0);
  useEffect(() => {
    const element = view.current!;
    const wanted = scrollOf(from);
    if (Math.abs(element.scrollTop - wanted) < 1) return;
    element.scrollTop = wanted;
    expected.current = element.scrollTop;
  });
  const moveTo = (row: number) => {
    if (isFollowing) onPause();
    setTop(Math.min(lastTop, Math.max(capture.firstRow, row)));
  };
  const onScroll = () => {
    const { scrollTop } = view.current!;
    if (Math.abs(scrollTop - expected.current) < 1) return;
    expected.current = scrollTop;
    const share = scrollTop / Math.max(1, total - height);
    moveTo(Math.round(capture.firstRow + share * (lastTop - capture.firstRow)));
  };
  const wheel = useRef((_event: WheelEvent) => {});
  wheel.current = (event) => {
    event.preventDefault();
    moveTo(from + Math.sign(event.deltaY) * Math.max(1, Math.round(Math.abs(event.deltaY) / ROW_PX)));
  };
  useEffect(() => {
    const element = view.current!;
    const onWheel = (event: WheelEvent) => wheel.current(event);
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  const select = (row: number) => {
    const wanted = Math.min(endRow - 1, Math.max(capture.firstRow, row));
    if (isFollowing) onPause();
    if (wanted < from) setTop(wanted);
    else if (wanted >= from + shown - 1) setTop(wanted - shown + 2);
    else setTop(from);
    onSelect(wanted);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const current = selected ?? from;
    const target: Readonly<Record<string, number>> = {
      ArrowDown: selected === undefined ? from : current + 1,
      ArrowUp: current - 1,
      PageDown: current + shown - 2,
      PageUp: current - shown + 2,
      Home: capture.firstRow,
      End: endRow - 1,
    };
    const row = target[event.key];
    if (row === undefined || endRow === capture.firstRow) return;
    event.preventDefault();
    select(row);
  };
  const rows = Array.from({ length: Math.max(0, Math.min(shown, endRow - from)) }, (_, n) => from + n);
  return (
    <section class="card packets" aria-label="Packets">
      <div class="list-tools">
        <FilterBox label="Show only" value={display} onChange={onDisplay} />
        <Search host={host} from={selected ?? from} onFound={select} />
      </div>
      <p class="note" role="status">
        {formatCount(endRow - capture.firstRow)} rows
        {display === '' ? '' : ` of ${formatCount(capture.packets - capture.forgotten)} packets`}
        {capture.filtered < capture.packets ? `, filtered up to packet ${formatCount(capture.filtered)}` : ''}
        {isPaused ? `; paused, ${formatCount(capture.endRow - endRow)} more since` : ''}
      </p>
      <div class="row-line head" aria-hidden="true">
        <span>No.</span>
        <span>Time</span>
        <span>Port</span>
        <span>Way</span>
        <span>Length</span>
        <span>Packet</span>
      </div>
      <div
        ref={view}
        class="rows"
        role="listbox"
        aria-label="Packets: arrow keys choose one"
        tabIndex={0}
        aria-activedescendant={
          selected !== undefined && rows.includes(selected) ? `row-${selected}` : undefined
        }
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        <div class="rows-height" style={{ height: `${total}px` }} />
        <div class="rows-window" style={{ height: `${height}px`, marginTop: `-${total}px` }}>
          {rows.map((number, n) => {
            const row = cache.row(number);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys for all of them
              <div
                // One element a place: scrolling changes what is in them, and makes none.
                key={n}
                id={`row-${number}`}
                role="option"
                tabIndex={-1}
                aria-selected={number === selected}
                aria-posinset={number - capture.firstRow + 1}
                aria-setsize={endRow - capture.firstRow}
                class="row-line"
                onClick={() => select(number)}
              >
                <span>{row?.packet ?? '…'}</span>
                <span>{row === undefined ? '' : (row.timeNs / 1e9).toFixed(6)}</span>
                <span>{row?.interface}</span>
                <span>{row?.direction}</span>
                <span>{row?.length}</span>
                <span>{row?.line}</span>
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Search({
  host,
  from,
  onFound,
}: {
  readonly host: HostConnection;
  readonly from: number;
  readonly onFound: (row: number) => void;
}): JSX.Element {
  const [text, setText] = useState('');
  const [said, setSaid] = useState('');
  const request = useRef(0);
  const found = useRef(onFound);
  found.current = onFound;
  useEffect(
    () =>
      host.on('found', ({ request: answered, row }) => {
        if (answered !== request.current) return;
        setSaid(row === null ? 'not found' : '');
        if (row !== null) found.current(row);
      }),
    [host],
  );
  const find = (direction: 'forward' | 'backward') => {
    if (text === '') return;
    request.current = host.nextRequest();
    setSaid('searching …');
    const start = direction === 'forward' ? from + 1 : Math.max(0, from - 1);
    host.send({ type: 'find-text', request: request.current, text, from: start, direction });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not known to older browsers
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        find('forward');
      }}
    >
      <label>
        Find{' '}
        <input
          class="mono"
          type="search"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Next</button>
      <button type="button" onClick={() => find('backward')}>
        Previous
      </button>
      <span class="note" role="status">
        {said}
      </span>
    </form>
  );
}
