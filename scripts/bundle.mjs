// Makes dist/ of src/: one file for each command and for what commands share, with a map beside it, so that a command starts
// with a few files instead of a hundred. Types are checked by `npm run types`, not here.
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { bundlePage } from './bundle-page.mjs';

const root = new URL('..', import.meta.url).pathname;
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

rmSync(`${root}dist`, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { main: 'src/cli/main.ts' },
  platform: 'node',
  preserveEntrySignatures: false,
  external: Object.keys(dependencies),
});
await bundle.write({
  dir: `${root}dist/cli`,
  format: 'esm',
  sourcemap: true,
  chunkFileNames: '[name]-[hash].js',
  // A part that commands load as a whole has files of its own: where they lay with the one command that uses them, whoever
  // loads the part would load that command.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      { name: 'classic', test: /src\/(bpf\/(batch|cbpf|classic|isa\/insn)|wasm)/, priority: 2 },
      { name: 'kernel', test: /src\/target\/kernel/, priority: 2 },
      { name: 'bpf', test: /src\/bpf\//, priority: 1 },
      { name: 'target', test: /src\/target\//, priority: 1 },
    ],
  },
});
await bundle.close();
await bundlePage(root);
// npm sets it on install; a checkout that runs dist/ directly needs it too.
chmodSync(`${root}dist/cli/main.js`, 0o755);
