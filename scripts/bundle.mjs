// Makes dist/ of src/: one file for each command and for what commands share, with a map beside it, so that a command starts
// with a few files instead of a hundred. Types are checked by `npm run types`, not here.
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

rmSync(`${root}dist`, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { main: 'src/cli/main.ts' },
  platform: 'node',
  external: Object.keys(dependencies),
});
await bundle.write({
  dir: `${root}dist/cli`,
  format: 'esm',
  sourcemap: true,
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
// npm sets it on install; a checkout that runs dist/ directly needs it too.
chmodSync(`${root}dist/cli/main.js`, 0o755);
