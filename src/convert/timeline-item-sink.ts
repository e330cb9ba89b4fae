/** Items to the formats that draw a timeline. */
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';
import { Timeline } from './timeline/timeline.ts';
import type { TimelineSink } from './timeline/timeline-sink.ts';

interface TimelineFormat extends TimelineSink {
  flush(): Promise<void> | undefined;
  finish(): Promise<void>;
}

export class TimelineItemSink implements ItemSink {
  readonly #format: TimelineFormat;
  readonly #timeline: Timeline;

  constructor(format: TimelineFormat) {
    this.#format = format;
    this.#timeline = new Timeline(format);
  }

  get notes(): readonly string[] {
    const { joined, stagesWithoutBegin } = this.#timeline;
    const notes: string[] = [];
    if (joined > 0)
      notes.push(`${joined} packets joined from where they were received to where they were sent`);
    if (stagesWithoutBegin > 0) {
      notes.push(`${stagesWithoutBegin} ends of stages without their beginning are moments`);
    }
    return notes;
  }

  put(item: Item): Promise<void> | undefined {
    this.#timeline.put(item);
    return this.#format.flush();
  }

  /** A timeline is looked at when it is whole. */
  async flush(): Promise<void> {}

  async finish(): Promise<void> {
    this.#timeline.finish();
    await this.#format.finish();
  }
}
