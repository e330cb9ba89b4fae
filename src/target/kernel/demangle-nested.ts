/**
 * Names of C++ out of the plain part of mangled ones (Itanium C++ ABI, 5.1): `_ZN3net6Router4pollEv` is
 * `net::Router::poll`, `_Z4polli` is `poll`; constructors and destructors have their class's name. Parameters are left
 * out, as probes name functions. Templates, operators and substitutions are not read: undefined.
 */
export function demangleNested(mangled: string): string | undefined {
  const text = mangled.replace(/^_Z/, '');
  if (text.length === mangled.length) return undefined;
  if (!text.startsWith('N')) return readSource(text, 0)?.name;
  const parts: string[] = [];
  // Qualifiers of the function: const, volatile, restrict, & and &&.
  let at = /^N[rVK]*[RO]?/.exec(text)![0].length;
  while (text[at] !== 'E') {
    const source = readSource(text, at);
    const special = /^([CD])[0-5]/.exec(text.slice(at, at + 2));
    if (source !== undefined) {
      parts.push(source.name);
      at = source.end;
    } else if (special !== null && parts.length > 0) {
      parts.push(special[1] === 'D' ? `~${parts.at(-1)}` : parts.at(-1)!);
      at += 2;
    } else return undefined;
  }
  return parts.length === 0 ? undefined : parts.join('::');
}

/** `4poll`: a length and as many characters. */
function readSource(text: string, at: number): { name: string; end: number } | undefined {
  const digits = /^[1-9]\d{0,4}/.exec(text.slice(at, at + 5))?.[0];
  if (digits === undefined) return undefined;
  const end = at + digits.length + Number(digits);
  const name = text.slice(at + digits.length, end);
  if (end > text.length) return undefined;
  return { name: name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name, end };
}
