/** docs/trace-words.md is made of the tables of words and probes. After a change: npx vitest run test/docs/trace-words.test.ts -u */
import { expect, test } from 'vitest';
import { languageBuiltins, languageFunctions, type Where } from '../../src/script/language.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';

const HEAD = `# Words of the script language

Functions, builtins and the arguments of DPDK's probes; [trace.md](trace.md#the-language) has the language. This page is generated
from \`src/script/language.ts\` and \`src/tracepoints/dpdk-points.ts\`.`;

const places: Record<Where, string> = { everywhere: '', kernel: 'kernel', agent: 'application' };

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const titles = {
  aggregation: 'Aggregations: `@x = count();`',
  action: 'Actions: statements of their own',
  value: 'Functions with a value',
};

test('docs/trace-words.md', async () => {
  const functions = (['aggregation', 'action', 'value'] as const).map((kind) => {
    const rows = languageFunctions
      .filter((entry) => entry.kind === kind)
      .map(({ signature, where, help }) => [`\`${signature}\``, places[where], help]);
    return `## ${titles[kind]}\n\n${table(['function', 'only in', ''], rows)}`;
  });
  const builtins = languageBuiltins.map(({ name, where, help }) => [`\`${name}\``, places[where], help]);
  const points = dpdkPoints.map((point) => {
    const rows = point.arguments.map(({ name, type, unit, meaning }) => [
      `\`args.${name}\``,
      type.kind === 'integer' ? `${type.isSigned ? '' : 'u'}int${8 * type.bytes}` : type.kind,
      unit === undefined ? meaning : `${meaning} (${unit})`,
    ]);
    return `### ${point.name}\n\n${point.meaning}\n\n${table(['argument', 'type', ''], rows)}`;
  });
  const page = [
    HEAD,
    ...functions,
    `## Builtins\n\n${table(['name', 'only in', ''], builtins)}`,
    '## Probes of DPDK',
    ...points,
  ];
  await expect(`${page.join('\n\n')}\n`).toMatchFileSnapshot('../../docs/trace-words.md');
});
