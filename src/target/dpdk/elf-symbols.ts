/** Whether an ELF file exports a symbol: how a statically linked DPDK application is told from others. */
import { FormatError } from '../../base/index.ts';
import { ElfImage } from '../elf/elf-image.ts';

/** @returns false also for what cannot be read or is no ELF file of 64 bits */
export function definesDynamicSymbol(path: string, symbol: string): boolean {
  let image: ElfImage | undefined;
  try {
    image = new ElfImage(path);
    return image.definesDynamicSymbol(symbol);
  } catch (error) {
    if (error instanceof FormatError || (error as NodeJS.ErrnoException).code !== undefined) return false;
    throw error;
  } finally {
    image?.close();
  }
}
