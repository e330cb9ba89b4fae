/**
 * The x87 and vector registers of a stopped thread, from how ptrace(2) gives them to how rt_sigreturn(2) takes them: both are XSAVE's
 * standard format (Intel SDM, volume 1, section 13.4), with a word of software's own in front of the header and one behind the end
 * (struct _fpx_sw_bytes of arch/x86/include/uapi/asm/sigcontext.h).
 */

/** What FXSAVE alone gives: x87 and SSE. */
export const LEGACY_BYTES = 512;
/** In it, what is left to software. ptrace puts there which parts there are. */
const SOFTWARE_AT = 464;
/** Which parts are not as at the start, in the header. */
const IN_USE_AT = 512;
const HEADER_BYTES = 64;

/**
 * Up to AVX-512 and protection keys, and APX, which lies between. Tiles lie behind and are most of the whole: a thread may only have
 * them in a signal frame when it has asked for them, and none has any in a system call.
 */
const MOST_BYTES = 2696;
const PARTS = 0x2ffn | (1n << 19n);

const MAGIC_BEFORE = 0x4650_5853;
const MAGIC_BEHIND = 0x4650_5845;
const MAGIC_BYTES = 4;

/** @param saved by PTRACE_GETREGSET of NT_X86_XSTATE, or PTRACE_GETFPREGS where there is no XSAVE: LEGACY_BYTES then */
export function toSignalFrame(saved: Uint8Array): Uint8Array {
  if (saved.length < LEGACY_BYTES + HEADER_BYTES) return saved.slice(0, LEGACY_BYTES).fill(0, SOFTWARE_AT);
  const bytes = Math.min(saved.length, MOST_BYTES);
  const frame = new Uint8Array(bytes + MAGIC_BYTES);
  frame.set(saved.subarray(0, bytes));
  const view = new DataView(frame.buffer);
  const parts = view.getBigUint64(SOFTWARE_AT, true) & PARTS;
  frame.fill(0, SOFTWARE_AT, LEGACY_BYTES);
  view.setUint32(SOFTWARE_AT, MAGIC_BEFORE, true);
  view.setUint32(SOFTWARE_AT + 4, frame.length, true);
  view.setBigUint64(SOFTWARE_AT + 8, parts, true);
  view.setUint32(SOFTWARE_AT + 16, bytes, true);
  view.setBigUint64(IN_USE_AT, view.getBigUint64(IN_USE_AT, true) & parts, true);
  view.setUint32(bytes, MAGIC_BEHIND, true);
  return frame;
}
