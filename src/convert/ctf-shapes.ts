/**
 * Shapes of events for a trace that is being written, made of the events as they come: a field is what its values are. Where a later
 * value does not fit, the event gets a second shape under the same name, which every value so far would have fitted, too.
 */
import {
  EnumerationValue,
  type FieldValue,
  type RecordedEventShape,
  type StructureValue,
} from '../ctf/index.ts';
import { formatValue } from './format-value.ts';

type FieldClass = 'u32' | 'u64' | 'i64' | 'float' | 'text';
type Label = { readonly label: string; readonly value: number };

interface FieldState {
  readonly name: string;
  /** Undefined before the first value. */
  class: FieldClass | undefined;
  /** Of an enumeration, those that were seen. */
  readonly labels: Map<number, Label>;
}

interface EventState {
  readonly fields: readonly FieldState[];
  shape: RecordedEventShape | undefined;
}

export interface ShapedEvent {
  readonly shape: RecordedEventShape;
  readonly values: readonly (number | bigint | string)[];
}

const MOST_SHAPES = 1 << 16;
const MOST_LABELS = 1 << 12;
const LARGEST_I64 = (1n << 63n) - 1n;
const LARGEST_U64 = (1n << 64n) - 1n;
const DEBUG_LINE = 13;
/** What each class holds besides itself. */
const HOLDS: Readonly<Record<FieldClass, readonly FieldClass[]>> = {
  u32: ['u32'],
  u64: ['u32', 'u64'],
  i64: ['u32', 'i64'],
  float: ['u32', 'float'],
  text: ['u32', 'u64', 'i64', 'float', 'text'],
};

export class CtfShapes {
  /** The metadata has to be written anew. */
  isChanged = true;
  /** By what readers describe events with: the same object for the events of one kind. */
  readonly #byKind = new Map<object, EventState>();
  readonly #byName = new Map<string, EventState>();
  readonly #shapes: { readonly state: EventState; readonly shape: RecordedEventShape }[] = [];

  /** Those that were given, with the labels that are known now. */
  get shapes(): readonly RecordedEventShape[] {
    return this.#shapes.map(({ shape, state }) => ({
      ...shape,
      fields: shape.fields.map((field, index) => {
        const { labels } = state.fields[index]!;
        if (field.type.kind !== 'integer' || labels.size === 0) return field;
        return { ...field, type: { ...field.type, labels: [...labels.values()] } };
      }),
    }));
  }

  /**
   * Undefined when a trace cannot hold more kinds of events.
   * @param kind the same for events that have mostly the same fields
   */
  shape(
    kind: object,
    name: string,
    logLevel: number | undefined,
    fields: StructureValue,
  ): ShapedEvent | undefined {
    const state = this.#stateOf(kind, name, Object.keys(fields));
    let isWider = state.shape === undefined;
    for (const field of state.fields) {
      const value = fields[field.name];
      const wider = widened(field.class, value);
      if (wider !== field.class) isWider = true;
      field.class = wider;
      if (value instanceof EnumerationValue) this.#keepLabel(field, value);
    }
    if (isWider) {
      if (this.#shapes.length === MOST_SHAPES) return undefined;
      const id = this.#shapes.length;
      const shape = { id, name, logLevel: logLevel ?? DEBUG_LINE, fields: state.fields.map(shapeOf) };
      state.shape = shape;
      this.#shapes.push({ state, shape });
      this.isChanged = true;
    }
    const values = state.fields.map((field) => encoded(field.class!, fields[field.name]));
    return { shape: state.shape!, values };
  }

  #stateOf(kind: object, name: string, fieldNames: readonly string[]): EventState {
    const known = this.#byKind.get(kind);
    if (known !== undefined && hasFields(known, fieldNames)) return known;
    const key = JSON.stringify([name, ...fieldNames]);
    let state = this.#byName.get(key);
    if (state === undefined) {
      const fields = fieldNames.map((field) => ({ name: field, class: undefined, labels: new Map() }));
      state = { fields, shape: undefined };
      if (this.#byName.size < MOST_SHAPES) this.#byName.set(key, state);
    }
    this.#byKind.set(kind, state);
    return state;
  }

  #keepLabel({ labels }: FieldState, { labels: [label], value }: EnumerationValue): void {
    const number = Number(value);
    if (label === undefined || labels.has(number) || labels.size === MOST_LABELS) return;
    if (!Number.isSafeInteger(number)) return;
    labels.set(number, { label, value: number });
    this.isChanged = true;
  }
}

function hasFields({ fields }: EventState, names: readonly string[]): boolean {
  return fields.length === names.length && fields.every(({ name }, index) => name === names[index]);
}

function shapeOf({ name, class: of }: FieldState): RecordedEventShape['fields'][number] {
  if (of === 'text') return { name, type: { kind: 'text' } };
  if (of === 'float') return { name, type: { kind: 'float', bytes: 8 } };
  const bytes = of === 'u32' ? 4 : 8;
  return { name, type: { kind: 'integer', bytes, isSigned: of === 'i64', base: 10 } };
}

/** The class that holds the value and all that the field's class so far holds. */
function widened(so: FieldClass | undefined, value: FieldValue): FieldClass {
  const of = classOf(value);
  if (so === undefined) return of;
  if (HOLDS[so].includes(of)) return so;
  return HOLDS[of].includes(so) ? of : 'text';
}

function classOf(value: FieldValue): FieldClass {
  const bare = value instanceof EnumerationValue ? value.value : value;
  switch (typeof bare) {
    case 'boolean':
      return 'u32';
    case 'number':
      if (!Number.isInteger(bare) || Object.is(bare, -0) || bare > 0xffff_ffff || bare < -0x8000_0000)
        return 'float';
      return bare < 0 ? 'i64' : 'u32';
    case 'bigint':
      if (bare < 0n) return bare < -LARGEST_I64 - 1n ? 'text' : 'i64';
      return bare <= LARGEST_U64 ? 'u64' : 'text';
    default:
      return 'text';
  }
}

function encoded(of: FieldClass, value: FieldValue): number | bigint | string {
  if (of === 'text') return typeof value === 'string' ? value : value === undefined ? '' : formatValue(value);
  const bare = value instanceof EnumerationValue ? value.value : value;
  return typeof bare === 'boolean' ? Number(bare) : (bare as number | bigint);
}
