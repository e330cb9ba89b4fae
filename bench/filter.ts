/**
 * How long filters take to compile, beside libpcap's own compiler: in a process that has compiled many, and the first of
 * a fresh one, which is what a command line waits for. Names are resolved from files.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { compilePrograms } from '../src/capture/filter-programs.ts';
import { compileFilter } from '../src/filter/index.ts';
import { formatSpread, printTable } from './statistics.ts';

const FILTERS = [
  'ip',
  'tcp port 80',
  'host 10.0.0.1 and udp port 53',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'vlan 100 and ip6 and not port 22',
  'net 10.0.0.0/8 and portrange 8000-8100',
  'icmp or arp or ether broadcast',
  '(src net 192.168.0.0/16 or dst net 172.16.0.0/12) and tcp port 443 and greater 100 and not host 192.168.1.1',
];
const COMPILES = 500;
const ETHERNET = 1;
const SNAPLEN = 262_144;
const NO_NETMASK = 0xffff_ffff;
/** struct bpf_program: a length and a pointer. */
const PROGRAM_BYTES = 16;

export async function benchFilter(rounds = 5): Promise<void> {
  const compileByLibpcap = openLibpcap();
  const compilers: ((filter: string) => unknown)[] = [compileByLibpcap, compileFilter, compilePrograms];
  for (const filter of FILTERS) for (const compile of compilers) millisecondsEach(() => compile(filter));
  const rows = FILTERS.map((filter) => {
    const times: number[][] = [[], [], [], []];
    for (let round = 0; round < rounds; round++) {
      for (const [i, compile] of compilers.entries()) times[i]!.push(millisecondsEach(() => compile(filter)));
      times[3]!.push(firstMilliseconds(filter));
    }
    return [
      `\`${filter.replaceAll('|', '\\|')}\``,
      String(compileFilter(filter).length),
      ...times.map((each) => formatSpread(each, 3)),
    ];
  });
  const header = [
    'filter',
    'instructions',
    'libpcap',
    'hone',
    'hone, for the agent',
    'hone, first of a process',
  ];
  printTable(header, rows);
}

function millisecondsEach(compile: () => unknown): number {
  const begun = performance.now();
  for (let i = 0; i < COMPILES; i++) compile();
  return (performance.now() - begun) / COMPILES;
}

function firstMilliseconds(filter: string): number {
  const compiler = fileURLToPath(new URL('../src/filter/index.js', import.meta.url));
  const program = `import(${JSON.stringify(compiler)}).then(({ compileFilter }) => {
    const begun = performance.now();
    compileFilter(${JSON.stringify(filter)});
    console.log(performance.now() - begun);
  });`;
  return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
}

function openLibpcap(): (filter: string) => void {
  const libpcap = koffi.load('libpcap.so.0.8');
  const openDead = libpcap.func('void *pcap_open_dead(int linktype, int snaplen)');
  const compile = libpcap.func(
    'int pcap_compile(void *pcap, void *program, const char *text, int optimize, uint32_t netmask)',
  );
  const free = libpcap.func('void pcap_freecode(void *program)');
  const pcap = openDead(ETHERNET, SNAPLEN) as unknown;
  const program = Buffer.alloc(PROGRAM_BYTES);
  return (filter) => {
    if (compile(pcap, program, filter, 1, NO_NETMASK) !== 0)
      throw new Error(`libpcap does not know ${filter}`);
    free(program);
  };
}
