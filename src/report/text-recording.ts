/** What was read for a report on recorded files, and what was lost when they were recorded. */
import { formatCount, type Observation } from '../findings/index.ts';

const MOST_LOSSES = 16;

export function formatRecording({ recording }: Observation): string[] {
  if (recording === undefined) return [];
  const { events, packets, losses } = recording;
  const more = losses.length - MOST_LOSSES;
  return [
    `${formatCount(events)} events and ${formatCount(packets)} packets were read`,
    ...(losses.length === 0 ? ['nothing was lost when they were recorded, as far as the files say'] : []),
    ...losses
      .slice(0, MOST_LOSSES)
      .map(
        ({ name, what, lost }) => `${name}: ${formatCount(lost)} ${what} were lost when they were recorded`,
      ),
    ...(more > 0 ? [`and ${more} more places that lost some`] : []),
  ];
}
