/** Patterns of names as probes have them: `*` is any text, `?` one character, everything else itself. */

export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern);
}

/** Whether the whole text fits, in time linear in pattern times text. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let starAt = -1;
  let resumeAt = 0;
  let p = 0;
  while (at < text.length) {
    const want = pattern[p];
    if (want === '*') {
      starAt = p++;
      resumeAt = at;
    } else if (want === '?' || (want !== undefined && want === text[at])) {
      p++;
      at++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      at = ++resumeAt;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
