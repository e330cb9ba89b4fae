// tsc writes without the execute bit; npm sets it on install, a checkout that runs dist/ directly needs it too.
import { chmodSync } from 'node:fs';

chmodSync('dist/cli/main.js', 0o755);
