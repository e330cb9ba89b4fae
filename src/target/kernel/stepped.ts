/**
 * Which instructions the kernel carries out itself under a uprobe. All others it has to step over on a copy: a second exception,
 * which in a virtual machine costs twenty times what the first does. x86-64.
 * Source: Linux, arch/x86/kernel/uprobes.c, branch_setup_xol_ops() and push_setup_xol_ops().
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** An instruction's first bytes are enough. */
const LOOKED_AT = 3;

/** True when unknown: the dearer case. */
export function isStepped(path: string, offset: number): boolean {
  const bytes = new Uint8Array(LOOKED_AT);
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return readSync(fd, bytes, 0, LOOKED_AT, offset) < LOOKED_AT || isSteppedInstruction(bytes);
  } catch {
    return true;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** @param bytes from the instruction's first on */
export function isSteppedInstruction(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  const isPush = (byte: number) => byte >= 0x50 && byte <= 0x57;
  const isNop = first === 0x90 || (first === 0x66 && second === 0x90) || (first === 0x0f && second === 0x1f);
  const isShortJump = first === 0xeb || (first >= 0x70 && first <= 0x7f);
  const isNearJump = first === 0xe9 || (first === 0x0f && second >= 0x80 && second <= 0x8f);
  const isCall = first === 0xe8;
  return !(
    isPush(first) ||
    (first === 0x41 && isPush(second)) ||
    isNop ||
    isShortJump ||
    isNearJump ||
    isCall
  );
}
