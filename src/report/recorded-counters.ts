/** Several of what a recording has may have counted the same packets: who did, and which of them is believed. */

export interface Passed {
  rxPackets: number;
  txPackets: number;
  rxBytes: number;
  txBytes: number;
}

/** The driver (dpdk:port_stats), captures, events of packets, bursts, which know no bytes. Of equal ones the first is believed. */
export const COUNTERS = ['stats', 'captured', 'packetEvents', 'bursts'] as const;
export type CounterName = (typeof COUNTERS)[number];

/** Which directions somebody counted at all. */
export type Seen = Readonly<Record<CounterName, { readonly rx: boolean; readonly tx: boolean }>>;

/** Who counted most, as each can only miss some; undefined when nobody counted. @param of packets of one who counted, else undefined */
export function believed(of: (who: CounterName) => number | undefined): CounterName | undefined {
  let best: { readonly who: CounterName; readonly packets: number } | undefined;
  for (const who of COUNTERS) {
    const packets = of(who);
    if (packets !== undefined && (best === undefined || packets > best.packets)) best = { who, packets };
  }
  return best?.who;
}

export function nothingPassed(): Passed {
  return { rxPackets: 0, txPackets: 0, rxBytes: 0, txBytes: 0 };
}
