/**
 * The metadata of CTF 2 (CTF2-SPEC-2.0, section 5): fragments of a JSON text sequence, into the classes of a trace. Attributes are
 * passed over, but for the log level that babeltrace2 writes; a preamble with extensions is refused, as the specification asks.
 */
import { Ctf2FieldClasses } from './ctf2-field-classes.ts';
import { isInteger, isObject, JsonFields } from './json-fields.ts';
import { type JsonObject, parseJsonSequence } from './json-sequence.ts';
import { LOG_LEVEL_NAMESPACE, logLevelNumber } from './log-level.ts';
import type { ClockClass, EventClass, StreamClass, StructureClass, TraceClass } from './trace-class.ts';

type OpenStream = Omit<StreamClass, 'events'> & { readonly events: Map<number, EventClass> };

/** @throws FormatError with line and column at the first mistake */
export function parseCtf2Metadata(text: string): TraceClass {
  return new Ctf2Parser(text).parse();
}

class Ctf2Parser {
  readonly #json: JsonFields;
  readonly #fieldClasses: Ctf2FieldClasses;
  readonly #text: string;
  #uuid: Uint8Array | undefined;
  #hasTrace = false;
  #packetHeader: StructureClass | undefined;
  readonly #environment: Record<string, number | bigint | string> = Object.create(null);
  readonly #clocks = new Map<string, ClockClass>();
  readonly #streams = new Map<number, OpenStream>();

  constructor(text: string) {
    this.#text = text;
    this.#json = new JsonFields(text);
    this.#fieldClasses = new Ctf2FieldClasses(this.#json);
  }

  parse(): TraceClass {
    const whole: JsonObject = { kind: 'object', offset: 0, entries: new Map() };
    const fragments = parseJsonSequence(this.#text).map((value) =>
      this.#json.object(value, 'a fragment of the metadata', whole),
    );
    fragments.forEach((fragment, index) => {
      const type = this.#json.string(fragment, 'type');
      if (index === 0 && type !== 'preamble')
        throw this.#json.error(fragment, 'the first fragment must be a preamble');
      this.#take(type, fragment, index);
    });
    return {
      version: '2',
      uuid: this.#uuid,
      environment: this.#environment,
      clocks: [...this.#clocks.values()],
      packetHeader: this.#packetHeader,
      streams: this.#streams,
    };
  }

  #take(type: string, fragment: JsonObject, index: number): void {
    switch (type) {
      case 'preamble':
        if (index !== 0) throw this.#json.error(fragment, 'a second preamble');
        this.#preamble(fragment);
        break;
      case 'field-class-alias':
        this.#fieldClasses.addAlias(fragment);
        break;
      case 'trace-class':
        this.#traceClass(fragment);
        break;
      case 'clock-class':
        this.#clockClass(fragment);
        break;
      case 'data-stream-class':
        this.#streamClass(fragment);
        break;
      case 'event-record-class':
        this.#eventClass(fragment);
        break;
      default:
        throw this.#json.error(fragment, `no fragment has the type ${type}`);
    }
  }

  #preamble(fragment: JsonObject): void {
    const version = this.#json.integer(fragment, 'version');
    if (version !== 2) throw this.#json.error(fragment, `version must be 2, got ${version}`);
    const uuid = this.#json.optionalArray(fragment, 'uuid');
    if (uuid !== undefined) {
      const isUuid = uuid.length === 16 && uuid.every((byte) => isInteger(byte) && byte >= 0 && byte <= 255);
      if (!isUuid) throw this.#json.error(fragment, 'uuid must be 16 bytes');
      this.#uuid = Uint8Array.from(uuid as number[]);
    }
    const extensions = this.#json.optionalObject(fragment, 'extensions');
    const names = [...(extensions?.entries ?? [])].flatMap(([namespace, inner]) =>
      isObject(inner) ? [...inner.entries.keys()].map((name) => `${namespace}/${name}`) : [namespace],
    );
    if (names.length > 0)
      throw this.#json.error(fragment, `it needs extensions that are not known: ${names.join(', ')}`);
  }

  #traceClass(fragment: JsonObject): void {
    if (this.#hasTrace) throw this.#json.error(fragment, 'a second trace class');
    this.#hasTrace = true;
    this.#packetHeader = this.#fieldClasses.optionalStructure(fragment, 'packet-header-field-class');
    for (const [name, value] of this.#json.optionalObject(fragment, 'environment')?.entries ?? []) {
      if (typeof value !== 'string' && !isInteger(value)) {
        throw this.#json.error(fragment, `${name} of the environment must be a string or an integer`);
      }
      this.#environment[name] = value;
    }
  }

  #clockClass(fragment: JsonObject): void {
    const json = this.#json;
    const id = json.string(fragment, 'id');
    if (this.#clocks.has(id)) throw json.error(fragment, `a second clock class with id ${id}`);
    const frequency = BigInt(json.integer(fragment, 'frequency'));
    if (frequency <= 0n) throw json.error(fragment, 'frequency must be positive');
    const offset = json.optionalObject(fragment, 'offset-from-origin');
    const origin = fragment.entries.get('origin');
    if (origin !== undefined && origin !== 'unix-epoch' && !isObject(origin)) {
      throw json.error(fragment, 'origin must be unix-epoch or an object');
    }
    this.#clocks.set(id, {
      name: json.optionalString(fragment, 'name') ?? id,
      description: json.optionalString(fragment, 'description'),
      frequency,
      offsetSeconds: BigInt((offset && json.optionalInteger(offset, 'seconds')) ?? 0),
      offsetCycles: BigInt((offset && json.optionalInteger(offset, 'cycles')) ?? 0),
      isUnixEpoch: origin === 'unix-epoch',
    });
  }

  #streamClass(fragment: JsonObject): void {
    const json = this.#json;
    const id = this.#id(fragment, 'id');
    if (this.#streams.has(id)) throw json.error(fragment, `a second data stream class with id ${id}`);
    const clockId = json.optionalString(fragment, 'default-clock-class-id');
    const clock = clockId === undefined ? undefined : this.#clocks.get(clockId);
    if (clockId !== undefined && clock === undefined) {
      throw json.error(fragment, `no clock class has the id ${clockId}`);
    }
    this.#streams.set(id, {
      id,
      name: json.optionalString(fragment, 'name'),
      clock,
      packetContext: this.#fieldClasses.optionalStructure(fragment, 'packet-context-field-class'),
      eventHeader: this.#fieldClasses.optionalStructure(fragment, 'event-record-header-field-class'),
      eventContext: this.#fieldClasses.optionalStructure(fragment, 'event-record-common-context-field-class'),
      events: new Map(),
    });
  }

  #eventClass(fragment: JsonObject): void {
    const json = this.#json;
    const id = this.#id(fragment, 'id');
    const streamId = this.#id(fragment, 'data-stream-class-id');
    const stream = this.#streams.get(streamId);
    if (stream === undefined) throw json.error(fragment, `no data stream class has the id ${streamId}`);
    if (stream.events.has(id)) {
      throw json.error(
        fragment,
        `a second event record class with id ${id} in data stream class ${streamId}`,
      );
    }
    stream.events.set(id, {
      id,
      name: json.optionalString(fragment, 'name') ?? String(id),
      logLevel: this.#logLevel(fragment),
      context: this.#fieldClasses.optionalStructure(fragment, 'specific-context-field-class'),
      payload: this.#fieldClasses.optionalStructure(fragment, 'payload-field-class'),
    });
  }

  #id(fragment: JsonObject, key: string): number {
    return this.#json.optionalNumber(fragment, key, 0, Number.MAX_SAFE_INTEGER) ?? 0;
  }

  /** LTTng writes a number, babeltrace2 a name. */
  #logLevel(fragment: JsonObject): number | undefined {
    const attributes = fragment.entries.get('attributes');
    const own = isObject(attributes) ? attributes.entries.get(LOG_LEVEL_NAMESPACE) : undefined;
    const level = isObject(own) ? own.entries.get('log-level') : undefined;
    return typeof level === 'string' ? logLevelNumber(level) : typeof level === 'number' ? level : undefined;
  }
}
