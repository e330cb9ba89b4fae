/** What was read for a report on recorded files, and what was lost when they were recorded. */
import { formatCount, html, type Markup } from '../chart/index.ts';
import type { RecordingObservation } from '../findings/index.ts';
import { boundedTable } from './html-tables.ts';

export function formatRecording({ events, packets, losses }: RecordingObservation): Markup {
  const lost =
    losses.length === 0
      ? html`<p>Nothing was lost when they were recorded, as far as the files say.</p>`
      : boundedTable({
          caption: 'Lost when it was recorded',
          columns: [{ title: 'where' }, { title: 'what' }, { title: 'lost', isNumber: true }],
          rows: losses.map((loss) => [loss.name, loss.what, loss.lost]),
        });
  return html`<p>${formatCount(events)} events and ${formatCount(packets)} packets were read.</p>
${lost}`;
}
