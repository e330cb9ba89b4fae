/** The README's table of engines and conformance groups, from the outcomes of the cases. */
import type { ConformanceGroup } from '../../src/bpf/isa/table.ts';
import { type BpfCase, executedRows } from './bpf-case.ts';

const groups: readonly ConformanceGroup[] = [
  'base32',
  'base64',
  'divmul32',
  'divmul64',
  'atomic32',
  'atomic64',
  'packet',
  'callx',
];

export interface EngineOutcomes {
  readonly name: string;
  /** For each case that the engine ran, whether it was right. */
  readonly isRight: ReadonlyMap<BpfCase, boolean>;
}

export function formatEngineTable(outcomes: readonly EngineOutcomes[]): string {
  const rowsOf = new Map<BpfCase, ReadonlySet<ConformanceGroup>>();
  const groupsOf = (each: BpfCase): ReadonlySet<ConformanceGroup> => {
    const known = rowsOf.get(each) ?? new Set([...executedRows(each)].map(({ group }) => group));
    rowsOf.set(each, known);
    return known;
  };
  const cell = (isRight: readonly boolean[]): string => {
    const passed = isRight.filter(Boolean).length;
    if (isRight.length === 0) return '–';
    return passed === isRight.length ? String(passed) : `${passed} of ${isRight.length}`;
  };
  const lines = outcomes.map(({ name, isRight }) => {
    const all = [...isRight];
    const cells = groups.map((group) =>
      cell(all.filter(([each]) => groupsOf(each).has(group)).map(([, right]) => right)),
    );
    return `| ${[name, cell(all.map(([, right]) => right)), ...cells].join(' | ')} |`;
  });
  return [
    `| engine | cases | ${groups.join(' | ')} |`,
    `|---|${'--:|'.repeat(groups.length + 1)}`,
    ...lines,
  ].join('\n');
}

/** The text with what is between the markers replaced. */
export function replaceMarked(text: string, name: string, content: string): string {
  const start = `<!-- ${name}: made by npm run generate -->`;
  const end = `<!-- end of ${name} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers of ${name} are not there`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}
