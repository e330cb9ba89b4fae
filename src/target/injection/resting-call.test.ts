import { expect, test } from 'vitest';
import { parseMappings, stackRoom } from '../mappings.ts';
import { parseRestingCall, rankOf, resumed } from './resting-call.ts';
import { ThreadRegisters } from './thread-registers.ts';
import { LEGACY_BYTES, toSignalFrame } from './vector-state.ts';

test('threads that wait for events, messages or time; not those that run or wait for a lock', () => {
  const waits = parseRestingCall(
    '232 0x6 0x7fe5693063f0 0x1 0xffffffff 0x0 0x75 0x7fe5693063c0 0x7fe56c421f36\n',
  );
  expect(waits).toEqual({ number: 232, stackPointer: 0x7fe5693063c0n });
  const later = parseRestingCall('230 0x0 0x0 0x7ffc0 0x7ffc1 0x0 0x73 0x7ffc68555b00 0x7fe56c3e8545')!;
  expect(rankOf(waits!)).toBeLessThan(rankOf(later));
  for (const text of [
    'running\n',
    '-1 0x7ffc68555b00 0x7fe56c3e8545\n',
    '202 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffc68555b00 0x7fe56c3e8545\n',
    '',
  ]) {
    expect(parseRestingCall(text)).toBeUndefined();
  }
});

function stopped(call: bigint, result: bigint, cs = 0x33n): ThreadRegisters {
  const registers = new ThreadRegisters();
  registers.set('orig_rax', call);
  registers.set('rax', result);
  registers.set('rip', 0x1002n);
  registers.set('cs', cs);
  return registers;
}

test.each([
  ['interrupted', -4n, 232n, 0x1000n],
  ['to be made again', -512n, 232n, 0x1000n],
  ['to be made again where no handler runs', -514n, 232n, 0x1000n],
  ['over, with a result', 1n, 1n, 0x1002n],
  ['over, with an error', -9n, -9n, 0x1002n],
])('a call that was %s', (_what, result, rax, rip) => {
  const on = resumed(stopped(232n, result))!;
  expect([on.get('rax'), on.get('rip')]).toEqual([BigInt.asUintN(64, rax), rip]);
});

test.each([
  ['which only the kernel knows how to go on with', stopped(230n, -516n)],
  ['that has left its call', stopped(-1n, 0n)],
  ['that waits for a lock', stopped(202n, -512n)],
  ['of 32 bits', stopped(232n, -4n, 0x23n)],
])('a thread %s is left alone', (_what, registers) => {
  expect(resumed(registers)).toBeUndefined();
});

test('the room that a stack has: to the end of its mapping, and as it grows', () => {
  const mappings = parseMappings(
    [
      '7fe568306000-7fe568b06000 rw-p 00000000 00:00 0 ',
      '7fe56c3e0000-7fe56c421000 r-xp 00026000 fe:00 5595732                    /usr/lib/with space/libc.so.6',
      '7ffc68536000-7ffc68557000 rw-p 00000000 00:00 0                          [stack]',
    ].join('\n'),
  );
  expect(mappings[1]).toEqual({
    ...{ start: 0x7fe56c3e0000, end: 0x7fe56c421000, isExecutable: true, offset: 0x26000 },
    path: '/usr/lib/with space/libc.so.6',
  });
  expect(stackRoom(mappings, 0x7fe568307000)).toBe(0x1000);
  expect(stackRoom(mappings, 0x7ffc68555b00)).toBe(Number.POSITIVE_INFINITY);
  expect(stackRoom(mappings, 0x1000)).toBe(0);
});

test('vector registers for a signal frame: tiles are left out, and where there is no XSAVE only SSE is there', () => {
  const saved = new Uint8Array(11_008).fill(0xaa);
  const view = new DataView(saved.buffer);
  view.setBigUint64(464, 0x602e7n, true);
  view.setBigUint64(512, 0x60007n, true);
  const frame = new DataView(toSignalFrame(saved).buffer);
  const [before, lengthBytes, parts, behind] = [
    frame.getUint32(464, true),
    frame.getUint32(480, true),
    frame.getBigUint64(472, true),
    frame.getUint32(frame.byteLength - 4, true),
  ];
  expect([before, behind]).toEqual([0x46505853, 0x46505845]);
  expect([lengthBytes, frame.getUint32(468, true), frame.byteLength]).toEqual([2696, 2700, 2700]);
  expect([parts, frame.getBigUint64(512, true)]).toEqual([0x2e7n, 7n]);
  const legacy = toSignalFrame(new Uint8Array(LEGACY_BYTES).fill(0xaa));
  expect(legacy.length).toBe(LEGACY_BYTES);
  expect([...legacy.subarray(464)].every((byte) => byte === 0)).toBe(true);
});
