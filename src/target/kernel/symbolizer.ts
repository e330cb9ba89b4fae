/**
 * Names for addresses of processes (the files that they have mapped, by /proc/PID/maps) and of the kernel
 * (/proc/kallsyms). What is not found has none. A process that has ended is known only as far as it was asked for before.
 */
import { readFileSync } from 'node:fs';
import { ElfImage, STT_FUNC } from '../elf/elf-image.ts';
import { type Mapping, parseCodeMappings } from '../mappings.ts';
import { type FoundFunction, SymbolTable } from './symbol-table.ts';

/** A file's functions by address, and where in the address space its bytes are. */
interface FileSymbols {
  readonly table: SymbolTable;
  readonly addressAt: (offset: number) => number | undefined;
}

export class Symbolizer {
  readonly #processes = new Map<number, readonly Mapping[]>();
  readonly #files = new Map<string, FileSymbols | undefined>();
  #kernel: SymbolTable | undefined;

  /** Looks at what a process has mapped, for later. */
  remember(pid: number): void {
    if (!this.#processes.has(pid)) this.#read(pid);
  }

  ofProcess(pid: number, address: bigint): FoundFunction | undefined {
    this.remember(pid);
    let range = this.#range(pid, address);
    if (range === undefined) {
      // It may have been mapped since.
      this.#read(pid);
      range = this.#range(pid, address);
    }
    if (range === undefined) return undefined;
    const file = this.#file(pid, range.path);
    const inFile = file?.addressAt(Number(address) - range.start + range.offset);
    return inFile === undefined ? undefined : file!.table.find(BigInt(inFile));
  }

  ofKernel(address: bigint): FoundFunction | undefined {
    this.#kernel ??= new SymbolTable(kernelFunctions());
    return this.#kernel.find(address);
  }

  #range(pid: number, address: bigint): Mapping | undefined {
    return this.#processes.get(pid)?.find(({ start, end }) => address >= start && address < end);
  }

  #read(pid: number): void {
    try {
      this.#processes.set(pid, parseCodeMappings(readFileSync(`/proc/${pid}/maps`, 'utf8')));
    } catch {
      // It has ended, or is not ours to look at: what is known stays.
    }
  }

  #file(pid: number, path: string): FileSymbols | undefined {
    if (this.#files.has(path)) return this.#files.get(path);
    const file = tryReadFunctions(`/proc/${pid}/root${path}`) ?? tryReadFunctions(path);
    this.#files.set(path, file);
    return file;
  }
}

function tryReadFunctions(path: string): FileSymbols | undefined {
  try {
    const image = new ElfImage(path);
    try {
      const functions = image
        .symbols()
        .filter(({ type, address }) => type === STT_FUNC && address !== 0)
        .map(({ name, address, sizeBytes }) => ({ name, address: BigInt(address), sizeBytes }));
      return { table: new SymbolTable(functions), addressAt: (offset) => image.addressAt(offset) };
    } finally {
      image.close();
    }
  } catch {
    return undefined;
  }
}

function* kernelFunctions() {
  for (const line of readFileSync('/proc/kallsyms', 'utf8').split('\n')) {
    const [address = '', type, name] = line.split(' ');
    if (name === undefined || !/^[tTwW]$/.test(type!) || /^0*$/.test(address)) continue;
    yield { address: BigInt(`0x${address}`), sizeBytes: 0, name: name.split('\t')[0]! };
  }
}
