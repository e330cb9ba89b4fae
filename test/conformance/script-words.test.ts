/** Every word of the language in both forms: it compiles, or the message says where it can be used. */
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { compileScript } from '../../src/script/index.ts';
import { languageBuiltins, languageFunctions, type Where } from '../../src/script/language.ts';
import { resolveKernelPoints } from '../../src/target/kernel-target.ts';
import { pointFinder } from '../../src/trace/find-points.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';

const forms = ['agent', 'kernel'] as const;
type Form = (typeof forms)[number];
const places: Readonly<Record<Form, string>> = { agent: 'in the application', kernel: 'in the kernel' };

/** A statement with each word; `N` is a number that the form's probe has. */
const uses: Readonly<Record<string, string | Readonly<Record<Form, string>>>> = {
  count: '@ = count();',
  sum: '@ = sum(N);',
  avg: '@ = avg(N);',
  min: '@ = min(N);',
  max: '@ = max(N);',
  stats: '@ = stats(N);',
  hist: '@ = hist(N, 2);',
  lhist: '@ = lhist(N, 0, 100, 10);',
  printf: 'printf("%d\\n", N);',
  print: '@ = N; print(@);',
  clear: '@ = N; clear(@);',
  zero: '@ = count(); zero(@);',
  delete: '@[1] = N; delete(@[1]);',
  exit: 'exit();',
  time: 'time("%H:%M:%S\\n");',
  join: 'join(N);',
  has_key: '@[1] = N; if (has_key(@, 1)) { exit(); }',
  len: '@[N] = N; printf("%d\\n", len(@));',
  str: { agent: '@ = str("text");', kernel: '@ = str(N);' },
  buf: { agent: 'printf("%r\\n", buf(16));', kernel: 'printf("%r\\n", buf(N, 16));' },
  strncmp: '@ = strncmp(comm, "hone", 4);',
  strftime: 'printf("%s\\n", strftime("%H", nsecs));',
  ntop: 'printf("%s\\n", ntop(N));',
  macaddr: { agent: 'printf("%s\\n", macaddr(eth.src));', kernel: 'printf("%s\\n", macaddr(N));' },
  usym: 'printf("%s\\n", usym(N));',
  ksym: 'printf("%s\\n", ksym(N));',
  reg: '@ = reg("ip");',
  sizeof: '@ = sizeof(uint64);',
  args: { agent: '@ = args.len;', kernel: '@ = arg0;' },
  arg0: '@ = arg0;',
  nsecs: '@ = nsecs;',
  elapsed: '@ = elapsed;',
  pid: '@ = pid;',
  tid: '@ = tid;',
  comm: '@[comm] = count();',
  lcore: '@ = lcore;',
  cpu: '@ = cpu;',
  uid: '@ = uid;',
  gid: '@ = gid;',
  rand: '@ = rand;',
  cgroup: '@ = cgroup;',
  retval: '@ = retval;',
  func: '@[func] = count();',
  probe: '@[probe] = count();',
  ustack: '@[ustack] = count();',
  kstack: '@[kstack] = count();',
};

const numbers: Readonly<Record<Form, string>> = { agent: 'args.len', kernel: 'arg0' };
const returning: ReadonlySet<string> = new Set(['retval']);

function compile(word: string, form: Form): void {
  const use = uses[word]!;
  const body = (typeof use === 'string' ? use : use[form]).replace(/\bN\b/g, numbers[form]);
  const kind = returning.has(word) ? 'uretprobe' : 'uprobe';
  const probe = form === 'agent' ? 'dpdk:rx_packet' : `${kind}:${process.execPath}:main`;
  compileScript(`${probe} { ${body} }`, {
    form,
    positional: [],
    findPoints:
      form === 'agent'
        ? pointFinder(dpdkPoints, 'an application')
        : ({ parts }) => resolveKernelPoints(parts.join(':')),
  });
}

function outcome(word: string, form: Form): string {
  try {
    compile(word, form);
    return 'works';
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.message;
  }
}

const rows: readonly { readonly name: string; readonly where: Where }[] = [
  ...languageFunctions,
  ...languageBuiltins,
];

test('every word has its line here', () => {
  expect(Object.keys(uses).sort()).toEqual([...new Set(rows.map(({ name }) => name))].sort());
});

describe.each(forms)('%s', (form) => {
  test.each(rows.map(({ name, where }) => ({ name, where })))('$name ($where)', ({ name, where }) => {
    const said = outcome(name, form);
    if (where === 'everywhere' || where === form) expect(said).toBe('works');
    else expect(said).toContain(`works only ${places[where]}, and this script runs ${places[form]}`);
  });
});
