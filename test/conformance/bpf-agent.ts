/** Runs cases on the agent's engines. */
import { agentPrograms } from './bpf-agent-cases.ts';
import type { BpfCase } from './bpf-case.ts';
import type { EngineOutcomes } from './bpf-table.ts';
import type { Harness, MbufPacket } from './engine-harness.ts';

/** The bits of the harness' answer that an engine owns. */
const agentEngines = [
  { name: 'agent: JIT of librte_bpf', bits: 0b11001 },
  { name: 'agent: interpreter of librte_bpf', bits: 0b0010 },
  { name: 'agent: own interpreter', bits: 0b0100 },
] as const;

export function runOnAgent(
  harness: Harness,
  cases: readonly BpfCase[],
): { readonly outcomes: readonly EngineOutcomes[]; readonly faults: readonly string[] } {
  const planned = cases.flatMap((each) =>
    (agentPrograms(each) ?? []).map((program) => ({ each, ...program })),
  );
  const packets: MbufPacket[] = [];
  const indexOf = new Map<string, number>();
  const packetIndex = (frame: Uint8Array): number => {
    const key = Buffer.from(frame).toString('hex');
    const known = indexOf.get(key) ?? packets.length;
    if (known === packets.length) {
      packets.push({ frame, olFlags: 0n, vlanTci: 0, vlanTciOuter: 0, segmentBytes: 0 });
      indexOf.set(key, known);
    }
    return known;
  };
  const places = planned.map(({ packet }) => packetIndex(packet));
  const results = harness.run(
    planned.map(({ program }) => program),
    packets,
  );
  const outcomes = agentEngines.map(({ name }) => ({ name, isRight: new Map<BpfCase, boolean>() }));
  const faults: string[] = [];
  planned.forEach(({ each, isAccepted }, i) => {
    const result = results[i]!;
    if (typeof result === 'string') {
      faults.push(`${each.name}: ${result}`);
      return;
    }
    const accepting = result.accepting[places[i]!]!;
    agentEngines.forEach(({ name, bits }, k) => {
      const isRight = (accepting & bits) === (isAccepted ? bits : 0);
      if (!isRight) faults.push(`${name}: ${each.name}`);
      const { isRight: known } = outcomes[k]!;
      known.set(each, isRight && (known.get(each) ?? true));
    });
  });
  return { outcomes, faults };
}
