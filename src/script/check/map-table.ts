/**
 * The maps of a script: each has one kind and one list of key types, wherever it is used. The checker goes over the
 * script until nothing here changes any more, because a map may be read before the text comes to where it is written,
 * and texts in keys and values get wider.
 */
import { type Diagnostic, nearest, type Span } from '../../base/index.ts';
import type { MapKind, ValueType } from '../plan.ts';
import { Fault, fail, type MapTree } from '../syntax/index.ts';
import type { CheckedMap } from '../typed.ts';
import { describeType, isSameType, isUnknown, unify, unknown } from './value-types.ts';

interface MapEntry {
  readonly name: string;
  readonly number: number;
  readonly firstUse: Span;
  kind: { readonly is: MapKind; readonly span: Span } | undefined;
  keys: { readonly are: readonly ValueType[]; readonly span: Span } | undefined;
  isRead: boolean;
  /** Some statement writes to it, even if it has a fault. */
  isTarget: boolean;
  /** It is assigned to, and not only counted up and down. */
  isAssigned: boolean;
  /** Nothing but `@x++`, `@x += n` and the like: a sum, whose parts can be gathered in several places. */
  isCounter: boolean;
}

export class MapTable {
  readonly #source: string;
  readonly #entries = new Map<string, MapEntry>();
  #hasChanged = false;
  #isDecided = false;

  constructor(source: string) {
    this.#source = source;
  }

  /** Whether something is known now that was not at the last call. */
  takeChange(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  private entry(map: MapTree): MapEntry {
    let entry = this.#entries.get(map.name);
    if (entry === undefined) {
      entry = {
        name: map.name,
        number: this.#entries.size,
        firstUse: map.span,
        kind: undefined,
        keys: undefined,
        isRead: false,
        isTarget: false,
        isAssigned: false,
        isCounter: false,
      };
      this.#entries.set(map.name, entry);
    }
    return entry;
  }

  /** The map's number. Keys that do not fit those of other places are a fault. */
  use(map: MapTree, keys: readonly ValueType[]): number {
    const entry = this.entry(map);
    if (entry.keys === undefined) {
      if (keys.some(isUnknown)) return entry.number;
      entry.keys = { are: keys, span: map.span };
      this.#hasChanged = true;
      return entry.number;
    }
    const { are, span } = entry.keys;
    const both = are.map((key, index) => (keys.length === are.length ? unify(key, keys[index]!) : undefined));
    if (keys.length !== are.length || both.includes(undefined)) {
      fail(
        map.span,
        `${map.name} has ${describeKeys(are)}, here it is used with ${describeKeys(keys)}`,
        `as in ${this.place(span)}`,
      );
    }
    if (both.some((key, index) => !isSameType(key!, are[index]!))) {
      entry.keys = { are: both as ValueType[], span };
      this.#hasChanged = true;
    }
    return entry.number;
  }

  /** The number of a map that is used without a key, whatever keys it has. Something has to write to it. */
  useWhole(map: MapTree): number {
    this.require(map);
    return this.entry(map).number;
  }

  /** Something of the script, perhaps with a fault, writes to the map. */
  aim(map: MapTree): void {
    this.entry(map).isTarget = true;
  }

  /** An aggregation or an assignment says what the map holds. `span` is the one of the statement. */
  write(map: MapTree, kind: MapKind, span: Span): void {
    const entry = this.entry(map);
    if (kind.kind === 'value' && isUnknown(kind.type)) return;
    if (entry.kind === undefined) {
      entry.kind = { is: kind, span };
      this.#hasChanged = true;
      return;
    }
    const { is } = entry.kind;
    const both = unifyKinds(is, kind);
    if (both === undefined) {
      fail(
        span,
        `${map.name} holds ${describeKind(is)} and cannot become ${describeKind(kind)}`,
        `as in ${this.place(entry.kind.span)}`,
      );
    }
    if (JSON.stringify(both, plain) !== JSON.stringify(is, plain)) {
      entry.kind = { is: both, span: entry.kind.span };
      this.#hasChanged = true;
    }
  }

  assign(map: MapTree, type: ValueType, span: Span): void {
    this.entry(map).isAssigned = true;
    this.write(map, { kind: 'value', type }, span);
  }

  read(map: MapTree): void {
    this.entry(map).isRead = true;
  }

  /** All uses were seen: maps that are only counted up and down become sums. */
  decideCounters(): void {
    this.#isDecided = true;
    for (const entry of this.#entries.values()) {
      const kind = entry.kind?.is;
      const isInteger = kind?.kind === 'value' && kind.type.kind === 'integer';
      entry.isCounter = isInteger && !entry.isRead && !entry.isAssigned;
    }
  }

  isDecided(): boolean {
    return this.#isDecided;
  }

  isCounter(map: MapTree): boolean {
    return this.entry(map).isCounter;
  }

  kind(map: MapTree): MapKind | undefined {
    return this.entry(map).kind?.is;
  }

  keyTypes(map: MapTree): readonly ValueType[] {
    return this.entry(map).keys?.are ?? [];
  }

  /** The type of the map's value in an expression. */
  valueType(map: MapTree): ValueType {
    const kind = this.kind(map);
    if (kind === undefined) return unknown;
    switch (kind.kind) {
      case 'value':
        return kind.type;
      case 'hist':
      case 'lhist':
      case 'stats':
        return fail(map.span, `${map.name} holds ${describeKind(kind)}: it has no one value`);
      default:
        return { kind: 'integer', isSigned: kind.isSigned };
    }
  }

  /** For a map that is printed, cleared, read and so on: something has to write to it. */
  require(map: MapTree): void {
    if (this.#isDecided && !this.entry(map).isTarget) {
      throw new Fault(this.undefinedMap(map.name, map.span));
    }
  }

  private undefinedMap(name: string, span: Span): Diagnostic {
    const written = [...this.#entries.values()].filter((entry) => entry.kind !== undefined);
    const like = nearest(
      name,
      written.map((entry) => entry.name),
    );
    const message = `nothing writes to ${name}, so it has no type`;
    return like === undefined ? { message, span } : { message, span, hint: `did you mean ${like}?` };
  }

  /** Maps that are used and have no type: nothing is written to them, or nothing but themselves. */
  undefinedMaps(): Diagnostic[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.kind === undefined || entry.keys === undefined)
      .map((entry) => this.undefinedMap(entry.name, entry.firstUse));
  }

  checked(): CheckedMap[] {
    return [...this.#entries.values()].map((entry) => ({
      name: entry.name,
      kind: entry.isCounter ? { kind: 'sum', isSigned: true } : entry.kind!.is,
      keys: entry.keys!.are,
      isRead: entry.isRead,
      span: entry.kind!.span,
    }));
  }

  private place(span: Span): string {
    const line = this.#source.slice(0, span.start).split('\n').length;
    return `line ${line}: ${this.#source.slice(span.start, span.end).split('\n')[0]}`;
  }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function unifyKinds(a: MapKind, b: MapKind): MapKind | undefined {
  if (a.kind === 'value') {
    const type = b.kind === 'value' ? unify(a.type, b.type) : undefined;
    return type === undefined ? undefined : { kind: 'value', type };
  }
  if (a.kind !== b.kind) return undefined;
  if (a.kind === 'hist' || a.kind === 'lhist') {
    return JSON.stringify(a, plain) === JSON.stringify(b, plain) ? a : undefined;
  }
  return { ...a, isSigned: a.isSigned || ('isSigned' in b && b.isSigned) };
}

function describeKeys(keys: readonly ValueType[]): string {
  if (keys.length === 0) return 'no key';
  return `the key [${keys.map(describeType).join(', ')}]`;
}

function describeKind(kind: MapKind): string {
  switch (kind.kind) {
    case 'value':
      return describeType(kind.type);
    case 'hist':
      return kind.bits === 0 ? 'a hist()' : `a hist(n, ${kind.bits})`;
    case 'lhist':
      return `an lhist(n, ${kind.min}, ${kind.max}, ${kind.step})`;
    case 'avg':
      return 'an avg()';
    default:
      return `a ${kind.kind}()`;
  }
}
