/** A filter that is compiled as it is typed, here in the page: what is wrong with it, or what it means and what it becomes. */
import type { JSX } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import { CompileError, formatDiagnostic } from '../../../base/index.ts';
import { type CbpfProgram, formatCbpf } from '../../../bpf/classic.ts';
import { compileFilter, explainFilter } from '../../../filter/index.ts';

type Checked =
  | { readonly kind: 'good'; readonly meaning: string; readonly program: CbpfProgram }
  | { readonly kind: 'wrong'; readonly message: string };

const BPF_RET_K = 0x06;

function checkFilter(text: string): Checked {
  try {
    return { kind: 'good', meaning: explainFilter(text), program: compileFilter(text, { direction: 'in' }) };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return { kind: 'wrong', message: formatDiagnostic(text, error.diagnostics[0]!) };
  }
}

export function isFilterGood(text: string): boolean {
  return checkFilter(text).kind === 'good';
}

interface FilterBoxProps {
  readonly label: string;
  readonly value: string;
  readonly isDisabled?: boolean;
  readonly onChange: (text: string) => void;
}

export function FilterBox({ label, value, isDisabled = false, onChange }: FilterBoxProps): JSX.Element {
  const id = useId();
  const checked = useMemo(() => checkFilter(value), [value]);
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="mono"
        type="text"
        spellcheck={false}
        autocomplete="off"
        placeholder="every packet; for example: tcp port 80 and not host 10.0.0.1"
        value={value}
        disabled={isDisabled}
        aria-invalid={checked.kind === 'wrong'}
        aria-describedby={`${id}-help`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <div id={`${id}-help`} class="filter-help" aria-live="polite">
        {checked.kind === 'wrong' ? <pre class="wrong">{checked.message}</pre> : <Meaning {...checked} />}
      </div>
    </div>
  );
}

function Meaning({ meaning, program }: Extract<Checked, { kind: 'good' }>): JSX.Element {
  const [first] = program;
  const isConstant = program.length === 1 && first?.code === BPF_RET_K;
  return (
    <>
      <span>Lets through: {isConstant && first.k === 0 ? `nothing (${meaning})` : meaning}.</span>
      {isConstant ? null : (
        <details>
          <summary>{program.length} instructions</summary>
          <pre>{formatCbpf(program)}</pre>
        </details>
      )}
    </>
  );
}
