/**
 * The classes of a trace, linked and compiled: one decoder a stream class, one an event class. Events are compiled when the first of
 * them is met, as traces of kernels declare thousands that never happen.
 */
import { compileStructure, type StructureCodec } from './compile-fields.ts';
import type { EventDescription } from './event-cursor.ts';
import { eventLayout, type HeaderLayout, headerLayout } from './event-layout.ts';
import { type FieldNode, growFieldTree } from './field-node.ts';
import { alignmentOf } from './field-size.ts';
import { hasReferences, linkFields, type ScopeTrees, type SlotCounter } from './link-fields.ts';
import { type PlainHeader, plainHeader } from './plain-header.ts';
import type { EventClass, ScopeName, StreamClass, StructureClass, TraceClass } from './trace-class.ts';

export interface EventDecoder {
  readonly description: EventDescription;
  readonly context: StructureCodec | undefined;
  readonly payload: StructureCodec;
  /** Of all behind a plain header; undefined when it is not constant. */
  readonly plainBits: number | undefined;
  /** Index of a field in the payload, by name. */
  readonly fieldIndex: ReadonlyMap<string, number>;
}

/** Ids below this are looked up in an array. */
const DENSE_IDS = 4096;
const EMPTY: StructureClass = { kind: 'structure', members: [], minimumAlignBits: 1 };

export class TraceDecoder {
  readonly trace: TraceClass;
  readonly packetHeader: StructureCodec | undefined;
  readonly #streams = new Map<number, StreamDecoder>();

  /** @throws FormatError when a reference leads nowhere or a class is too large */
  constructor(trace: TraceClass) {
    this.trace = trace;
    const slots: SlotCounter = { count: 0 };
    const header = tree('packet-header', trace.packetHeader, {}, slots);
    for (const stream of trace.streams.values()) {
      this.#streams.set(stream.id, new StreamDecoder(stream, header, slots));
    }
    // Last: only now it is known to which of its fields others refer.
    this.packetHeader = compile(trace.packetHeader, header);
  }

  stream(id: number): StreamDecoder | undefined {
    return this.#streams.get(id);
  }

  /** For streams that do not say of which class they are. */
  get onlyStream(): StreamDecoder | undefined {
    return this.#streams.size === 1 ? [...this.#streams.values()][0] : this.#streams.get(0);
  }
}

export class StreamDecoder {
  readonly streamClass: StreamClass;
  readonly packetContext: StructureCodec | undefined;
  readonly eventHeader: StructureCodec | undefined;
  readonly plainHeader: PlainHeader | undefined;
  readonly #headerLayout: HeaderLayout | undefined;
  readonly commonContext: StructureCodec | undefined;
  /** The event that all are whose header does not say. */
  readonly onlyEventId: number;
  readonly #trees: ScopeTrees;
  readonly #slots: SlotCounter;
  readonly #linked = new Map<number, EventTrees>();
  readonly #dense: (EventDecoder | undefined)[] = [];
  readonly #sparse = new Map<number, EventDecoder>();

  constructor(streamClass: StreamClass, packetHeader: FieldNode | undefined, slots: SlotCounter) {
    this.streamClass = streamClass;
    this.#slots = slots;
    const trees: ScopeTrees = {};
    if (packetHeader !== undefined) trees['packet-header'] = packetHeader;
    const grow = (scope: ScopeName, of: StructureClass | undefined) => tree(scope, of, trees, slots);
    const context = grow('packet-context', streamClass.packetContext);
    const header = grow('event-record-header', streamClass.eventHeader);
    const common = grow('event-record-common-context', streamClass.eventContext);
    this.#trees = trees;
    for (const event of streamClass.events.values()) {
      if (hasReferences(event.context ?? EMPTY) || hasReferences(event.payload ?? EMPTY)) {
        this.#linked.set(event.id, this.#link(event));
      }
    }
    this.packetContext = compile(streamClass.packetContext, context);
    this.eventHeader = compile(streamClass.eventHeader, header);
    this.commonContext = compile(streamClass.eventContext, common);
    this.plainHeader = this.eventHeader && plainHeader(streamClass.eventHeader!, this.eventHeader);
    this.#headerLayout = this.plainHeader && headerLayout(this.plainHeader);
    const ids = [...streamClass.events.keys()];
    this.onlyEventId = ids.length === 1 ? ids[0]! : 0;
  }

  /** @throws FormatError when the event's class is too large */
  event(id: number): EventDecoder | undefined {
    return this.#dense[id] ?? this.#sparse.get(id) ?? this.#compile(id);
  }

  #link(event: EventClass): EventTrees {
    const trees = { ...this.#trees };
    const context = tree('event-record-specific-context', event.context, trees, this.#slots);
    const payload = tree('event-record-payload', event.payload, trees, this.#slots);
    return { context, payload };
  }

  #compile(id: number): EventDecoder | undefined {
    const event = this.streamClass.events.get(id);
    if (event === undefined) return undefined;
    const trees = this.#linked.get(id) ?? this.#link(event);
    const payloadClass = event.payload ?? EMPTY;
    const context = compile(event.context, trees.context);
    const payload = compile(payloadClass, trees.payload ?? growFieldTree('event-record-payload', EMPTY))!;
    const hasContext = context !== undefined || this.commonContext !== undefined;
    const isPlain = !hasContext && payload.isPlain && payload.alignBits <= 8;
    const plainBits = isPlain ? payload.sizeBits : undefined;
    const isLaidOut = this.#headerLayout !== undefined && plainBits !== undefined && plainBits % 8 === 0;
    const decoder: EventDecoder = {
      description: {
        id,
        name: event.name,
        logLevel: event.logLevel,
        fieldNames: namesOf(payloadClass),
        contextNames: [...namesOf(this.streamClass.eventContext), ...namesOf(event.context)],
        layout: isLaidOut
          ? eventLayout(this.#headerLayout!, payloadClass, payload, plainBits! / 8)
          : undefined,
      },
      context,
      payload,
      plainBits,
      fieldIndex: new Map(payloadClass.members.map(({ name }, index) => [name, index])),
    };
    if (id < DENSE_IDS) {
      while (this.#dense.length < id) this.#dense.push(undefined);
      this.#dense[id] = decoder;
    } else this.#sparse.set(id, decoder);
    return decoder;
  }
}

interface EventTrees {
  readonly context: FieldNode | undefined;
  readonly payload: FieldNode | undefined;
}

function namesOf(fieldClass: StructureClass | undefined): string[] {
  return fieldClass?.members.map(({ name }) => name) ?? [];
}

/** Grows and links the tree of a scope, and adds it to those that later scopes may refer to. */
function tree(
  scope: ScopeName,
  fieldClass: StructureClass | undefined,
  trees: ScopeTrees,
  slots: SlotCounter,
): FieldNode | undefined {
  if (fieldClass === undefined) return undefined;
  const root = growFieldTree(scope, fieldClass);
  trees[scope] = root;
  linkFields(root, trees, slots);
  return root;
}

function compile(
  fieldClass: StructureClass | undefined,
  root: FieldNode | undefined,
): StructureCodec | undefined {
  if (fieldClass === undefined || root === undefined) return undefined;
  return compileStructure(fieldClass, root, { modulus: alignmentOf(fieldClass), residue: 0 });
}
