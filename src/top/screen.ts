/**
 * What stands on the terminal: a pure function of a snapshot, of what a person has chosen, and of the room there is. Every line
 * fits the width and all lines the height; columns go before rows do.
 */

import { cleanLine } from '../base/index.ts';
import type { Snapshot } from '../watch/index.ts';
import { type Column, columnsFor, fitColumns, type Scale } from './columns.ts';
import { portLines } from './port-screen.ts';
import { type Row, rowsOf } from './rows.ts';
import { formatLine, type Piece } from './text-line.ts';
import { KEYS, type View } from './view.ts';

export interface Room extends Scale {
  readonly columns: number;
  /** Infinity where it is printed once. */
  readonly rows: number;
  readonly isStyled: boolean;
  /** Keys can be pressed: the row that is chosen and a hint are shown. */
  readonly hasKeys: boolean;
}

const WIDEST_PLACE = 44;
const NARROWEST_PLACE = 12;
const MARK = 2;
const KEY_WIDTH = 20;

/** The rows in the order in which they stand, also those that there is no room for. */
export function shownRows(snapshot: Snapshot, view: View, scale: Scale): Row[] {
  const column = columnsFor(scale).find(({ key }) => key === view.sort);
  return rowsOf(snapshot, {
    sort: column === undefined ? undefined : (rates) => column.value(rates, scale),
    isReversed: view.isReversed,
    filter: view.filter,
  });
}

/** @param notes what a person should know, the newest last */
export function formatScreen(
  snapshot: Snapshot,
  view: View,
  notes: readonly string[],
  room: Room,
): readonly string[] {
  const head = headLine(snapshot, view, room);
  const foot = footLines(snapshot, view, notes, room);
  const body = bodyLines(snapshot, view, room, room.rows - 1 - foot.length);
  return [head, ...body, ...foot]
    .slice(0, room.rows)
    .map((pieces) => formatLine(pieces, room.columns, room.isStyled));
}

function headLine({ timeMs, intervalMs, applications }: Snapshot, view: View, room: Room): Piece[] {
  const time = new Date(timeMs).toTimeString().slice(0, 8);
  const state = [
    `${applications.length} ${applications.length === 1 ? 'application' : 'applications'}`,
    `over ${(intervalMs / 1000).toFixed(1)} s`,
    ...(view.sort === undefined
      ? []
      : [`by ${titleOf(view.sort, room)}${view.isReversed ? ' upwards' : ''}`]),
    ...(view.filter === '' ? [] : [`with "${view.filter}"`]),
  ];
  const frozen: Piece[] = view.isFrozen ? [['  FROZEN', 'inverse']] : [];
  return [['hone top', 'bold'], [`  ${time}  ${state.join(', ')}`, 'plain'], ...frozen];
}

function titleOf(key: string, room: Room): string {
  return columnsFor(room).find((column) => column.key === key)?.title ?? key;
}

function footLines({ applications }: Snapshot, view: View, notes: readonly string[], room: Room): Piece[][] {
  const problems = applications.flatMap(({ label, problem }) =>
    problem === undefined ? [] : [`${label}: ${problem}`],
  );
  const lines: Piece[][] = [...problems, ...notes.slice(-2)].map((text) => [[cleanLine(text), 'loss']]);
  if (view.typing !== undefined)
    return [
      ...lines,
      [
        [`/${view.typing}`, 'bold'],
        ['_', 'inverse'],
      ],
    ];
  if (room.hasKeys) lines.push([['h help  s sort  / filter  Enter look into  f freeze  q quit', 'dim']]);
  return lines;
}

function bodyLines(snapshot: Snapshot, view: View, room: Room, rows: number): Piece[][] {
  if (view.showsHelp)
    return KEYS.map(([keys, meaning]) => [
      [keys.padEnd(KEY_WIDTH), 'bold'],
      [meaning, 'plain'],
    ]);
  const application = snapshot.applications.find(({ pid }) => pid === view.port?.pid);
  const port = application?.ports.find(({ info }) => info.portId === view.port?.portId);
  if (application !== undefined && port !== undefined) {
    return portLines(application, port, room.columns)
      .slice(0, Math.max(1, rows))
      .map((text, n) => [[text, n === 0 ? 'bold' : 'plain']]);
  }
  if (view.port !== undefined) return [[['this port is not there any more', 'plain']]];
  return tableLines(shownRows(snapshot, view, room), view, room, rows);
}

function tableLines(rows: readonly Row[], view: View, room: Room, most: number): Piece[][] {
  if (rows.length === 0) {
    return [
      [[view.filter === '' ? 'no application to show' : `nothing has "${view.filter}" in its name`, 'plain']],
    ];
  }
  const mark = room.hasKeys ? MARK : 0;
  const widest = Math.max(...rows.map((row) => [...labelOf(row)].length));
  const wanted = Math.min(widest, WIDEST_PLACE);
  // Rates of a row whose name is cut say more than a name without rates.
  const place = Math.max(NARROWEST_PLACE, Math.min(wanted, Math.floor((room.columns - mark) / 2)));
  const columns = fitColumns(columnsFor(room), room.columns - mark - place);
  const heads = columns.map(({ title, width }) => `  ${title.padStart(width)}`).join('');
  const selected = Math.max(
    0,
    rows.findIndex(({ id }) => id === view.selected),
  );
  const { from, to } = windowOf(rows.length, selected, Math.max(1, most - 1));
  return [
    [[`${' '.repeat(mark)}${' '.repeat(place)}${heads}`, 'dim']],
    ...rows.slice(from, to).map((row, n): Piece[] => {
      const isSelected = room.hasKeys && from + n === selected;
      const cursor: Piece[] = room.hasKeys ? [[isSelected ? '> ' : '  ', 'bold']] : [];
      const style = isSelected ? 'inverse' : row.depth === 0 ? 'bold' : 'plain';
      const label = [...labelOf(row)].slice(0, place).join('').padEnd(place);
      return [...cursor, [label, style], ...columns.map((column) => cell(column, row, room))];
    }),
  ];
}

function labelOf({ depth, label }: Row): string {
  return `${'  '.repeat(depth)}${label}`;
}

function cell({ value, format, width, isLoss }: Column, { rates }: Row, scale: Scale): Piece {
  const number = value(rates, scale);
  return [`  ${format(number).padStart(width)}`, isLoss && (number ?? 0) > 0 ? 'loss' : 'plain'];
}

/** Of `count` rows those that fit, with the chosen one among them. */
function windowOf(count: number, selected: number, most: number): { from: number; to: number } {
  if (count <= most) return { from: 0, to: count };
  const from = Math.min(Math.max(0, selected - Math.floor(most / 2)), count - most);
  return { from, to: from + most };
}
