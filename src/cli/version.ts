/** The version of hone, from its package. */
import { readFileSync } from 'node:fs';

export function honeVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
