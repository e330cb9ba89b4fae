/** The agent's C sources in this package, and the hash that names what is built from them. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is compiled with whatever DPDK is installed. No librte_* is linked: symbols are looked up at run time. */
export const AGENT_FLAGS: readonly string[] = [
  '-std=gnu11',
  '-D_GNU_SOURCE',
  '-DALLOW_EXPERIMENTAL_API',
  '-O3',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-ftls-model=initial-exec',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-pthread',
  '-Wl,-z,nodelete',
  '-Wl,-z,now',
];

export interface AgentSource {
  readonly includeFolder: string;
  /** Paths of the .c files, sorted. */
  readonly files: readonly string[];
  /** 12 hexadecimal digits over the sources and how they are compiled. */
  readonly hash: string;
}

let cached: AgentSource | undefined;

export function agentSource(): AgentSource {
  cached ??= readSource(join(packageRoot(), 'native', 'agent'));
  return cached;
}

/** Names the agent that this package would build: one that runs says its own. */
export function agentHash(): string {
  return agentSource().hash;
}

/** The folder with package.json and native/, whether this file runs from src/ or dist/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'native', 'agent'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no native/agent above ${fileURLToPath(import.meta.url)}`);
    folder = parent;
  }
  return folder;
}

function readSource(folder: string): AgentSource {
  const hash = createHash('sha256').update(AGENT_FLAGS.join(' '));
  const list = (...parts: string[]) =>
    readdirSync(join(folder, ...parts))
      .filter((name) => /\.[ch]$/.test(name))
      .sort()
      .map((name) => join(folder, ...parts, name));
  const sources = list('src');
  for (const path of [...list('include', 'hone'), ...sources]) {
    const text = readFileSync(path);
    hash.update(`\n${path.slice(folder.length)} ${text.length}\n`).update(text);
  }
  return {
    includeFolder: join(folder, 'include'),
    files: sources.filter((path) => path.endsWith('.c')),
    hash: hash.digest('hex').slice(0, 12),
  };
}
