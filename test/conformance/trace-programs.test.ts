/**
 * Compiled scripts in librte_bpf and in the agent's interpreter: each passes the agent's check and librte_bpf's own, and leaves
 * in the context, byte for byte, what our engines leave: the scripts of the table, random expressions, and fields over packets.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { traceContext, wasmJit } from '../../src/bpf/index.ts';
import { compileForAgent } from '../../src/script/codegen/index.ts';
import { expression, scriptOf, VARIABLES, values } from '../../src/script/codegen/random-script.fixture.ts';
import { compile, type Hit, type ScriptRun, start } from '../../src/script/codegen/run-script.fixture.ts';
import { scriptCases } from '../../src/script/codegen/script-cases.fixture.ts';
import type { CompiledScript } from '../../src/script/index.ts';
import { hasDpdk } from './agent-harness.ts';
import { composedPackets, corpusPackets, encapsulatedPackets, hasCorpora } from './packets.ts';
import {
  buildTraceHarness,
  HEAD_BYTES,
  type TraceCase,
  type TraceHarness,
  type TraceOutcome,
} from './trace-harness.ts';

const SEED = 7;

/** Runs the hits on our engine, and makes the same ones for the harness. */
function runHere(script: CompiledScript, hits: readonly Hit[]): { run: ScriptRun; wanted: TraceCase } {
  const heads: { program: number; head: Uint8Array }[] = [];
  const run = start(script, wasmJit, (program, context) =>
    heads.push({ program, head: context.slice(0, HEAD_BYTES) }),
  );
  for (const hit of hits) run.hit(hit);
  const keyedMaps = script.maps.flatMap(({ place }) => (place.kind === 'keyed' ? [place.layout] : []));
  const programs = script.probes.map(({ program }) => program);
  return { run, wanted: { contextBytes: script.contextBytes, seed: SEED, keyedMaps, programs, hits: heads } };
}

function outcomeOf({ machine, events }: ScriptRun): TraceOutcome {
  const words = new Map<number, bigint>();
  const all = new BigUint64Array(
    machine.memory.buffer,
    machine.context.byteOffset,
    machine.context.length >> 3,
  );
  for (let i = traceContext.maps / 8; i < all.length; i++) if (all[i] !== 0n) words.set(i, all[i]!);
  return {
    words,
    withoutRoom: machine.maps.map(({ withoutRoom }) => BigInt(withoutRoom)),
    events: events.map((event) => Buffer.from(event).toString('hex')),
  };
}

describe.skipIf(!hasDpdk)('in the agent', () => {
  let harness: TraceHarness;
  beforeAll(() => {
    harness = buildTraceHarness();
  }, 60_000);
  afterAll(() => harness.close());

  const expectSame = (scripts: readonly (readonly [CompiledScript, readonly Hit[]])[]): void => {
    const here = scripts.map(([script, hits]) => runHere(script, hits));
    const there = harness.run(here.map(({ wanted }) => wanted));
    here.forEach(({ run }, i) => {
      const want = outcomeOf(run);
      expect(there[i]).toEqual([want, want, want]);
    });
  };

  for (const { script, hits } of scriptCases) {
    test(script, () => expectSame([[compile(script), hits]]));
  }

  test('random expressions', { timeout: 120_000 }, () => {
    const scripts = fc.sample(
      fc.tuple(
        fc.array(expression, { maxLength: VARIABLES }),
        expression,
        fc.array(values, { minLength: 1, maxLength: 4 }),
      ),
      { numRuns: 40, seed: 3 },
    );
    for (const [parts, last, hits] of scripts) {
      expectSame([[compileForAgent(scriptOf(parts, last)), hits.map((args) => ({ args, timeNs: 9n }))]]);
    }
  });

  test('fields of packets', { timeout: 60_000 }, () => {
    const packets = [...(hasCorpora ? corpusPackets() : []), ...composedPackets(), ...encapsulatedPackets()];
    const hits = packets.map(({ bytes }): Hit => ({ packet: bytes, args: { len: BigInt(bytes.length) } }));
    const scripts = [
      'dpdk:rx_packet { @[ip.proto] = count(); }',
      'dpdk:rx_packet /ip.proto == 6 && tcp.dstport == 443/ { @[ip.src] = sum(args.len); }',
      'dpdk:rx_packet { @[ip.src, ip.dst, tcp.srcport, tcp.dstport] = count(); }',
      'dpdk:rx_packet /ipv6/ { @[ipv6.src, ipv6.nxt] = count(); }',
      'dpdk:rx_packet { @[udp ? "udp" : tcp ? "tcp" : icmp ? "icmp" : icmpv6 ? "icmp6" : "other"] = hist(args.len); }',
      'dpdk:rx_packet /ip.src == 10.0.0.0\\/8 || ipv6.dst == ff00::\\/8/ { @[eth.src, vlan.id] = count(); }'.replaceAll(
        '\\',
        '',
      ),
      'dpdk:rx_packet /tcp.flags.syn && !tcp.flags.ack/ { @[tcp.dstport] = count(); printf("%s\\n", ip.src); }',
      'dpdk:rx_packet { @ = hist(args.len); @q[args.queue] = hist(args.data_len); }',
      'dpdk:rx_packet { @[buf(20)] = count(); @l = lhist(args.len, 0, 1500, 100); }',
    ].map(compile);
    expectSame(scripts.map((script) => [script, hits]));
  });
});
