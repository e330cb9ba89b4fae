/**
 * A script as it is written: coloured, with what is wrong marked in place and said below, and with suggestions that keys or a
 * click take. The text itself is a plain text area, so that everything a person knows of these works.
 */
import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import type { DiagnosticView, PointView } from '../../protocol/index.ts';
import { scriptPieces } from './script-colors.ts';
import { type Suggestion, suggest, wordBefore } from './suggest.ts';

interface ScriptEditorProps {
  readonly script: string;
  readonly onChange: (script: string) => void;
  readonly diagnostics: readonly DiagnosticView[];
  readonly points: readonly PointView[];
  /** Its probes are the kernel's, which has words of its own. */
  readonly isOfKernel: boolean;
}

export function ScriptEditor({
  script,
  onChange,
  diagnostics,
  points,
  isOfKernel,
}: ScriptEditorProps): JSX.Element {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const colors = useRef<HTMLPreElement>(null);
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  const [chosen, setChosen] = useState(0);
  const look = (text: string, caret: number) => {
    setSuggestions(suggest(text, wordBefore(text, caret), points, isOfKernel));
    setChosen(0);
  };
  const take = ({ text }: Suggestion) => {
    const element = area.current!;
    const caret = element.selectionStart;
    const start = caret - wordBefore(script, caret).length;
    element.setRangeText(text, start, caret, 'end');
    element.focus();
    onChange(element.value);
    setSuggestions([]);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      look(script, area.current!.selectionStart);
      return;
    }
    if (suggestions.length === 0) return;
    const actions: Readonly<Record<string, () => void>> = {
      ArrowDown: () => setChosen((chosen + 1) % suggestions.length),
      ArrowUp: () => setChosen((chosen + suggestions.length - 1) % suggestions.length),
      Enter: () => take(suggestions[chosen]!),
      Tab: () => take(suggestions[chosen]!),
      Escape: () => setSuggestions([]),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  return (
    <div class="editor">
      <label for={id}>
        Script <small>Ctrl+Space suggests</small>
      </label>
      <div class="editor-box">
        <pre ref={colors} aria-hidden="true">
          {scriptPieces(script).map(({ kind, text, start }) => (
            <span
              key={start}
              class={`${kind} ${isWrong(diagnostics, start, start + text.length) ? 'wrong' : ''}`}
            >
              {text}
            </span>
          ))}
          {'\n'}
        </pre>
        <textarea
          ref={area}
          id={id}
          spellcheck={false}
          autocomplete="off"
          value={script}
          rows={9}
          aria-invalid={diagnostics.length > 0}
          aria-describedby={`${id}-faults`}
          aria-controls={`${id}-suggestions`}
          aria-activedescendant={suggestions.length > 0 ? `${id}-s${chosen}` : undefined}
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget;
            onChange(value);
            look(value, selectionStart);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setSuggestions([])}
          onScroll={(event) => {
            colors.current!.scrollTop = event.currentTarget.scrollTop;
            colors.current!.scrollLeft = event.currentTarget.scrollLeft;
          }}
        />
        <div
          id={`${id}-suggestions`}
          class="suggestions"
          role="listbox"
          aria-label="Suggestions"
          hidden={suggestions.length === 0}
        >
          {suggestions.map((suggestion, n) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the text area takes the keys
            <div
              key={suggestion.text}
              id={`${id}-s${n}`}
              role="option"
              tabIndex={-1}
              aria-selected={n === chosen}
              // The text area keeps the focus.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(suggestion)}
            >
              <b class="word">{suggestion.text}</b> <small>{suggestion.help}</small>
            </div>
          ))}
        </div>
      </div>
      <div id={`${id}-faults`} class="faults" aria-live="polite">
        {diagnostics.map(({ message, start, hint }) => (
          <p key={`${start} ${message}`}>
            <button type="button" onClick={() => goTo(area.current!, start)}>
              {placeOf(script, start)}
            </button>{' '}
            {message}
            {hint === null ? '' : ` – ${hint}`}
          </p>
        ))}
      </div>
    </div>
  );
}

function isWrong(diagnostics: readonly DiagnosticView[], start: number, end: number): boolean {
  return diagnostics.some((fault) => fault.start < end && Math.max(fault.end, fault.start + 1) > start);
}

function goTo(area: HTMLTextAreaElement, start: number): void {
  area.focus();
  area.setSelectionRange(start, start);
}

function placeOf(script: string, start: number): string {
  const before = script.slice(0, start).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
