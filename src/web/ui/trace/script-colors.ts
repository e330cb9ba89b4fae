/** A script cut into pieces that are coloured alike. It knows what words look like, not what they mean. */

export interface Piece {
  readonly kind: 'comment' | 'text' | 'map' | 'variable' | 'probe' | 'number' | 'call' | 'plain';
  readonly text: string;
  /** In the script. */
  readonly start: number;
}

const KINDS: readonly (readonly [Exclude<Piece['kind'], 'plain'>, RegExp])[] = [
  ['comment', /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y],
  ['text', /"(?:\\.|[^"\\\n])*"?/y],
  ['map', /@\w*/y],
  ['variable', /\$\w+/y],
  ['probe', /(?:dpdk|app|interval|usdt|uprobe|tracepoint)(?::[\w*/.-]+)+|BEGIN\b|END\b/y],
  ['number', /\b(?:0x[0-9a-fA-F]+|\d+)\b/y],
  ['call', /\b[a-z_]+(?=\()/y],
];
const PLAIN = /\w+|\s+|[^\w\s]/y;

export function scriptPieces(script: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let start = 0; start < script.length; ) {
    const found = KINDS.map(([kind, pattern]) => ({ kind, text: matchAt(pattern, script, start) })).find(
      ({ text }) => text !== '',
    );
    const text = found?.text ?? matchAt(PLAIN, script, start);
    pieces.push({ kind: found?.kind ?? 'plain', text, start });
    start += text.length;
  }
  return pieces;
}

function matchAt(pattern: RegExp, script: string, start: number): string {
  pattern.lastIndex = start;
  return pattern.exec(script)?.[0] ?? '';
}
