/** What a person has chosen to see, and what each key changes of it. Nothing here knows a terminal. */

export interface View {
  /** Key of a column; undefined for the order of numbers. */
  readonly sort: string | undefined;
  readonly isReversed: boolean;
  readonly filter: string;
  /** What is being typed as a filter; undefined while nothing is. */
  readonly typing: string | undefined;
  readonly isFrozen: boolean;
  /** A row's id; undefined for the first. */
  readonly selected: string | undefined;
  /** The port that is looked into. */
  readonly port: { readonly pid: number; readonly portId: number } | undefined;
  readonly showsHelp: boolean;
  readonly isOver: boolean;
}

export const firstView: View = {
  sort: undefined,
  isReversed: false,
  filter: '',
  typing: undefined,
  isFrozen: false,
  selected: undefined,
  port: undefined,
  showsHelp: false,
  isOver: false,
};

/** What keys can be about. */
export interface Shown {
  /** Keys of the columns, in their order. */
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly id: string;
    readonly pid: number;
    readonly portId: number | undefined;
  }[];
}

/** The help, as the table shows it. */
export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['up, down, k, j', 'another row'],
  ['Enter', 'look into the port of the row: histograms of its bursts'],
  ['s, S', 'sort by the next column, by the one before'],
  ['r', 'the other way round'],
  ['/', 'only rows with a text in their name; Enter takes it, Esc drops it'],
  ['space, f', 'freeze what is shown, and go on'],
  ['Esc, b', 'back'],
  ['h, ?', 'this help'],
  ['q, Ctrl-C', 'quit'],
];

/** @param key a character, or up, down, enter, escape, backspace, ctrl-c */
export function press(view: View, key: string, shown: Shown): View {
  if (key === 'ctrl-c') return { ...view, isOver: true };
  if (view.typing !== undefined) return type(view, view.typing, key);
  switch (key) {
    case 'q':
      return { ...view, isOver: true };
    case 'escape':
    case 'b':
      if (view.showsHelp) return { ...view, showsHelp: false };
      return view.port === undefined ? { ...view, filter: '' } : { ...view, port: undefined };
    case 'h':
    case '?':
      return { ...view, showsHelp: !view.showsHelp };
    case ' ':
    case 'f':
      return { ...view, isFrozen: !view.isFrozen };
    case 'r':
      return { ...view, isReversed: !view.isReversed };
    case 's':
      return { ...view, sort: neighbour(shown.columns, view.sort, 1) };
    case 'S':
      return { ...view, sort: neighbour(shown.columns, view.sort, -1) };
    case '/':
      return { ...view, typing: view.filter };
    case 'up':
    case 'k':
      return { ...view, selected: move(view, shown, -1) };
    case 'down':
    case 'j':
      return { ...view, selected: move(view, shown, 1) };
    case 'enter':
      return lookInto(view, shown);
    default:
      return view;
  }
}

function type(view: View, typing: string, key: string): View {
  switch (key) {
    case 'enter':
      return { ...view, filter: typing, typing: undefined };
    case 'escape':
      return { ...view, typing: undefined };
    case 'backspace':
      return { ...view, typing: [...typing].slice(0, -1).join('') };
    default:
      return [...key].length === 1 ? { ...view, typing: typing + key } : view;
  }
}

/** The order of numbers stands before the first column. */
function neighbour(columns: readonly string[], key: string | undefined, step: number): string | undefined {
  const places = [undefined, ...columns];
  return places[(places.indexOf(key) + step + places.length) % places.length];
}

function move({ selected }: View, { rows }: Shown, step: number): string | undefined {
  const at = Math.max(
    0,
    rows.findIndex(({ id }) => id === selected),
  );
  return rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.id;
}

function lookInto(view: View, { rows }: Shown): View {
  const row = rows.find(({ id }) => id === view.selected) ?? rows[0];
  if (row?.portId === undefined) return view;
  return { ...view, port: { pid: row.pid, portId: row.portId } };
}
