/**
 * Sample traffic: what a busy link of a small site could carry, made from a seed, so that the demonstration and
 * tests have packets where no DPDK is. Equal arguments give equal packets on every machine.
 */
import { Random } from './random.ts';
import {
  arpConversation,
  type Conversation,
  dnsConversation,
  httpConversation,
  pingConversation,
  streamConversation,
  tlsConversation,
  tunnelConversation,
} from './sample-conversation.ts';

export interface SamplePacket {
  /** Since 1970; rises from packet to packet. */
  readonly timestampNs: bigint;
  /** A whole Ethernet frame without its check sequence; the receiver's to keep. */
  readonly frame: Uint8Array;
}

/** How often each kind of conversation is begun, out of the sum. */
const MIX: readonly { readonly weight: number; readonly begin: (random: Random) => Conversation }[] = [
  { weight: 8, begin: httpConversation },
  { weight: 6, begin: tlsConversation },
  { weight: 12, begin: dnsConversation },
  { weight: 5, begin: streamConversation },
  { weight: 4, begin: pingConversation },
  { weight: 4, begin: arpConversation },
  { weight: 2, begin: tunnelConversation },
];

/** 2024-01-01T00:00:00Z */
const START_NS = 1_704_067_200_000_000_000n;
/** Conversations that go on at the same time. */
const CONCURRENT = 12;
const LONGEST_GAP_NS = 200_000;

/** @param seed chooses the traffic: any whole number, 1 when left out */
export function* sampleTraffic(options: { packets: number; seed?: number }): Generator<SamplePacket, void> {
  const random = new Random(options.seed ?? 1);
  const active = Array.from({ length: CONCURRENT }, () => beginOne(random));
  let timestampNs = START_NS;
  for (let sent = 0; sent < options.packets; ) {
    const turn = random.below(CONCURRENT);
    const { done, value } = active[turn]!.next();
    if (done) {
      active[turn] = beginOne(random);
      continue;
    }
    timestampNs += BigInt(random.between(300, LONGEST_GAP_NS));
    yield { timestampNs, frame: value };
    sent++;
  }
}

function beginOne(random: Random): Conversation {
  let chosen = random.below(MIX.reduce((sum, { weight }) => sum + weight, 0));
  const kind = MIX.find(({ weight }) => {
    chosen -= weight;
    return chosen < 0;
  });
  return kind!.begin(random);
}
