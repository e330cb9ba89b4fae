/** What a program names from outside: looked up once, when an engine prepares it. */
import { UnsupportedError } from '../../base/index.ts';
import type { EbpfInsn } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import type { AddressKind, Environment, Helper } from './engine.ts';

/** The two words of a 64-bit constant, lower half first; `nextImm` is of its second slot. */
export function wideConstant(
  { operation }: InsnRow,
  { imm }: EbpfInsn,
  nextImm: number,
  environment: Environment,
): readonly [low: number, high: number] {
  if (operation === 'imm64') return [imm, nextImm];
  const address = environment.resolve?.(operation as AddressKind, imm, nextImm);
  if (address === undefined) {
    throw new UnsupportedError(
      `eBPF program: nothing is known of ${operation}(${imm})`,
      'an environment with it',
    );
  }
  return [address | 0, Math.floor(address / 2 ** 32)];
}

/** What a call by number, or by BTF id, calls. */
export function helperOf({ operation }: InsnRow, { imm }: EbpfInsn, { helpers }: Environment): Helper {
  if (operation === 'btf') {
    throw new UnsupportedError(`eBPF program: call of a function by its BTF id ${imm}`, 'the Linux kernel');
  }
  const helper = helpers.get(imm);
  if (helper === undefined) {
    throw new UnsupportedError(
      `eBPF program: call of helper ${imm}, which is not there`,
      'an environment with it',
    );
  }
  return helper;
}
