/**
 * Functions of a file for uprobes: by name, `name+offset`, address (`0x...`), pattern (`poll*`), and names of C++ as
 * people write them (`net::Router::poll`). Only functions whose code is in the file are found.
 */
import { nearest, UsageError } from '../../base/index.ts';
import { type ElfImage, type ImageSymbol, STT_FUNC } from '../elf/elf-image.ts';
import { demangleNested } from './demangle-nested.ts';
import { isGlob, matchesGlob } from './glob.ts';

export interface FunctionSite {
  /** As the symbol is written in the file, with the offset if one was asked for; the address where there is none. */
  readonly name: string;
  /** In the file. */
  readonly offset: number;
}

/** @throws UsageError when nothing fits, with the nearest name */
export function findFunctions(image: ElfImage, text: string): FunctionSite[] {
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text)) return [siteAt(image, text, Number(text), text)];
  const [, name = text, offsetText] = /^(.*?)\+(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const offset = Number(offsetText ?? 0);
  const matches = matching(image, name);
  if (matches.length === 0) throw unknownFunction(image, name);
  if (offsetText !== undefined && !isGlob(name)) {
    const { sizeBytes } = matches[0]!;
    if (sizeBytes > 0 && offset >= sizeBytes) {
      throw new UsageError(`${image.path}: ${name} has ${sizeBytes} bytes, got an offset of ${offset}`);
    }
  }
  const sites = matches.map((symbol) =>
    siteAt(
      image,
      offsetText === undefined ? symbol.name : `${symbol.name}+${offsetText}`,
      symbol.address + offset,
      text,
    ),
  );
  // Several names of one function are one place.
  return [...new Map(sites.map((site) => [site.offset, site])).values()];
}

function matching(image: ElfImage, name: string): ImageSymbol[] {
  const isFunction = ({ type, address }: ImageSymbol) => type === STT_FUNC && address !== 0;
  const exact = isGlob(name) ? [] : image.symbolsNamed(name).filter(isFunction);
  if (exact.length > 0) return exact;
  const isCpp = name.includes('::');
  if (!isGlob(name) && !isCpp && !hasCppNames(image)) return [];
  return image.symbols().filter((symbol) => {
    if (!isFunction(symbol)) return false;
    if (matchesGlob(name, symbol.name)) return true;
    const plain = demangleNested(symbol.name);
    return plain !== undefined && matchesGlob(name, plain);
  });
}

/** A name without `::` can be that of a plain function of C++: `_Z4polli`. */
function hasCppNames(image: ElfImage): boolean {
  return image.symbols().some(({ name }) => name.startsWith('_Z'));
}

function siteAt(image: ElfImage, name: string, address: number, text: string): FunctionSite {
  const offset = image.fileOffset(address);
  if (offset === undefined)
    throw new UsageError(`${image.path}: ${text} is not at an address that the file has`);
  return { name, offset };
}

function unknownFunction(image: ElfImage, name: string): UsageError {
  const names = image
    .symbols()
    .filter(({ type }) => type === STT_FUNC)
    .map((symbol) => demangleNested(symbol.name) ?? symbol.name);
  if (names.length === 0)
    return new UsageError(`${image.path} has no symbols: name the place by its address, 0x...`);
  const near = isGlob(name) ? undefined : nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return new UsageError(`${image.path} has no function ${name}${hint}`);
}
