/**
 * The blocks of TSDL (CTF 1.8.3, section 7 and annex C.2): trace, env, clock, stream, event and the types that are declared between them,
 * into the classes of a trace. callsite blocks are passed over.
 */

import { narrow } from './narrow.ts';
import type {
  ClockClass,
  EventClass,
  FieldClass,
  StreamClass,
  StructureClass,
  TraceClass,
} from './trace-class.ts';
import { type AttributeValue, parseValue } from './tsdl-attributes.ts';
import type { Token } from './tsdl-lexer.ts';
import { clocksOf, eventHeaderRoles, packetContextRoles, packetHeaderRoles } from './tsdl-roles.ts';
import { TsdlScope } from './tsdl-scope.ts';
import { TsdlTokens } from './tsdl-tokens.ts';
import { TsdlTypes } from './tsdl-types.ts';
import { parseUuid } from './uuid-text.ts';

/** What stands between the braces of a block. */
interface Block {
  readonly token: Token;
  readonly values: ReadonlyMap<string, AttributeValue>;
  readonly types: ReadonlyMap<string, FieldClass>;
}

const BLOCKS: readonly string[] = ['trace', 'env', 'clock', 'stream', 'event', 'callsite'];

/** @throws FormatError with line and column at the first mistake */
export function parseTsdl(text: string): TraceClass {
  return new TsdlParser(text).parse();
}

class TsdlParser {
  readonly #tokens: TsdlTokens;
  readonly #types: TsdlTypes;
  readonly #root = new TsdlScope();
  #trace: Block | undefined;
  readonly #environment: Record<string, number | bigint | string> = Object.create(null);
  readonly #clocks = new Map<string, ClockClass>();
  readonly #streams = new Map<number, Block>();
  readonly #events: Block[] = [];

  constructor(text: string) {
    this.#tokens = new TsdlTokens(text);
    this.#types = new TsdlTypes(this.#tokens, nativeLittleEndian(this.#tokens));
  }

  parse(): TraceClass {
    const tokens = this.#tokens;
    while (tokens.peek().kind !== 'end') {
      if (tokens.take(';')) continue;
      const token = tokens.peek();
      if (BLOCKS.includes(token.text) && tokens.isNext('{', 1)) {
        tokens.next();
        this.#take(token, this.#block(token));
      } else if (this.#types.isDeclaration()) this.#types.parseDeclaration(this.#root);
      else throw tokens.wrong('trace, env, clock, stream, event or a declaration');
    }
    return this.#build();
  }

  #take(token: Token, block: Block): void {
    switch (token.text) {
      case 'trace':
        if (this.#trace !== undefined) throw this.#tokens.error('a second trace', token);
        this.#trace = block;
        break;
      case 'env':
        for (const [name, { integer, text }] of block.values)
          this.#environment[name] = text ?? narrow(integer!);
        break;
      case 'clock':
        this.#addClock(block);
        break;
      case 'stream': {
        const id = this.#number(block, 'id') ?? 0;
        if (this.#streams.has(id)) throw this.#tokens.error(`a second stream with id ${id}`, token);
        this.#streams.set(id, block);
        break;
      }
      case 'event':
        this.#events.push(block);
        break;
      default:
    }
  }

  /** `{ declarations, name = value; scope := type; }` */
  #block(token: Token): Block {
    const tokens = this.#tokens;
    const scope = new TsdlScope(this.#root);
    const values = new Map<string, AttributeValue>();
    const types = new Map<string, FieldClass>();
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      if (this.#types.isDeclaration()) {
        this.#types.parseDeclaration(scope);
        continue;
      }
      const start = tokens.peek();
      let key = tokens.expectWord('a name');
      while (tokens.take('.')) key += `.${tokens.expectWord('a name')}`;
      if (values.has(key) || types.has(key)) throw tokens.error(`${key} is given twice`, start);
      if (tokens.take(':=')) types.set(key, this.#types.parseType(scope));
      else {
        if (!tokens.take('=')) throw tokens.wrong("'=' or ':='");
        values.set(key, parseValue(tokens));
      }
      tokens.expect(';');
    }
    return { token, values, types };
  }

  #addClock(block: Block): void {
    const name = this.#text(block, 'name');
    if (name === undefined) throw this.#tokens.error('a clock needs a name', block.token);
    if (this.#clocks.has(name)) throw this.#tokens.error(`a second clock called ${name}`, block.token);
    const frequency = this.#integer(block, 'freq') ?? 1_000_000_000n;
    if (frequency <= 0n) throw this.#tokens.error('the frequency of a clock must be positive', block.token);
    this.#clocks.set(name, {
      name,
      description: this.#text(block, 'description'),
      frequency,
      offsetSeconds: this.#integer(block, 'offset_s') ?? 0n,
      offsetCycles: this.#integer(block, 'offset') ?? 0n,
      isUnixEpoch: true,
    });
  }

  #build(): TraceClass {
    const uuid = this.#trace === undefined ? undefined : this.#text(this.#trace, 'uuid');
    const header = this.#structure(this.#trace, 'packet.header');
    const bytes = uuid === undefined ? undefined : parseUuid(uuid);
    if (uuid !== undefined && bytes === undefined) {
      throw this.#tokens.error('the uuid of the trace is no UUID', this.#trace!.values.get('uuid')!.token);
    }
    const events = this.#eventsByStream();
    const streams = new Map<number, StreamClass>();
    for (const [id, block] of this.#streams) streams.set(id, this.#stream(id, block, events.get(id)));
    return {
      version: '1.8',
      uuid: bytes,
      environment: this.#environment,
      clocks: [...this.#clocks.values()],
      packetHeader: header === undefined ? undefined : packetHeaderRoles(header),
      streams,
    };
  }

  /** An event that names no stream is of the only one; a trace that declares no stream has one. */
  #eventsByStream(): Map<number, Map<number, EventClass>> {
    if (this.#streams.size === 0) {
      const id = this.#events[0] === undefined ? 0 : (this.#number(this.#events[0], 'stream_id') ?? 0);
      this.#streams.set(id, { token: this.#tokens.peek(), values: new Map(), types: new Map() });
    }
    const only = this.#streams.size === 1 ? [...this.#streams.keys()][0]! : 0;
    const byStream = new Map<number, Map<number, EventClass>>();
    for (const block of this.#events) {
      const streamId = this.#number(block, 'stream_id') ?? only;
      if (!this.#streams.has(streamId)) {
        throw this.#tokens.error(`the event is of stream ${streamId}, which is none`, block.token);
      }
      let events = byStream.get(streamId);
      if (events === undefined) {
        events = new Map();
        byStream.set(streamId, events);
      }
      const id = this.#number(block, 'id') ?? 0;
      if (events.has(id)) {
        throw this.#tokens.error(`a second event with id ${id} in stream ${streamId}`, block.token);
      }
      events.set(id, {
        id,
        name: this.#text(block, 'name') ?? String(id),
        logLevel: this.#number(block, 'loglevel'),
        context: this.#structure(block, 'context'),
        payload: this.#structure(block, 'fields'),
      });
    }
    return byStream;
  }

  #stream(id: number, block: Block, events: Map<number, EventClass> | undefined): StreamClass {
    const packetContext = this.#structure(block, 'packet.context');
    const eventHeader = this.#structure(block, 'event.header');
    const names = new Set<string>();
    clocksOf(packetContext, names);
    clocksOf(eventHeader, names);
    const isImplicit = names.size === 0 && this.#clocks.size === 1;
    const clocks = isImplicit ? [...this.#clocks.keys()] : [...names];
    if (clocks.length > 1) {
      throw this.#tokens.error(`stream ${id} has times of several clocks: ${clocks.join(', ')}`, block.token);
    }
    const clock = clocks.length === 0 ? undefined : this.#clocks.get(clocks[0]!);
    if (clocks.length !== 0 && clock === undefined) {
      throw this.#tokens.error(`no clock is called ${clocks[0]}`, block.token);
    }
    return {
      id,
      name: this.#text(block, 'name'),
      clock,
      packetContext: packetContext && packetContextRoles(packetContext, isImplicit),
      eventHeader: eventHeader && eventHeaderRoles(eventHeader, isImplicit),
      eventContext: this.#structure(block, 'event.context'),
      events: events ?? new Map(),
    };
  }

  #structure(block: Block | undefined, key: string): StructureClass | undefined {
    const fieldClass = block?.types.get(key);
    if (fieldClass !== undefined && fieldClass.kind !== 'structure') {
      throw this.#tokens.error(`${key} must be a structure`, block!.token);
    }
    return fieldClass;
  }

  #text(block: Block, key: string): string | undefined {
    const value = block.values.get(key);
    return value?.text ?? value?.integer?.toString();
  }

  #integer(block: Block, key: string): bigint | undefined {
    const value = block.values.get(key);
    if (value === undefined) return undefined;
    if (value.integer === undefined) throw this.#tokens.error(`${key} must be a number`, value.token);
    return value.integer;
  }

  #number(block: Block, key: string): number | undefined {
    const integer = this.#integer(block, key);
    if (integer === undefined) return undefined;
    if (integer < 0n || integer > Number.MAX_SAFE_INTEGER) {
      throw this.#tokens.error(`${key} must be from 0 to 2^53 - 1`, block.values.get(key)!.token);
    }
    return Number(integer);
  }
}

/** The trace block may stand behind types that need its byte order. Little-endian where it says nothing. */
function nativeLittleEndian(tokens: TsdlTokens): boolean {
  const { all } = tokens;
  let depth = 0;
  let isTrace = false;
  for (let at = 0; at < all.length; at++) {
    const { kind, text } = all[at]!;
    if (kind === 'mark' && text === '{') {
      if (depth === 0) isTrace = all[at - 1]?.text === 'trace';
      depth++;
    } else if (kind === 'mark' && text === '}') depth--;
    else if (isTrace && depth === 1 && kind === 'word' && text === 'byte_order') {
      const value = all[at + 2];
      if (value?.text === 'be' || value?.text === 'network') return false;
      if (value?.text === 'le') return true;
      if (value !== undefined) throw tokens.error('the byte order of a trace must be le or be', value);
    }
  }
  return true;
}
