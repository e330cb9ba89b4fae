// Completes package-lock.json after `npm install` behind a registry mirror that lacks the packages of other
// platforms: `npm ci` refuses a lock that does not name every optional dependency. What is added is never
// installed on the platform that added it: its os, cpu and libc say so. Also drops the mirror's addresses.
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

function platform(name) {
  const words = name.split(/[-/]/);
  const os = [
    'linux',
    'darwin',
    'win32',
    'android',
    'freebsd',
    'openbsd',
    'netbsd',
    'sunos',
    'aix',
    'openharmony',
  ];
  const cpu = { x64: 'x64', arm64: 'arm64', arm: 'arm', ia32: 'ia32', ppc64: 'ppc64', s390x: 's390x' };
  const cpus = { riscv64: 'riscv64', loong64: 'loong64', wasm32: 'wasm32', mips64el: 'mips64el', ...cpu };
  const found = {};
  found.cpu = words.filter((word) => cpus[word]).map((word) => cpus[word]);
  found.os = words.filter((word) => os.includes(word));
  if (words.some((word) => word.startsWith('musl'))) found.libc = ['musl'];
  if (words.some((word) => word.startsWith('gnu'))) found.libc = ['glibc'];
  return Object.fromEntries(Object.entries(found).filter(([, values]) => values.length > 0));
}

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined) continue;
    lock.packages[path] = { version, ...(entry.dev ? { dev: true } : {}), optional: true, ...platform(name) };
  }
}
for (const entry of Object.values(lock.packages)) {
  if (entry.resolved?.startsWith('http')) delete entry.resolved;
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
