/** What a form cannot do is a fault that says which one can. */
import type { Span } from '../../base/index.ts';
import type { Where } from '../language.ts';
import { fail } from '../syntax/index.ts';
import type { Form } from './probe-checker.ts';

const places: Record<Form, string> = { agent: 'in the application', kernel: 'in the kernel' };
const probes: Record<Form, string> = {
  agent: 'dpdk: and app:',
  kernel: 'usdt:, uprobe:, tracepoint: and profile:',
};

/** Fails when what is written at `span` cannot be done in this form. */
export function requireForm(form: Form, where: Where, span: Span, what: string): void {
  if (where === 'everywhere' || where === form) return;
  fail(
    span,
    `${what} works only ${places[where]}, and this script runs ${places[form]}`,
    `probes ${places[where]}: ${probes[where]}`,
  );
}
