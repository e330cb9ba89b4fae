import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ABI, STRUCTS } from './abi.ts';

const generator = fileURLToPath(new URL('../../scripts/generate-abi.mjs', import.meta.url));
const headerPath = fileURLToPath(new URL('../../native/agent/include/hone/abi.h', import.meta.url));

test('abi.ts is what the generator makes of abi.h now', () => {
  const generated = execFileSync(process.execPath, [generator, '--stdout'], { encoding: 'utf8' });
  expect(readFileSync(new URL('./abi.ts', import.meta.url), 'utf8')).toBe(generated);
});

test('numbers and offsets are those of the header', () => {
  expect(ABI.HONE_MAGIC).toBe(0x656e6f68);
  expect(new TextDecoder().decode(new Uint32Array([ABI.HONE_MAGIC]).buffer as ArrayBuffer)).toBe('hone');
  expect(STRUCTS.hone_port.fields.mac).toEqual({ offset: 20, type: 'uint8_t', count: 6 });
  expect(STRUCTS.hone_port_event.fields.text).toEqual({ offset: 296, type: 'char', count: 128 });
  expect(STRUCTS.hone_session_memory.fields.orphans.offset).toBe(16448);
});

test.each([
  [
    'a field that moves',
    'uint16_t nb_rx_queues;',
    'uint32_t nb_rx_queues;',
    'struct hone_port: padding before nb_rx_queues',
  ],
  ['a size that changes', 'uint32_t mtu;', 'uint32_t mtu;\n\tuint64_t more;', 'static_assert fails'],
  ['an unknown type', 'int32_t numa_node;', 'long numa_node;', 'struct hone_port: unknown type long'],
  [
    'a constant that is no number',
    'HONE_MAX_HOOKS 1024',
    'HONE_MAX_HOOKS (1 << 10)',
    'HONE_MAX_HOOKS is no number',
  ],
])('the generator refuses %s', (_, before, after, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'hone-abi-'));
  try {
    const header = readFileSync(headerPath, 'utf8');
    expect(header).toContain(before);
    const changed = join(folder, 'abi.h');
    writeFileSync(changed, header.replace(before, after));
    const { status, stderr } = spawnSync(process.execPath, [generator, '--stdout', changed], {
      encoding: 'utf8',
    });
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
