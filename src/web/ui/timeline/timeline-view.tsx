/** The timeline itself: lanes over time, moved and zoomed by mouse and keys; what is in sight is a table, too, when it is few. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Scroll } from '../scroll.tsx';
import { colorOf, useThemeChanges } from '../theme.ts';
import { formatCount } from '../units.ts';
import { AXIS_PX, drawLanes, formatSpan, formatTime, LANE_PX, type TimeRange } from './draw-lanes.ts';
import type { EventStore, Lane } from './event-store.ts';

interface TimelineViewProps {
  readonly store: EventStore;
  /** Counts up with what is new. */
  readonly news: number;
  /** Undefined follows the newest, or shows all. */
  readonly range: TimeRange | undefined;
  readonly isLive: boolean;
  readonly onRange: (range: TimeRange | undefined) => void;
}

/** Of what a live timeline shows while it follows. */
const LIVE_SPAN_NS = 2e9;
const SHORTEST_NS = 100;
const MOST_LISTED = 200;
const NEAR_PX = 6;
const COLORS = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6'];

export function TimelineView({ store, news, range, isLive, onRange }: TimelineViewProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(800);
  const [pointed, setPointed] = useState('');
  const themes = useThemeChanges();
  const lanes = store.lanes;
  const shown = range ?? wholeRange(store, isLive);
  const height = AXIS_PX + Math.max(1, lanes.length) * LANE_PX;
  useEffect(() => {
    const element = canvas.current!;
    const observer = new ResizeObserver(() => setWidth(Math.max(100, Math.floor(element.clientWidth))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const element = canvas.current;
      const context = element?.getContext('2d');
      if (element === null || context === null || context === undefined) return;
      const ratio = devicePixelRatio;
      element.width = width * ratio;
      element.height = height * ratio;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      drawLanes(context, width, lanes, shown, {
        lanes: COLORS.map(colorOf),
        grid: colorOf('--grid'),
        text: colorOf('--muted'),
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [news, width, height, shown.fromNs, shown.toNs, themes]);

  const move = (shareOfSpan: number) => {
    const distance = shareOfSpan * (shown.toNs - shown.fromNs);
    onRange({ fromNs: shown.fromNs + distance, toNs: shown.toNs + distance });
  };
  /** @param at what stays where it is, as a share of the width */
  const zoom = (factor: number, at: number) => {
    const span = shown.toNs - shown.fromNs;
    const next = Math.max(SHORTEST_NS, span * factor);
    const fromNs = shown.fromNs + (span - next) * at;
    onRange({ fromNs, toNs: fromNs + next });
  };
  const actions = useRef({ move, zoom });
  actions.current = { move, zoom };
  useEffect(() => {
    const element = canvas.current!;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const at = event.offsetX / element.clientWidth;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        actions.current.move((event.deltaX || event.deltaY) / element.clientWidth);
      } else actions.current.zoom(1.0015 ** event.deltaY, at);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => move(-0.2),
      ArrowRight: () => move(0.2),
      '+': () => zoom(0.5, 0.5),
      '=': () => zoom(0.5, 0.5),
      '-': () => zoom(2, 0.5),
      Home: () => onRange(undefined),
    };
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  const drag = useRef<number>();
  const onPointerMove = (event: PointerEvent) => {
    const element = canvas.current!;
    if (drag.current !== undefined) {
      move((drag.current - event.offsetX) / element.clientWidth);
      drag.current = event.offsetX;
      return;
    }
    setPointed(eventAt(lanes, shown, event.offsetX, event.offsetY, width));
  };
  const inSight = lanes.reduce((sum, lane) => sum + lane.indexOf(shown.toNs) - lane.indexOf(shown.fromNs), 0);
  const summary = `${formatCount(inSight)} events in ${formatSpan(shown.toNs - shown.fromNs)}`;
  return (
    <section class="card timeline" aria-label="Timeline">
      <div class="bar-row">
        <button type="button" onClick={() => zoom(0.5, 0.5)}>
          Zoom in
        </button>
        <button type="button" onClick={() => zoom(2, 0.5)}>
          Zoom out
        </button>
        <button type="button" onClick={() => move(-0.5)}>
          Earlier
        </button>
        <button type="button" onClick={() => move(0.5)}>
          Later
        </button>
        <button type="button" aria-pressed={range === undefined} onClick={() => onRange(undefined)}>
          {isLive ? 'Follow' : 'All'}
        </button>
        <span class="note" role="status">
          {summary}
        </span>
      </div>
      <div class="lanes">
        <ul class="lane-names" style={{ paddingTop: `${AXIS_PX}px` }}>
          {lanes.map((lane, n) => (
            <li key={lane.name} style={{ height: `${LANE_PX}px` }}>
              <i style={{ background: `var(${COLORS[n % COLORS.length]})` }} />
              <span class="lane-name" title={lane.name}>
                {lane.name}
              </span>
            </li>
          ))}
        </ul>
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it is moved and zoomed by keys of its own */}
        <canvas
          ref={canvas}
          style={{ height: `${height}px` }}
          role="application"
          aria-label={`Events over time, ${summary}. Arrow keys move, plus and minus zoom, Home shows all.`}
          tabIndex={0}
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            drag.current = event.offsetX;
            event.currentTarget.setPointerCapture(event.pointerId);
          }}
          onPointerUp={() => {
            drag.current = undefined;
          }}
          onPointerMove={onPointerMove}
          onPointerLeave={() => setPointed('')}
        />
      </div>
      <p class="note mono">
        {pointed === '' ? 'Point at an event to see what it is; the wheel zooms, dragging moves.' : pointed}
      </p>
      {inSight > 0 && inSight <= MOST_LISTED ? <EventTable lanes={lanes} range={shown} /> : null}
    </section>
  );
}

function wholeRange(store: EventStore, isLive: boolean): TimeRange {
  if (store.count === 0) return { fromNs: 0, toNs: 1e9 };
  const { firstNs, lastNs } = store;
  if (isLive) return { fromNs: lastNs - LIVE_SPAN_NS, toNs: lastNs };
  const margin = Math.max(SHORTEST_NS, (lastNs - firstNs) * 0.01);
  return { fromNs: firstNs - margin, toNs: lastNs + margin };
}

/** The event nearest to a place, in words; empty when none is near. */
function eventAt(
  lanes: readonly Lane[],
  { fromNs, toNs }: TimeRange,
  x: number,
  y: number,
  width: number,
): string {
  const lane = lanes[Math.floor((y - AXIS_PX) / LANE_PX)];
  if (lane === undefined || lane.length === 0) return '';
  const nsPerPx = (toNs - fromNs) / width;
  const timeNs = fromNs + x * nsPerPx;
  const after = lane.indexOf(timeNs);
  const near = [after - 1, after].filter((n) => n >= 0 && n < lane.length);
  const [best] = near.toSorted(
    (a, b) => Math.abs(lane.times[a]! - timeNs) - Math.abs(lane.times[b]! - timeNs),
  );
  if (best === undefined || Math.abs(lane.times[best]! - timeNs) > NEAR_PX * nsPerPx) return '';
  return `${formatTime(lane.times[best]!, 1)}  ${lane.name}  ${lane.describe(best)}`;
}

function EventTable({
  lanes,
  range,
}: {
  readonly lanes: readonly Lane[];
  readonly range: TimeRange;
}): JSX.Element {
  const rows = lanes
    .flatMap((lane) => {
      const [start, end] = [lane.indexOf(range.fromNs), lane.indexOf(range.toNs)];
      return Array.from({ length: end - start }, (_, n) => ({
        timeNs: lane.times[start + n]!,
        lane: lane.name,
        text: lane.describe(start + n),
      }));
    })
    .sort((a, b) => a.timeNs - b.timeNs);
  return (
    <Scroll name="Events in sight">
      <table class="events">
        <thead>
          <tr>
            <th scope="col" class="n">
              Time
            </th>
            <th scope="col">Where</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ timeNs, lane, text }, n) => (
            <tr key={`${n} ${timeNs}`}>
              <td class="n mono">{formatTime(timeNs, 1)}</td>
              <td>{lane}</td>
              <td class="mono">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
