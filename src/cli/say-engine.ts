/** What a person reads when programs do not run as native code in an application: they take more of its time then. */
import type { TraceFeed } from '../target/index.ts';

type Engine = TraceFeed['engine'];

const SLOWER: Readonly<Record<Engine, string | undefined>> = {
  jit: undefined,
  'rte-interpreter':
    'librte_bpf makes no native code there: programs run in its interpreter, which is slower',
  'own-interpreter': "there is no librte_bpf: programs run in the agent's interpreter, which is slower",
};

/** @param whose what messages call the application */
export function sayEngine(whose: string, engine: Engine): void {
  const reason = SLOWER[engine];
  if (reason !== undefined) process.stderr.write(`${whose}: ${reason}\n`);
}
