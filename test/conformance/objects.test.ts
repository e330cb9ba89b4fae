/**
 * What clang makes of C programs: objects that load, programs that run next to packets, and the same verdicts whatever
 * instructions clang was allowed, from our interpreter and from the agent's engines.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { HoneError } from '../../src/base/index.ts';
import {
  BpfObject,
  type EbpfProgram,
  PacketProgram,
  prepareMbufProgram,
  runCbpf,
  toAgentForm,
} from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { hasDpdk } from './agent-harness.ts';
import { CPUS, compileC, hasClang, needsClang } from './clang.ts';
import { ALL_ACCEPT, buildHarness } from './engine-harness.ts';
import { randomSource } from './object-programs.ts';
import { composedPackets, makeRandom, mutated, type Packet, truncated } from './packets.ts';

const example = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../examples/filter', `${name}.c`), 'utf8');

const packets: readonly Packet[] = (() => {
  const random = makeRandom(7);
  const whole = composedPackets();
  return [whole, mutated(whole, random), mutated(whole, random), truncated(whole, random)].flat();
})();

beforeEach((context) => {
  if (!hasClang) context.skip(needsClang);
});

function agentProgram(object: BpfObject, name?: string): EbpfProgram {
  return toAgentForm(object.link(name), object);
}

/** Without truncation: a load that is not needed may or may not be made. */
const longPackets = packets.map(({ bytes, wireLength }): Packet => {
  const padded = new Uint8Array(Math.max(bytes.length, 64));
  padded.set(bytes);
  return { bytes: padded, wireLength: Math.max(wireLength, 64) };
});

const ANY_C = ['-Wno-everything', '-fwrapv'];

/** The verdicts on all packets, as 0 and 1. */
function verdicts(program: EbpfProgram, list: readonly Packet[] = packets): string {
  const run = prepareMbufProgram(program);
  return list
    .map(({ bytes, wireLength }, n) => {
      const context = {
        ...{
          frame: bytes,
          pktLen: wireLength,
          olFlagsLow: n & 0x40,
          olFlagsHigh: 0,
          vlanTci: n,
          port: n & 3,
        },
        ...{ vlanTciOuter: 0, nbSegs: 1, packetType: 0, rss: n * 0x9e3779b1, fdirHi: 0 },
      };
      return run(context) === 0 ? '0' : '1';
    })
    .join('');
}

/** The same from the program on recorded files, which knows less of a packet. */
function fileVerdicts(object: BpfObject, name: string): string {
  const program = new PacketProgram(object, name);
  return longPackets
    .map(({ bytes, wireLength }, n) => {
      const facts = { originalLength: wireLength, timestampNs: undefined, port: n & 3, hash: n * 0x9e3779b1 };
      return program.matches(bytes, facts) ? '1' : '0';
    })
    .join('');
}

describe('a protocol filter in C says what the same filter expression says', () => {
  for (const { expression, c } of [
    {
      expression: 'udp port 53 and not ip6',
      c: `if (load_half(p, 12) != 0x800 || load_byte(p, 23) != 17) return 0;
          if (load_half(p, 20) & 0x1fff) return 0;
          __u32 at = 14 + (load_byte(p, 14) & 15) * 4;
          return load_half(p, at) == 53 || load_half(p, at + 2) == 53 ? -1 : 0;`,
    },
    {
      expression: 'ip src net 10.0.0.0/8',
      c: 'return load_half(p, 12) == 0x800 && load_word(p, 26) >> 24 == 10;',
    },
    { expression: 'ip6 and len > 80', c: 'return load_half(p, 12) == 0x86dd && p->pkt_len > 80;' },
    {
      expression: 'ip[8] < 65 and ip proto 6 or arp',
      c: `switch (load_half(p, 12)) {
          case 0x800: return load_byte(p, 22) < 65 && load_byte(p, 23) == 6;
          case 0x806: return 5;
          default: return 0; }`,
    },
    { expression: 'ether multicast', c: 'return load_byte(p, 0) & 1;' },
  ]) {
    for (const cpu of CPUS) {
      test(`${expression}, -mcpu=${cpu}`, () => {
        const source = `#include <hone/packet.h>\nSEC("filter") int f(struct hone_packet *p) { ${c} }`;
        const classic = compileFilter(expression);
        const wanted = packets.map(({ bytes, wireLength }) =>
          runCbpf(classic, bytes, wireLength) === 0 ? '0' : '1',
        );
        expect(verdicts(agentProgram(new BpfObject(compileC(source, cpu))))).toBe(wanted.join(''));
        expect(wanted).toContain('1');
      });
    }
  }
});

test('random programs give the same verdicts whatever instructions clang may use', () => {
  const source = randomSource(60, makeRandom(Number(process.env.HONE_SEED ?? 4))).replaceAll(
    /p->(ol_flags|vlan_tci)/g,
    'p->pkt_len',
  );
  const [first, ...others] = CPUS.map((cpu) => new BpfObject(compileC(source, cpu, ANY_C)));
  let accepting = 0;
  let compared = 0;
  for (const name of first!.programs) {
    const results = [first!, ...others].map((object) => {
      try {
        return verdicts(agentProgram(object, name), longPackets);
      } catch (error) {
        // Registers that are kept on the stack lose their bounds, and a bare minimum of registers may not do.
        if (!(error instanceof HoneError)) throw error;
        expect(error.message, name).toMatch(/may reach above|uses all registers|read before it is written/);
        return undefined;
      }
    });
    // What clang made itself, in WebAssembly, as it runs on recorded files.
    results.push(fileVerdicts(first!, name), fileVerdicts(others.at(-1)!, name));
    const known = results.filter((result) => result !== undefined);
    for (const result of known) expect(result, `${name} of\n${source}`).toBe(known[0]);
    if (known.length === results.length) compared++;
    if (known[0]?.includes('1') && known[0].includes('0')) accepting++;
  }
  expect(compared).toBeGreaterThan(30);
  expect(accepting).toBeGreaterThan(20);
});

test("the agent's own engines run what clang made as ours does", (context) => {
  if (!hasDpdk) context.skip('needs gcc and the headers of DPDK: apt-get install gcc libdpdk-dev');
  const source = randomSource(40, makeRandom(11)).replaceAll(/p->(hash_rss|ol_flags|port|vlan_tci)/g, '7');
  const object = new BpfObject(compileC(source, 'v3', ANY_C));
  const programs = object.programs.flatMap((name) => {
    try {
      return [agentProgram(object, name)];
    } catch (error) {
      if (error instanceof HoneError) return [];
      throw error;
    }
  });
  const list = packets.filter(({ bytes, wireLength }) => bytes.length === wireLength && bytes.length > 0);
  const harness = buildHarness();
  try {
    const results = harness.run(
      programs,
      list.map(({ bytes }) => ({ frame: bytes, olFlags: 0n, vlanTci: 0, vlanTciOuter: 0, segmentBytes: 0 })),
    );
    results.forEach((result, n) => {
      if (typeof result === 'string') throw new Error(result);
      const wanted = [...verdicts(programs[n]!, list)].map((verdict) => (verdict === '1' ? ALL_ACCEPT : 0));
      expect([...result.accepting]).toEqual(wanted);
    });
    expect(programs.length).toBeGreaterThan(25);
  } finally {
    harness.close();
  }
}, 60_000);

describe('constants', () => {
  const numbers = (count: number, make: (n: number) => number): string =>
    `{ ${Array.from({ length: count }, (_, n) => make(n)).join(', ')} }`;
  const source = `#include <hone/packet.h>
    static const __u8 bytes[64] = ${numbers(64, (n) => (n * 37) & 255)};
    static const __u16 halves[32] = ${numbers(32, (n) => (n < 12 ? 7 : (n * 40503) & 65535))};
    static const __u32 words[16] = ${numbers(16, (n) => (n * 0x9e3779b1) >>> 0)};
    static const __u64 longs[8] = { 0, 1, -1, 1ull << 63, 0xffffffff, 0x1234567890abcdefull, 5, 0x80000000 };
    static const struct rule { __u32 mask; __u16 value; __u8 at; } rules[4] =
      { { 0xff, 6, 23 }, { 0xf0, 0x40, 14 }, { 7, 1, 20 }, { 0xffff, 17, 23 } };
    static const char text[] = "the quick brown fox";
    const volatile __u32 limit = 70;
    SEC("filter") int byte(struct hone_packet *p) { return bytes[load_byte(p, 23) & 63] & 4; }
    SEC("filter") int half(struct hone_packet *p) { return halves[load_byte(p, 25) & 31] > load_half(p, 16); }
    SEC("filter") int word(struct hone_packet *p) { return words[p->pkt_len & 15] > load_word(p, 26); }
    SEC("filter") int wide(struct hone_packet *p) { return longs[load_byte(p, 29) & 7] > p->pkt_len; }
    SEC("filter") int behind(struct hone_packet *p) {
      __u32 n = load_byte(p, 23);
      return n < 9 ? bytes[(n & 15) + 40] & 1 : halves[(n & 7) + 20] & 2048;
    }
    SEC("filter") int either(struct hone_packet *p) {
      const __u8 *from = load_byte(p, 13) ? bytes + 20 : bytes;
      return from[load_byte(p, 30) & 31] & 8;
    }
    SEC("filter") int structs(struct hone_packet *p) {
      const struct rule *rule = &rules[(load_byte(p, 25) ^ p->pkt_len) & 3];
      return (load_byte(p, rule->at) & rule->mask) == rule->value;
    }
    SEC("filter") int letters(struct hone_packet *p) { return (text[load_byte(p, 40) & 15] ^ load_byte(p, 25)) & 1; }
    SEC("filter") int known(struct hone_packet *p) { return p->pkt_len > limit; }
    SEC("filter") int twice(struct hone_packet *p) {
      __u32 n = bytes[load_byte(p, 12) & 63];
      return halves[n & 31] > load_half(p, 24) || words[(n >> 4) & 15] & 1;
    }
    SEC("filter") int cases(struct hone_packet *p) {
      switch (load_byte(p, 23)) {
      case 0: return 3; case 1: return 0; case 2: return 9; case 3: return 0; case 4: return 0;
      case 5: return 11; case 6: return 12; case 7: return 0; case 17: return 1; default: return 0;
      }
    }`;

  for (const cpu of CPUS) {
    test(`are the same beside packets and on files, -mcpu=${cpu}`, () => {
      const object = new BpfObject(compileC(source, cpu));
      expect(object.maps.map(({ spec }) => spec.name).join()).toMatch(/rodata/);
      for (const name of object.programs) {
        const wanted = fileVerdicts(object, name);
        expect(verdicts(agentProgram(object, name), longPackets), name).toBe(wanted);
        expect(wanted, name).toMatch(/0.*1|1.*0/);
      }
    });
  }

  test('are what the C program has', () => {
    const object = new BpfObject(compileC(source));
    const packet = (change: (bytes: Uint8Array) => void): Packet => {
      const bytes = new Uint8Array(64);
      change(bytes);
      return { bytes, wireLength: 64 };
    };
    const all = Array.from({ length: 256 }, (_, n) => packet((bytes) => bytes.fill(n, 23, 24)));
    const wanted = all.map((_, n) => ((((n & 63) * 37) & 4) === 0 ? '0' : '1')).join('');
    expect(verdicts(agentProgram(object, 'byte'), all)).toBe(wanted);
    const cased = all.map((_, n) => ([0, 2, 5, 6, 17].includes(n) ? '1' : '0')).join('');
    expect(verdicts(agentProgram(object, 'cases'), all)).toBe(cased);
  });

  test("are found by the agent's own engines", (context) => {
    if (!hasDpdk) context.skip('needs gcc and the headers of DPDK: apt-get install gcc libdpdk-dev');
    const object = new BpfObject(compileC(source));
    const names = ['byte', 'word', 'behind', 'structs'];
    const programs = names.map((name) => agentProgram(object, name));
    const list = longPackets.filter(({ bytes, wireLength }) => bytes.length === wireLength);
    const harness = buildHarness();
    try {
      const results = harness.run(
        programs,
        list.map(({ bytes }) => ({
          frame: bytes,
          olFlags: 0n,
          vlanTci: 0,
          vlanTciOuter: 0,
          segmentBytes: 0,
        })),
      );
      results.forEach((result, n) => {
        if (typeof result === 'string') throw new Error(`${names[n]}: ${result}`);
        const wanted = [...verdicts(programs[n]!, list)].map((verdict) => (verdict === '1' ? ALL_ACCEPT : 0));
        expect([...result.accepting], names[n]).toEqual(wanted);
      });
    } finally {
      harness.close();
    }
  }, 60_000);

  test('that are too many, or variables, are refused with the reason', () => {
    const large = `#include <hone/packet.h>
      static const __u16 table[4096] = ${numbers(4096, (n) => (n * 40503) & 65535)};
      static __u32 count;
      SEC("filter") int large(struct hone_packet *p) { return table[p->pkt_len & 4095] & 1; }
      SEC("filter") int counts(struct hone_packet *p) { return ++count & 1; }`;
    const object = new BpfObject(compileC(large));
    expect(() => agentProgram(object, 'large')).toThrow(
      /program large cannot run next to .*: it loads from constants of 409\d different values: expected up to 1024/,
    );
    expect(() => agentProgram(object, 'counts')).toThrow('it uses variables (.bss) at instruction');
  });
});

describe('the examples', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  const syn = (options: string, flags = '02'): Packet => {
    const bytes = hex(
      `020000000001020000000002 0800 45000040 00010000 4006 0000 0a010203 c0a80105
       1f90 0050 00000001 00000000 ${(5 + options.replaceAll(' ', '').length / 8).toString(16)}0${flags} 1000 0000 0000 ${options}`.replaceAll(
        '\n',
        '',
      ),
    );
    return { bytes, wireLength: bytes.length };
  };

  test.each(CPUS)('small-mss finds the option wherever it stands, -mcpu=%s', (cpu) => {
    const program = agentProgram(new BpfObject(compileC(example('small-mss'), cpu)));
    const cases: [Packet, string][] = [
      [syn('020405b4'), '0'],
      [syn('02040514'), '1'],
      [syn('02040514', '10'), '0'],
      [syn('01010402 02040514'), '1'],
      [syn('01010101 01010101 02040514'), '0'],
      [syn('080a0000 00010000 00000204 05140000'), '1'],
      [syn('00000000 02040514'), '0'],
      [syn(''), '0'],
      [syn('03030701 020405b4'), '0'],
    ];
    expect(
      verdicts(
        program,
        cases.map(([packet]) => packet),
      ),
    ).toBe(cases.map(([, want]) => want).join(''));
  });

  test('first-packets has a map and variables, which the agent does not', () => {
    const object = new BpfObject(compileC(example('first-packets')));
    expect(object.license).toBe('BSD');
    expect(object.maps.map(({ spec }) => spec.name)).toEqual(['.bss', 'packets']);
    expect(() => agentProgram(object)).toThrow(
      "program first_packets cannot run next to an application's packets: it uses variables (.bss) at instruction",
    );
  });
});

describe('what the agent cannot run is refused with the reason', () => {
  for (const { c, message } of [
    {
      c: '__u32 r = random_u32(); return r & 1;',
      message: /it calls helper 7 at instruction 0, which runs on/,
    },
    {
      c: 'return called(p);',
      message: /it calls function called at instruction 0: expected static __always/,
    },
    {
      c: '__u32 n = 0;\n_Pragma("nounroll") while (load_byte(p, n)) n++;\nreturn n;',
      message: /it has a loop at instruction \d+ of \d+: expected one that is unrolled/,
    },
    { c: 'return p->reserved1;', message: /4 bytes at 16 of the mbuf cannot be read/ },
    { c: 'p->port = 3; return 1;', message: /a store through r6: expected r10/ },
  ]) {
    test(c, () => {
      const source = `#include <hone/packet.h>
        static __attribute__((noinline)) int called(struct hone_packet *p) { return load_byte(p, 3); }
        SEC("filter") int f(struct hone_packet *p) { ${c} }
        int keep(struct hone_packet *p) { return called(p); }`;
      expect(() => agentProgram(new BpfObject(compileC(source)))).toThrow(message);
    });
  }
});
