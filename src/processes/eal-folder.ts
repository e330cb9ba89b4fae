/** Where DPDK keeps what belongs to an application while it runs. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of a --file-prefix: sockets, configuration. The EAL leaves it behind. */
export function ealFolder(prefix: string): string {
  const base = process.getuid?.() === 0 ? '/var/run' : (process.env.XDG_RUNTIME_DIR ?? tmpdir());
  return join(base, 'dpdk', prefix);
}
