// Makes dist/ of src/ and of commander: files that are small and few, because loading them is most of the time that a command
// takes to start. Names in them are short; a map beside each says where it all stands in src/ (HONE_DEBUG=1 makes stack traces
// of it). Modules of CommonJS: Node's loader of the others takes some 40 ms more for as many files. Types are checked by
// `npm run types`, not here.
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { bundlePage } from './bundle-page.mjs';

const root = new URL('..', import.meta.url).pathname;
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const main = `${root}src/cli/main.ts`;

// commander can run commands that are programs of their own. hone has none, and what starts programs takes long to load.
function withoutChildren() {
  const id = '\0no-child-process';
  return {
    name: 'without-children',
    resolveId: (source, importer) =>
      source === 'node:child_process' && importer?.includes('/node_modules/commander/') ? id : undefined,
    load: (wanted) => (wanted === id ? 'export {};' : undefined),
  };
}

rmSync(`${root}dist`, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { main },
  platform: 'node',
  preserveEntrySignatures: false,
  external: Object.keys(dependencies),
  plugins: [withoutChildren()],
  // No other file does anything by being loaded: an index.ts brings only what is used of it.
  treeshake: { moduleSideEffects: (id) => id === main || id.includes('/node_modules/') },
});
await bundle.write({
  dir: `${root}dist/cli`,
  format: 'cjs',
  sourcemap: true,
  minify: true,
  chunkFileNames: '[name]-[hash].js',
  // What most commands load, in one file each; the rest lies by which commands share it.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      {
        name: 'start',
        test: /src\/(base\/|output\/|bpf\/(isa\/insn|context\/context-layout)|cli\/(exit-codes|version|text-table))|node_modules\/commander|rolldown|no-child-process/,
        priority: 1,
      },
      {
        name: 'checks',
        test: /src\/bpf\/(isa|verify|asm\/format|vm\/engine|mbuf\/fields|context\/trace-helpers)/,
      },
      {
        name: 'client',
        test: /src\/target\/(?!replay|kernel|index|diagnose|dpdk\/(agent|attach|dpdk|run|elf-points|telemetry))|src\/tracepoints\/(?!generate|parse|points-page|c-header|lttng)/,
      },
      {
        name: 'traces',
        test: /src\/(script\/(output|merge)|trace\/(action|agent|event|find|interval|keyed|ring|start|trace-session))/,
      },
      {
        name: 'fields',
        test: /src\/packet\/(address|arp|ethernet|field|format-protocols|gre|gtp|llc|null|part|sctp|tcp)/,
      },
      { name: 'classic', test: /src\/(bpf\/(batch|cbpf|classic)|wasm)/ },
      {
        name: 'files',
        test: /src\/(pcapng|filter|packet\/time|read\/(byte-|damage|early|file-|open-source|parse-|stream-)|cli\/(system-names|time-styles))/,
      },
    ],
  },
});
await bundle.close();
// Below a package of "type": "module".
writeFileSync(`${root}dist/package.json`, '{ "type": "commonjs" }\n');
await bundlePage(root);
// npm sets it on install; a checkout that runs dist/ directly needs it too.
chmodSync(`${root}dist/cli/main.js`, 0o755);
copyFileSync(`${root}node_modules/commander/LICENSE`, `${root}dist/LICENSE.commander`);
