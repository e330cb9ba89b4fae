// The direction of imports, enforced: layers.json says which part may import which.
const layers = require('./layers.json');
const pure = [
  'base',
  'wasm',
  'bpf',
  'filter',
  'packet',
  'pcapng',
  'ctf',
  'script',
  'tracepoints',
  'findings',
  'chart',
  'web/protocol',
];
// Second entries: parts of a part that start quickly, for who needs no more; see docs/architecture.md.
const narrow = [
  'bpf/classic',
  'packet/time-column',
  'processes/programs',
  'read/program-matcher',
  'target/kernel-target',
];
const test = '\\.test\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: [test, '^src/cli/main\\.ts$', '^src/web/ui/main\\.tsx$'] },
      to: {},
    },
    ...Object.entries(layers).map(([part, allowed]) => ({
      name: `direction-of-${part}`,
      severity: 'error',
      from: { path: `^src/${part}/` },
      to: { path: '^src/', pathNot: [part, ...allowed].map((name) => `^src/${name}/`) },
    })),
    {
      name: 'enter-a-part-by-its-index',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/.+',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '\\.fixture\\.ts$',
          `^src/(${narrow.join('|')})\\.ts$`,
        ],
      },
    },
    {
      name: 'pure-parts-run-in-a-browser',
      severity: 'error',
      from: { path: `^src/(${pure.join('|')})/`, pathNot: test },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'one-file-does-ffi',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/target/posix\\.ts$' },
      to: { path: 'node_modules/koffi' },
    },
    {
      name: 'the-host-does-not-load-the-page',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/web/ui/' },
      to: { path: '^src/web/ui/' },
    },
    {
      name: 'the-page-runs-in-a-browser',
      severity: 'error',
      from: { path: '^src/web/(ui|protocol)/', pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
