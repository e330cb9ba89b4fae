/** Where a process has the functions that load a library, and the way back from them. Its own C library's, glibc or musl. */
import { FormatError } from '../../base/index.ts';
import { ElfImage, EM_X86_64, STT_FUNC } from '../elf/elf-image.ts';
import { addressOfCode, type Mapping } from '../mappings.ts';

export interface LibraryCode {
  readonly dlopen: bigint;
  readonly dlerror: bigint;
  /** Calls rt_sigreturn: what the C library gives the kernel as the return address of signal handlers. */
  readonly restorer: bigint;
}

/** `mov $15, %rax; syscall`: the restorer has no name that is kept. */
const RESTORER = Buffer.from('48c7c00f0000000f05', 'hex');
const C_LIBRARY = /\/(?:libc|libdl|ld-musl)[.-][^/]*$/;

/**
 * Undefined when it does not have all of them.
 * @param root of the file names in `mappings`
 */
export function findLibraryCode(mappings: readonly Mapping[], root: string): LibraryCode | undefined {
  const paths = [...new Set(mappings.map(({ path }) => path))].filter((path) => C_LIBRARY.test(path));
  const found: { -readonly [Name in keyof LibraryCode]?: bigint | undefined } = {};
  for (const path of paths) {
    const code = codeIn(`${root}${path}`, (offset) => addressOfCode(mappings, path, offset));
    found.dlopen ??= code.dlopen;
    found.dlerror ??= code.dlerror;
    found.restorer ??= code.restorer;
  }
  const { dlopen, dlerror, restorer } = found;
  if (dlopen === undefined || dlerror === undefined || restorer === undefined) return undefined;
  return { dlopen, dlerror, restorer };
}

function codeIn(path: string, addressAt: (offset: number) => number | undefined): Partial<LibraryCode> {
  let image: ElfImage | undefined;
  try {
    image = new ElfImage(path);
    if (image.machine !== EM_X86_64) return {};
    const file = image;
    const inMemory = (address: number | undefined): bigint | undefined => {
      const offset = address === undefined ? undefined : file.fileOffset(address);
      const mapped = offset === undefined ? undefined : addressAt(offset);
      return mapped === undefined ? undefined : BigInt(mapped);
    };
    const named = (name: string): bigint | undefined =>
      inMemory(file.symbolsNamed(name).find(({ type }) => type === STT_FUNC)?.address);
    const text = image.section('.text');
    const at = text === undefined ? -1 : image.content(text).indexOf(RESTORER);
    const restorer = text === undefined || at < 0 ? undefined : inMemory(text.address + at);
    const [dlopen, dlerror] = [named('dlopen'), named('dlerror')];
    return {
      ...(dlopen === undefined ? {} : { dlopen }),
      ...(dlerror === undefined ? {} : { dlerror }),
      ...(restorer === undefined ? {} : { restorer }),
    };
  } catch (error) {
    if (error instanceof FormatError || (error as NodeJS.ErrnoException).code !== undefined) return {};
    throw error;
  } finally {
    image?.close();
  }
}
