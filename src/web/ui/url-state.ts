/**
 * The state of the page as its address says it, so that it can be kept, sent and gone back to: `#/capture?filter=arp`.
 * The token comes in the fragment too; it is taken out at once and kept for this tab only.
 */
import { useEffect, useState } from 'preact/hooks';

export interface UrlState {
  /** The first word: which page. */
  readonly page: string;
  readonly parameters: URLSearchParams;
}

const TOKEN_KEY = 'hone-token';

/** Undefined when this tab was never given one. */
export function takeToken(): string | undefined {
  const given = /^#token=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', '#/overview');
  }
  return given ?? sessionStorage.getItem(TOKEN_KEY) ?? undefined;
}

function readUrlState(): UrlState {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { page: path === '' ? 'overview' : path, parameters: new URLSearchParams(query) };
}

export function urlOf(page: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();
  return `#/${page}${query === '' ? '' : `?${query}`}`;
}

export function useUrlState(): UrlState {
  const [state, setState] = useState(readUrlState);
  useEffect(() => {
    const onChange = () => setState(readUrlState());
    addEventListener('hashchange', onChange);
    // Parts of the page that were there before may have changed it.
    onChange();
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return state;
}

/** Changes parameters of the current page; undefined takes one away. Typing makes no history. */
export function setParameters(changes: Readonly<Record<string, string | undefined>>): void {
  const { page, parameters } = readUrlState();
  const next = urlOf(page, { ...Object.fromEntries(parameters), ...changes });
  if (next === location.hash) return;
  history.replaceState(null, '', next);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
