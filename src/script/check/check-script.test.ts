import { describe, expect, test } from 'vitest';
import { CompileError, nearest, UsageError } from '../../base/index.ts';
import { dpdkPoints, type ProbePoint } from '../../tracepoints/index.ts';
import { type ProbeText, parseScript } from '../syntax/index.ts';
import type { CheckedScript, Expression, Statement } from '../typed.ts';
import { checkScript } from './index.ts';
import type { Form } from './probe-checker.ts';

const integer = (name: string, index: number, isSigned = false): ProbePoint['arguments'][number] => ({
  name,
  type: { kind: 'integer', bytes: 4, isSigned },
  place: { kind: 'context', index },
  meaning: '',
});

const points: Record<Form, readonly ProbePoint[]> = {
  agent: [
    ...dpdkPoints,
    {
      name: 'app:fwd:drop',
      kind: 'application',
      arguments: [
        integer('port', 0),
        integer('delta', 1, true),
        {
          name: 'reason',
          type: { kind: 'text', bytes: 64 },
          place: { kind: 'context', index: 2 },
          meaning: '',
        },
      ],
      meaning: '',
    },
  ],
  kernel: [
    {
      name: 'usdt:/bin/app:fwd:drop',
      kind: 'usdt',
      arguments: [integer('arg0', 0), integer('arg1', 1)],
      meaning: '',
    },
    { name: 'uprobe:/bin/app:main', kind: 'uprobe', arguments: [], meaning: '' },
    { name: 'uretprobe:/bin/app:main', kind: 'uretprobe', arguments: [], meaning: '' },
    {
      name: 'tracepoint:syscalls:sys_enter_read',
      kind: 'tracepoint',
      arguments: [integer('fd', 0), integer('count', 1)],
      meaning: '',
    },
    {
      name: 'tracepoint:syscalls:sys_exit_read',
      kind: 'tracepoint',
      arguments: [integer('ret', 0, true)],
      meaning: '',
    },
  ],
};

/** A target that has these points. */
function findPoints(form: Form): (probe: ProbeText) => readonly ProbePoint[] {
  return ({ parts }) => {
    const name = parts.join(':');
    const pattern = new RegExp(`^${name.replaceAll('*', '.*')}$`);
    const found = points[form].filter((point) => pattern.test(point.name));
    if (found.length > 0) return found;
    const like = nearest(
      name,
      points[form].map((point) => point.name),
    );
    throw new UsageError(`no trace point ${name}${like === undefined ? '' : `; did you mean ${like}?`}`);
  };
}

function check(source: string, form: Form = 'agent', positional: readonly string[] = []): CheckedScript {
  return checkScript(parseScript(source), { form, positional, findPoints: findPoints(form) });
}

function failure(source: string, form: Form = 'agent'): string {
  try {
    check(source, form);
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
  return 'compiles';
}

test('smoke', () => {
  console.log(
    JSON.stringify(
      check('dpdk:rx_packet /ip.src == 10.0.0.1 && tcp.port == 80/ { @[ip.src] = count(); }'),
      (k, v) => (typeof v === 'bigint' ? `${v}n` : k === 'span' || k === 'places' ? undefined : v),
      1,
    ).slice(0, 6000),
  );
});
