/** Programs that tests trace: C or C++ compiled into a folder of the test's. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const check = ['-fsyntax-only', '-xc', '-'];
const hasBoth = spawnSync('gcc', check, { input: '#include <sys/sdt.h>\n' }).status === 0;

export const needsCompiler: string | undefined = hasBoth
  ? undefined
  : 'needs gcc and sys/sdt.h: apt-get install gcc systemtap-sdt-dev';

/** @returns the path of the executable */
export function compile(
  folder: string,
  name: string,
  source: string,
  options: readonly string[] = [],
): string {
  const language = name.endsWith('.cc') ? 'c++' : 'c';
  const sourcePath = join(folder, name);
  const path = sourcePath.replace(/\.\w+$/, '');
  writeFileSync(sourcePath, source);
  const compiler = language === 'c++' ? 'g++' : 'gcc';
  const { status, stderr } = spawnSync(compiler, ['-O2', '-o', path, sourcePath, ...options], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${compiler} refuses ${name}:\n${stderr}`);
  return path;
}
