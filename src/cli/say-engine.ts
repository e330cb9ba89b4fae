/** What a person reads when programs do not run as native code in an application: they take more of its time then. */
import type { Target, TraceFeed } from '../target/index.ts';

type Engine = TraceFeed['engine'];

const SLOWER: Readonly<Record<Engine, string | undefined>> = {
  jit: undefined,
  'rte-interpreter':
    'librte_bpf makes no native code there: programs run in its interpreter, which is slower',
  'own-interpreter': "there is no librte_bpf: programs run in the agent's interpreter, which is slower",
};

interface Application {
  readonly label: string;
  readonly target: Target;
}

/** Says nothing of a replay, which has an engine of its own. */
export function sayEngine({ label, target }: Application, engine: Engine): void {
  const reason = target.info.kind === 'replay' ? undefined : SLOWER[engine];
  if (reason !== undefined) process.stderr.write(`${label}: ${reason}\n`);
}
