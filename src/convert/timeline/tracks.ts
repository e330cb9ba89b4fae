/** The tracks of a timeline, made when something first lies on them. */
import type { Place, Process } from '../place.ts';
import type { TimelineSink, Track } from './timeline-sink.ts';

/** Rows and counters of a hostile trace that names more share the last one. */
const MOST_TRACKS = 1 << 17;

export class Tracks {
  readonly #sink: TimelineSink;
  readonly #ofProcess = new Map<Process, Track>();
  readonly #ofPlace = new Map<Place, Track>();
  readonly #below = new Map<Track, Map<string, Track>>();
  #count = 0;

  constructor(sink: TimelineSink) {
    this.#sink = sink;
  }

  ofProcess(process: Process): Track {
    let track = this.#ofProcess.get(process);
    if (track === undefined) {
      track = this.#add({ process, parent: undefined, kind: 'process', name: process.name, tid: undefined });
      this.#ofProcess.set(process, track);
    }
    return track;
  }

  ofPlace(place: Place): Track {
    const known = this.#ofPlace.get(place);
    if (known !== undefined) return known;
    const { kind, process, name, tid } = place;
    const parent = this.ofProcess(process);
    const track =
      kind === 'process'
        ? parent
        : this.#add({ process, parent, kind: tid === undefined ? 'row' : 'thread', name, tid });
    this.#ofPlace.set(place, track);
    return track;
  }

  /** A row or a counter below another track, by its name. */
  below(parent: Track, kind: 'row' | 'counter', name: string): Track {
    let named = this.#below.get(parent);
    if (named === undefined) {
      named = new Map();
      this.#below.set(parent, named);
    }
    const key = `${kind} ${name}`;
    let track = named.get(key);
    if (track === undefined) {
      const isFull = this.#count >= MOST_TRACKS;
      if (isFull) return this.below(parent, kind, 'others');
      track = this.#add({ process: parent.process, parent, kind, name, tid: undefined });
      named.set(key, track);
    }
    return track;
  }

  #add(facts: Omit<Track, 'number'>): Track {
    const track = { number: ++this.#count, ...facts };
    this.#sink.addTrack(track);
    return track;
  }
}
