/** Light or dark: as the system has it, unless the person says otherwise, which is remembered. */
import { useEffect, useState } from 'preact/hooks';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'hone-theme';

function readTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
    dispatchEvent(new Event('theme-change'));
  }, [theme]);
  return [theme, setTheme];
}

/** Counts up whenever colours change: what is drawn on a canvas is to be drawn again. */
export function useThemeChanges(): number {
  const [changes, setChanges] = useState(0);
  useEffect(() => {
    const onChange = () => setChanges((count) => count + 1);
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', onChange);
    addEventListener('theme-change', onChange);
    return () => {
      system.removeEventListener('change', onChange);
      removeEventListener('theme-change', onChange);
    };
  }, []);
  return changes;
}

/** The value of a colour of the page: `--series-1`. */
export function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
