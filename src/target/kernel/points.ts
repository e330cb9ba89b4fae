/**
 * From the text of a probe to the points it means, on this machine now:
 *
 * ```
 *   usdt:PATH:PROVIDER:NAME   usdt:PATH:NAME         notes of a file, patterns in provider and name
 *   uprobe:PATH:FUNCTION      uretprobe:PATH:FUNC    name, name+offset, 0xADDRESS, pattern
 *   tracepoint:CATEGORY:NAME                         patterns in both
 *   profile:hz:N   profile:s|ms|us:N   interval:...  every processor, or one
 *   software:EVENT:COUNT
 *   BEGIN   END
 * ```
 * Kinds have bpftrace's short names, too (`u`, `ur`, `U`, `t`, `p`, `i`, `s`).
 */
import { nearest, UsageError } from '../../base/index.ts';
import type { ProbeArgument } from '../../tracepoints/index.ts';
import { ElfImage, EM_X86_64 } from '../elf/elf-image.ts';
import { findFunctions } from './function-sites.ts';
import { isGlob, matchesGlob } from './glob.ts';
import type { ClockRate, KernelPoint } from './kernel-point.ts';
import { argumentOffset, registerOffset } from './pt-regs.ts';
import { softwareEvent } from './software-events.ts';
import { findTracedFiles, type TracedFile } from './traced-file.ts';
import { findTracepoints } from './tracefs.ts';
import { parseUsdtArguments } from './usdt-argument.ts';
import { readUsdtProbes, type UsdtProbe } from './usdt-notes.ts';

export interface PointOptions {
  /** Only this process. */
  readonly pid?: number | undefined;
  /** Where tracefs is; looked for when it is needed otherwise. */
  readonly tracefs?: string | undefined;
}

const kinds: ReadonlyMap<string, Resolver> = new Map([
  ['usdt', resolveUsdt],
  ['uprobe', resolveUprobe],
  ['uretprobe', resolveUretprobe],
  ['tracepoint', resolveTracepoint],
  ['profile', resolveProfile],
  ['interval', resolveInterval],
  ['software', resolveSoftware],
  ['BEGIN', () => [edge('begin')]],
  ['END', () => [edge('end')]],
]);

const shortKinds: Readonly<Record<string, string>> = {
  U: 'usdt',
  u: 'uprobe',
  ur: 'uretprobe',
  t: 'tracepoint',
  p: 'profile',
  i: 'interval',
  s: 'software',
  begin: 'BEGIN',
  end: 'END',
};

type Resolver = (rest: string, options: PointOptions) => KernelPoint[];

/** At least one point. @throws UsageError with the nearest names, UnsupportedError, FormatError for a broken file */
export function resolveKernelPoints(text: string, options: PointOptions = {}): KernelPoint[] {
  const [, kind = '', rest = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  const resolve = kinds.get(shortKinds[kind] ?? kind);
  if (resolve !== undefined) return resolve(rest, options);
  const near = nearest(kind, kinds.keys());
  const hint =
    near === undefined ? `expected one of ${[...kinds.keys()].join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`no kind of probe ${JSON.stringify(kind)} in the kernel: ${hint}`);
}

function edge(kind: 'begin' | 'end'): KernelPoint {
  const [name, meaning] = kind === 'begin' ? ['BEGIN', 'once before everything'] : ['END', 'once at the end'];
  return { name: name!, kind, arguments: [], meaning: meaning!, sites: [{ kind }] };
}

/** What `use` finds in those of the files that are ELF files; the first error when there is nothing in any. */
function inFiles(
  path: string,
  { pid }: PointOptions,
  use: (image: ElfImage, file: TracedFile) => KernelPoint[],
): KernelPoint[] {
  const points: KernelPoint[] = [];
  let fault: unknown;
  for (const file of findTracedFiles(path, pid)) {
    try {
      const image = new ElfImage(file.path);
      try {
        requireX86(image);
        points.push(...use(image, file));
      } finally {
        image.close();
      }
    } catch (error) {
      fault ??= error;
    }
  }
  if (points.length === 0) throw fault;
  return points;
}

function requireX86({ machine, path }: ElfImage): void {
  if (machine !== EM_X86_64) throw new UsageError(`${path} is for machine ${machine}, expected x86-64 (62)`);
}

function resolveUsdt(rest: string, options: PointOptions): KernelPoint[] {
  const parts = rest.split(':');
  if (parts.length < 2 || parts.length > 3 || parts.at(-1) === '') {
    throw malformed(`usdt:${rest}`, 'usdt:PATH:PROVIDER:NAME or usdt:PATH:NAME');
  }
  const [path, provider, name] = parts.length === 2 ? [parts[0], '*', parts[1]] : parts;
  return inFiles(path!, options, (image, file) => {
    const all = readUsdtProbes(image);
    const found = all.filter(
      (probe) => matchesGlob(provider!, probe.provider) && matchesGlob(name!, probe.name),
    );
    if (found.length === 0) throw unknownUsdt(file, all, provider!, name!);
    return usdtPoints(image, file, found);
  });
}

/** One point for all places where the arguments are found alike. */
function usdtPoints(image: ElfImage, file: TracedFile, probes: readonly UsdtProbe[]): KernelPoint[] {
  const points = new Map<string, KernelPoint & { sites: KernelPoint['sites'][number][] }>();
  for (const { provider, name, arguments: text, address, offset, refCtrOffset } of probes) {
    const fullName = `usdt:${file.name}:${provider}:${name}`;
    const args = parseUsdtArguments(text, {
      location: address,
      address: (symbol) => image.symbolsNamed(symbol)[0]?.address,
    });
    const key = JSON.stringify([fullName, args], (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    const point = points.get(key) ?? {
      name: fullName,
      kind: 'usdt',
      arguments: args,
      meaning: text,
      sites: [],
    };
    const isThere = point.sites.some((site) => site.kind === 'uprobe' && site.offset === offset);
    if (!isThere)
      point.sites.push({ kind: 'uprobe', path: file.path, offset, refCtrOffset, isReturn: false });
    points.set(key, point);
  }
  return [...points.values()];
}

function unknownUsdt(
  file: TracedFile,
  all: readonly UsdtProbe[],
  provider: string,
  name: string,
): UsageError {
  if (all.length === 0) return new UsageError(`${file.name} has no USDT probes`);
  const near = nearest(
    name,
    all.map((probe) => probe.name),
  );
  const known = all.filter((probe) => probe.name === (near ?? name)).map((probe) => probe.provider);
  const full = near === undefined ? undefined : `${nearest(provider, known) ?? known[0]}:${near}`;
  const hint = full === undefined || isGlob(name) ? '' : `; did you mean ${full}?`;
  return new UsageError(`${file.name} has no USDT probe ${provider}:${name}${hint}`);
}

function resolveUprobe(rest: string, options: PointOptions): KernelPoint[] {
  return functionPoints('uprobe', rest, options);
}

function resolveUretprobe(rest: string, options: PointOptions): KernelPoint[] {
  return functionPoints('uretprobe', rest, options);
}

function functionPoints(kind: 'uprobe' | 'uretprobe', rest: string, options: PointOptions): KernelPoint[] {
  // The path has no colon; a function of C++ may have several.
  const [, path, name] = /^([^:]*):(.+)$/s.exec(rest) ?? [];
  if (path === undefined || name === undefined) throw malformed(`${kind}:${rest}`, `${kind}:PATH:FUNCTION`);
  const isReturn = kind === 'uretprobe';
  if (isReturn && /\+\S+$/.test(name)) {
    throw new UsageError(`${kind}:${rest}: a return has no offset in the function`);
  }
  return inFiles(path, options, (image, file) =>
    findFunctions(image, name).map((site) => ({
      name: `${kind}:${file.name}:${site.name}`,
      kind,
      arguments: isReturn ? [returned] : argumentsOfCall,
      meaning: '',
      sites: [{ kind: 'uprobe', path: file.path, offset: site.offset, refCtrOffset: 0, isReturn }],
    })),
  );
}

const word = { kind: 'integer', bytes: 8, isSigned: true } as const;

const returned: ProbeArgument = {
  name: 'retval',
  type: word,
  place: { kind: 'register', offsetBytes: registerOffset('ax')! },
  meaning: 'what the function returns, as an integer',
};

/** Those in registers, then some of those on the stack behind the return address (System V ABI). */
const argumentsOfCall: readonly ProbeArgument[] = Array.from({ length: 10 }, (_, n) => {
  const offsetBytes = argumentOffset(n);
  return {
    name: `arg${n}`,
    type: word,
    place:
      offsetBytes === undefined
        ? {
            kind: 'memory',
            base: registerOffset('sp'),
            index: undefined,
            scale: 1,
            displacement: BigInt(8 * (n - 5)),
          }
        : { kind: 'register', offsetBytes },
    meaning: `argument ${n} of the call, as an integer`,
  };
});

function resolveTracepoint(rest: string, { tracefs }: PointOptions): KernelPoint[] {
  const [category, name, ...more] = rest.split(':');
  if (!category || !name || more.length > 0 || /[/]|^\.\.?$/.test(category + name)) {
    throw malformed(`tracepoint:${rest}`, 'tracepoint:CATEGORY:NAME');
  }
  return findTracepoints(category, name, tracefs);
}

function resolveProfile(rest: string): KernelPoint[] {
  return [clockPoint('profile', rest)];
}

function resolveInterval(rest: string): KernelPoint[] {
  return [clockPoint('interval', rest)];
}

const nsOfUnit: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, us: 1_000n };

function clockPoint(kind: 'profile' | 'interval', rest: string): KernelPoint {
  const [, unit, count] = /^(hz|s|ms|us):(\d{1,12})$/.exec(rest) ?? [];
  const number = BigInt(count ?? 0);
  if (unit === undefined || number === 0n) {
    throw malformed(`${kind}:${rest}`, `${kind}:hz:N or ${kind}:s|ms|us:N, N at least 1`);
  }
  const rate: ClockRate =
    unit === 'hz' ? { unit: 'hz', perSecond: number } : { unit: 'ns', periodNs: number * nsOfUnit[unit]! };
  const everyCpu = kind === 'profile';
  return {
    name: `${kind}:${rest}`,
    kind,
    arguments: [],
    meaning: everyCpu ? 'at this rate on every processor' : 'at this rate',
    sites: [{ kind: 'clock', everyCpu, rate }],
  };
}

function resolveSoftware(rest: string): KernelPoint[] {
  const [, name = '', , count] = /^([^:]*)(:(\d{0,12}))?$/.exec(rest) ?? [];
  const { config, period, meaning } = softwareEvent(name);
  const number = count ? BigInt(count) : period;
  if (number === 0n) throw malformed(`software:${rest}`, 'software:EVENT:COUNT, COUNT at least 1');
  return [
    {
      name: `software:${rest}`,
      kind: 'software',
      arguments: [],
      meaning,
      sites: [{ kind: 'software', config, period: number }],
    },
  ];
}

function malformed(text: string, expected: string): UsageError {
  return new UsageError(`got probe ${JSON.stringify(text)}, expected ${expected}`);
}
