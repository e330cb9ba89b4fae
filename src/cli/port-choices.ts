/**
 * Which ports packets are captured from, and with which filter each: what is peculiar to dumpcap's options is that -f, -s, --ifname
 * and --ifdescr belong to the -i before them, and before any -i they are the default. Only the text is looked at here.
 */
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';

const MAXIMUM_SNAPLEN = 262_144;

/** What one -i asks for, defaults filled in. */
export interface PortChoice {
  readonly selector: string;
  readonly filter: string;
  /** FILE or FILE:PROGRAM, instead of a filter. */
  readonly bpf: string | undefined;
  readonly snaplen: number;
  /** The name and the description in the file; undefined for the port's own. */
  readonly name: string | undefined;
  readonly description: string | undefined;
}

/** Adds -i, -f, --bpf and -s. */
export function addPortOptions(command: Command, ports: PortChoices): Command {
  return command
    .option(
      '-i, --interface <port>',
      'port NAME, ID or "all", of one application: APP/PORT; repeatable',
      (text) => ports.add(text),
    )
    .option('-f <filter>', 'capture filter of the -i before, or the default', (text) =>
      ports.set('-f', { filter: text }),
    )
    .option(
      '--bpf <file>',
      'program in C, an ELF object, in the place of -f; FILE:PROGRAM of several',
      (text) => ports.set('--bpf', { bpf: text }),
    )
    .option('-s, --snapshot-length <bytes>', 'bytes kept of a packet (default: 262144; 0 as well)', (text) =>
      ports.set('-s', { snaplen: parseSnaplen(text) }),
    );
}

/** What stands behind one -i, or before all of them. */
interface PortSettings {
  filter?: string;
  bpf?: string;
  snaplen?: number;
  name?: string;
  description?: string;
}

/** The -i options and what stands between them. */
export class PortChoices {
  readonly #choices: { readonly selector: string; readonly own: PortSettings }[] = [];
  readonly #defaults: PortSettings = {};

  /** There was a -i. */
  get isChosen(): boolean {
    return this.#choices.length > 0;
  }

  /** Something says which packets, or how much of them. */
  get isFiltered(): boolean {
    return [this.#defaults, ...this.#choices.map(({ own }) => own)].some(
      ({ filter, bpf, snaplen }) => filter !== undefined || bpf !== undefined || snaplen !== undefined,
    );
  }

  add(selector: string): void {
    if (selector === '') throw new UsageError('-i: expected a port, got an empty text');
    this.#choices.push({ selector, own: {} });
  }

  /** For the last -i, or for all without their own. */
  set(option: string, settings: PortSettings): void {
    this.#put(option, this.#choices.at(-1)?.own ?? this.#defaults, settings);
  }

  /** For the last -i only. */
  setOwn(option: string, settings: PortSettings): void {
    const last = this.#choices.at(-1);
    if (last === undefined) throw new UsageError(`${option}: expected after the -i that it belongs to`);
    this.#put(option, last.own, settings);
  }

  /** @param words the filter at the end of the command line: a default, too */
  finish(words: string): PortChoice[] {
    if (words !== '') {
      if (this.#defaults.filter !== undefined) {
        throw new UsageError(`got two default filters, "${this.#defaults.filter}" by -f and "${words}"`);
      }
      if (this.#defaults.bpf !== undefined) {
        throw new UsageError(`got two default filters, --bpf ${this.#defaults.bpf} and "${words}"`);
      }
      this.#defaults.filter = words;
    }
    const choices = this.#choices.length > 0 ? this.#choices : [{ selector: 'all', own: {} }];
    return choices.map(({ selector, own }) => ({
      selector,
      ...chosenFilter(own.filter === undefined && own.bpf === undefined ? this.#defaults : own),
      snaplen: own.snaplen ?? this.#defaults.snaplen ?? MAXIMUM_SNAPLEN,
      name: own.name,
      description: own.description,
    }));
  }

  #put(option: string, into: PortSettings, settings: PortSettings): void {
    const last = this.#choices.at(-1);
    const where = last === undefined ? 'the default' : `-i ${last.selector}`;
    for (const key of Object.keys(settings)) {
      if (Object.hasOwn(into, key)) throw new UsageError(`${option}: got two for ${where}, expected one`);
    }
    Object.assign(into, settings);
    if (into.filter !== undefined && into.bpf !== undefined) {
      throw new UsageError(`${option}: got -f and --bpf for ${where}, expected one`);
    }
  }
}

function chosenFilter({ filter, bpf }: PortSettings): Pick<PortChoice, 'filter' | 'bpf'> {
  return { filter: filter ?? '', bpf };
}

function parseSnaplen(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= MAXIMUM_SNAPLEN) return value === 0 ? MAXIMUM_SNAPLEN : value;
  throw new UsageError(`-s ${text}: expected a number of bytes from 0 to ${MAXIMUM_SNAPLEN}`);
}
