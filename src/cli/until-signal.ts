/** Long work that a signal ends early, and its progress on standard error when that is a terminal. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @param run is told by the signal to end with what it has; what it says last is wiped away at the end */
export async function untilSignal<Result>(
  run: (signal: AbortSignal, say: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onStop);
  const isShown = process.stderr.isTTY;
  const say = (text: string) => {
    if (isShown) process.stderr.write(`\r${text}\u001b[K`);
  };
  try {
    return await run(stop.signal, say);
  } finally {
    if (isShown) process.stderr.write('\r\u001b[K');
    for (const signal of SIGNALS) process.off(signal, onStop);
  }
}
