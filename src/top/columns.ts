/** The columns of the table: what each shows of a row's rates, by what it sorts, and which go first when room is short. */
import type { Rates } from '../watch/index.ts';
import { formatRate, formatShare } from './units.ts';

export interface Column {
  /** By which it is sorted; the same names as in JSON where there are such. */
  readonly key: string;
  readonly title: string;
  readonly width: number;
  /** Left out earlier the larger it is. */
  readonly rank: number;
  readonly value: (rates: Rates, scale: Scale) => number | undefined;
  readonly format: (value: number | undefined) => string;
  /** Something is wrong when it is above 0. */
  readonly isLoss: boolean;
}

export interface Scale {
  /** Cycles of the time stamp counter a nanosecond; undefined when it is not known. */
  readonly cyclesPerNs: number | undefined;
}

type Value = (rates: Rates, scale: Scale) => number | undefined;

function column(key: string, title: string, rank: number, value: Value, more: Partial<Column> = {}): Column {
  const width = Math.max(7, title.length);
  return { key, title, width, rank, value, format: formatRate, isLoss: false, ...more };
}

const LOSS = { isLoss: true };
const SHARE = { format: formatShare };

/** @param scale what a packet costs is in cycles where these are known, else in nanoseconds */
export function columnsFor(scale: Scale): readonly Column[] {
  const perPacket = scale.cyclesPerNs === undefined ? 'NS/PKT' : 'CYC/PKT';
  return [
    column('rxPps', 'RX PPS', 0, ({ rxPps }) => rxPps),
    column('txPps', 'TX PPS', 0, ({ txPps }) => txPps),
    column('rxBps', 'RX BIT/S', 6, ({ rxBps }) => rxBps),
    column('txBps', 'TX BIT/S', 6, ({ txBps }) => txBps),
    column('rxBurst', 'RX BURST', 4, ({ rxBurst }) => rxBurst),
    column('txBurst', 'TX BURST', 5, ({ txBurst }) => txBurst),
    column('emptyShare', 'EMPTY %', 2, ({ emptyShare }) => emptyShare, SHARE),
    column('busyShare', 'BUSY %', 1, ({ busyShare }) => busyShare, SHARE),
    column('perPacket', perPacket, 3, ({ nsPerPacket }, { cyclesPerNs = 1 }) =>
      nsPerPacket === undefined ? undefined : nsPerPacket * cyclesPerNs,
    ),
    column('missed', 'MISSED', 2, ({ drops }) => drops.missed, LOSS),
    column('errors', 'ERRORS', 7, ({ drops }) => plus(drops.rxErrors, drops.txErrors), LOSS),
    column('noMbuf', 'NO MBUF', 7, ({ drops }) => drops.noMbuf, LOSS),
    column('refused', 'REFUSED', 3, ({ drops }) => drops.refused, LOSS),
    column('dropped', 'DROPPED', 3, ({ drops }) => drops.application, LOSS),
  ];
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

/** As many as fit into `room`, each with the two blanks before it. */
export function fitColumns(columns: readonly Column[], room: number): readonly Column[] {
  const kept = new Set(columns);
  const width = () => [...kept].reduce((sum, { width }) => sum + 2 + width, 0);
  while (kept.size > 0 && width() > room) {
    const last = [...kept].reduce((worst, one) => (one.rank >= worst.rank ? one : worst));
    kept.delete(last);
  }
  return columns.filter((one) => kept.has(one));
}
