/**
 * struct pt_regs of x86-64 (<asm/ptrace.h>, as programs on uprobes and perf events find it): where a register lies there,
 * by every name that assembly gives to it or to its part.
 */
export interface RegisterPart {
  /** In struct pt_regs. */
  readonly offsetBytes: number;
  readonly bytes: 1 | 2 | 4 | 8;
}

const order = 'r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss'.split(' ');

/** Where the whole register lies, by its name without a prefix: `ax`, `r8`, `ip`. */
export function registerOffset(name: string): number | undefined {
  const index = order.indexOf(name);
  return index < 0 ? undefined : 8 * index;
}

const parts = new Map<string, RegisterPart>();

function add(name: string, register: string, bytes: RegisterPart['bytes'], skipBytes = 0): void {
  parts.set(name, { offsetBytes: registerOffset(register)! + skipBytes, bytes });
}

for (const name of ['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', 'ip']) {
  add(`r${name}`, name, 8);
  add(`e${name}`, name, 4);
  add(name, name, 2);
  if (name.endsWith('x')) add(`${name[0]}h`, name, 1, 1);
  if (name !== 'ip') add(name.endsWith('x') ? `${name[0]}l` : `${name}l`, name, 1);
}
for (let n = 8; n <= 15; n++) {
  const name = `r${n}`;
  add(name, name, 8);
  add(`${name}d`, name, 4);
  add(`${name}w`, name, 2);
  add(`${name}b`, name, 1);
  add(`${name}l`, name, 1);
}

/** A register, or a part of one, as AT&T assembly names it without `%`: `rax`, `eax`, `ah`, `r8d`, `sil`. */
export function registerPart(name: string): RegisterPart | undefined {
  return parts.get(name);
}

/** The register of the n-th integer argument (System V ABI), 0 to 5. */
export function argumentOffset(n: number): number | undefined {
  const name = ['di', 'si', 'dx', 'cx', 'r8', 'r9'][n];
  return name === undefined ? undefined : registerOffset(name);
}
