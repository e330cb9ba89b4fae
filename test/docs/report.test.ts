/** docs/report.md names every rule, with the words that the rule itself has. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { rules } from '../../src/findings/index.ts';

const path = fileURLToPath(new URL('../../docs/report.md', import.meta.url));

test('the section of findings is that of the rules', async () => {
  const page = readFileSync(path, 'utf8');
  const section = page.indexOf('## Findings');
  const intro = page.slice(section, page.indexOf('### ', section));
  const made = rules
    .map(({ name, severity, meaning }) => `### ${name}\n\n${severity}. ${meaning}\n`)
    .join('\n');
  await expect(`${page.slice(0, section)}${intro}${made}`).toMatchFileSnapshot(path);
});
