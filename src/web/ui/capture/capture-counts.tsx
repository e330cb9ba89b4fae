/** How a capture stands; what was lost, always in sight, and by whom. */
import type { JSX } from 'preact';
import type { HostMessage } from '../../protocol/index.ts';
import { formatBytes, formatCount } from '../units.ts';

export type CaptureState = Extract<HostMessage, { readonly type: 'capture' }>;

export function CaptureCounts({ capture }: { readonly capture: CaptureState | undefined }): JSX.Element {
  if (capture === undefined) return <div class="counts">No capture yet</div>;
  const { isRunning, packets, forgotten, heldBytes, mostBytes, interfaces, note } = capture;
  const sum = (of: (entry: CaptureState['interfaces'][number]) => number) =>
    interfaces.reduce((all, entry) => all + of(entry), 0);
  const dropped = sum((entry) => entry.dropped);
  const missed = sum(({ missed: count }) => count ?? 0);
  const isMissedKnown = interfaces.every(({ missed: count }) => count !== null);
  const perInterface = interfaces
    .map(
      (entry) => `${entry.name}: seen ${entry.seen}, matched ${entry.matched}, ring dropped ${entry.dropped}`,
    )
    .join('\n');
  return (
    <section class="counts" aria-label="Counts" title={perInterface}>
      <span class={isRunning ? 'live' : ''}>{isRunning ? 'Capturing' : 'Stopped'}</span>
      <span>
        Captured <b>{formatCount(packets)}</b>
      </span>
      <span>
        Seen <b>{formatCount(sum((entry) => entry.seen))}</b>
      </span>
      <span class={dropped > 0 ? 'lost' : ''}>
        Dropped by the ring <b>{formatCount(dropped)}</b>
      </span>
      <span class={missed > 0 ? 'lost' : ''}>
        Dropped by the adapter <b>{isMissedKnown ? formatCount(missed) : 'unknown'}</b>
      </span>
      <span title="The newest packets are held; older ones make room">
        Held <b>{formatBytes(heldBytes)}</b> of {formatBytes(mostBytes)}
      </span>
      {forgotten === 0 ? null : <span>Forgotten {formatCount(forgotten)}</span>}
      {note === '' ? null : <span role="status">{note}</span>}
    </section>
  );
}
