import { expect, test } from 'vitest';
import { insnTable } from '../../src/bpf/isa/table.ts';
import { isaPage } from './isa-page.ts';

test('docs/isa.md is what the instruction table says: else npm run generate', async () => {
  const page = isaPage();
  expect(page.match(/^\| `/gm)).toHaveLength(insnTable.length);
  await expect(page).toMatchFileSnapshot('../../docs/isa.md');
});
