/**
 * The conversations that sample traffic is mixed from: each is a generator of the frames of one exchange, in order,
 * as both sides send them.
 */
import {
  composeArp,
  composeEthernet,
  composeIcmp,
  composeIcmpv6,
  composeIpv4,
  composeIpv6,
  composeTcp,
  composeUdp,
  composeVxlan,
  type Segment,
  type VlanTag,
} from './compose.ts';
import type { Random } from './random.ts';
import {
  type DnsType,
  dnsQuery,
  dnsResponse,
  httpRequest,
  httpResponse,
  tlsApplicationData,
  tlsClientHello,
  tlsServerFlight,
} from './sample-payload.ts';

export type Conversation = Generator<Uint8Array, void>;

type Side = 'client' | 'server';

const SITES = ['example.com', 'example.net', 'example.org', 'api.example.com'];
const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';
const ZERO_MAC = '00:00:00:00:00:00';
/** Of the range that systems choose from, a part that no dissector claims for its protocol. */
const EPHEMERAL_PORTS = { least: 52_000, most: 59_999 };
/** Leaves room for the headers, IPv6 and a tag included, in 1500 bytes. */
const SEGMENT_BYTES = 1_436;
const VXLAN_PORT = 4789;

interface Host {
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

function hostOf(side: Side, number: number): Host {
  const digit = side === 'client' ? 1 : 2;
  return {
    mac: `02:00:00:00:0${digit}:${number.toString(16).padStart(2, '0')}`,
    ipv4: side === 'client' ? `10.1.0.${number}` : `192.0.2.${number}`,
    ipv6: `2001:db8::${digit}:${number.toString(16)}`,
  };
}

/** Two hosts and how frames pass between them: IPv4 or IPv6, with or without a VLAN tag. */
class Path {
  readonly hosts: Readonly<Record<Side, Host>>;
  readonly isIpv6: boolean;
  readonly #vlans: readonly VlanTag[];
  #identification: number;

  constructor(random: Random, isIpv6: boolean = random.below(5) === 0) {
    this.hosts = {
      client: hostOf('client', random.between(1, 40)),
      server: hostOf('server', random.between(1, 20)),
    };
    this.isIpv6 = isIpv6;
    this.#vlans = random.below(6) === 0 ? [{ id: random.pick([5, 10, 100]), priority: random.below(8) }] : [];
    this.#identification = random.below(0x1_0000);
  }

  frame(by: Side, segment: Segment): Uint8Array {
    const from = this.hosts[by];
    const to = this.hosts[by === 'client' ? 'server' : 'client'];
    this.#identification = (this.#identification + 1) & 0xffff;
    const { ipv4: source } = from;
    const packet = this.isIpv6
      ? composeIpv6({ source: from.ipv6, destination: to.ipv6 }, segment)
      : composeIpv4(
          { source, destination: to.ipv4, identification: this.#identification, dontFragment: true },
          segment,
        );
    return composeEthernet({ source: from.mac, destination: to.mac, vlans: this.#vlans }, packet);
  }
}

/** A web page over port 80. */
export function* httpConversation(random: Random): Conversation {
  const request = httpRequest(random.pick(SITES), random.below(1000));
  const response = httpResponse(random.bytes(random.between(100, 9_000)));
  yield* tcpConversation(random, 80, [
    ['client', request],
    ['server', response],
  ]);
}

/** A TLS 1.3 session over port 443. */
export function* tlsConversation(random: Random): Conversation {
  const session = random.bytes(32);
  yield* tcpConversation(random, 443, [
    ['client', tlsClientHello(random, random.pick(SITES), session)],
    ['server', tlsServerFlight(random, session)],
    ['client', tlsApplicationData(random, random.between(100, 600))],
    ['server', tlsApplicationData(random, random.between(200, 12_000))],
  ]);
}

/** MSS 1460, SACK permitted, window scale 7 and the no-operations that align them. */
const SYN_OPTIONS = [2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 7];

/** Handshake, the messages in turn, and an orderly close by the client. */
function* tcpConversation(
  random: Random,
  serverPort: number,
  messages: readonly (readonly [Side, Uint8Array])[],
): Conversation {
  const path = new Path(random);
  const clientPort = ephemeralPort(random);
  const next: Record<Side, number> = { client: random.u32(), server: random.u32() };

  const send = (by: Side, flags: string, payload?: Uint8Array, options?: readonly number[]): Uint8Array => {
    const other = by === 'client' ? 'server' : 'client';
    const segment = composeTcp(
      {
        sourcePort: by === 'client' ? clientPort : serverPort,
        destinationPort: by === 'client' ? serverPort : clientPort,
        sequence: next[by],
        acknowledgement: flags.includes('.') ? next[other] : 0,
        flags,
        window: 502,
        ...(options && { options, window: 64_240 }),
      },
      payload,
    );
    const takesOne = /[SF]/.test(flags) ? 1 : 0;
    next[by] = (next[by] + (payload?.length ?? 0) + takesOne) >>> 0;
    return path.frame(by, segment);
  };

  yield send('client', 'S', undefined, SYN_OPTIONS);
  yield send('server', 'S.', undefined, SYN_OPTIONS);
  yield send('client', '.');
  for (const [by, bytes] of messages) {
    const other = by === 'client' ? 'server' : 'client';
    for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
      const isLast = at + SEGMENT_BYTES >= bytes.length;
      yield send(by, isLast ? 'P.' : '.', bytes.subarray(at, at + SEGMENT_BYTES));
      // Every second full segment is acknowledged, and the end of a message.
      if (isLast || (at / SEGMENT_BYTES) % 2 === 1) yield send(other, '.');
    }
  }
  yield send('client', 'F.');
  yield send('server', 'F.');
  yield send('client', '.');
}

/** One name looked up. */
export function* dnsConversation(random: Random): Conversation {
  const path = new Path(random);
  const port = ephemeralPort(random);
  const id = random.below(0x1_0000);
  const site = random.pick(SITES);
  const type: DnsType = random.pick(['A', 'AAAA']);
  const found = hostOf('server', random.between(1, 20));
  const query = dnsQuery(id, site, type);
  const response = dnsResponse(id, site, type, type === 'A' ? found.ipv4 : found.ipv6);
  yield path.frame('client', composeUdp({ sourcePort: port, destinationPort: 53 }, query));
  yield path.frame('server', composeUdp({ sourcePort: 53, destinationPort: port }, response));
}

/** Echo requests and their replies. */
export function* pingConversation(random: Random): Conversation {
  const path = new Path(random);
  const id = random.below(0x1_0000);
  const payload = random.bytes(56);
  const [compose, request, reply] = path.isIpv6 ? [composeIcmpv6, 128, 129] : [composeIcmp, 8, 0];
  for (let sequence = 1; sequence <= 4; sequence++) {
    const rest = id * 0x1_0000 + sequence;
    yield path.frame('client', compose({ type: request, rest }, payload));
    yield path.frame('server', compose({ type: reply, rest }, payload));
  }
}

/** Who has an address, and the answer. */
export function* arpConversation(random: Random): Conversation {
  const asking = hostOf('client', random.between(1, 40));
  const asked = hostOf('client', random.between(41, 60));
  yield composeEthernet(
    { source: asking.mac, destination: BROADCAST_MAC },
    composeArp({
      operation: 'request',
      senderMac: asking.mac,
      senderIp: asking.ipv4,
      targetMac: ZERO_MAC,
      targetIp: asked.ipv4,
    }),
  );
  yield composeEthernet(
    { source: asked.mac, destination: asking.mac },
    composeArp({
      operation: 'reply',
      senderMac: asked.mac,
      senderIp: asked.ipv4,
      targetMac: asking.mac,
      targetIp: asking.ipv4,
    }),
  );
}

/** Datagrams one way, of all sizes: a stream of measurements or media. */
export function* streamConversation(random: Random): Conversation {
  const path = new Path(random);
  const ports = { sourcePort: ephemeralPort(random), destinationPort: random.between(20_100, 20_199) };
  // Letters: random bytes would now and then look like RTCP to a dissector that guesses.
  const payload = random.bytes(random.pick([10, 18, 120, 470, 980, 1_400])).map((byte) => 0x61 + (byte % 26));
  for (let left = random.between(5, 40); left > 0; left--) {
    yield path.frame('client', composeUdp(ports, payload));
  }
}

/** A ping between two virtual machines through a VXLAN tunnel. */
export function* tunnelConversation(random: Random): Conversation {
  const outer = new Path(random, false);
  const vni = random.between(1, 0xffffff);
  const destinationPort = VXLAN_PORT;
  const sourcePort = ephemeralPort(random);
  let by: Side = 'client';
  for (const frame of pingConversation(random)) {
    yield outer.frame(by, composeUdp({ sourcePort, destinationPort }, composeVxlan(vni, frame)));
    by = by === 'client' ? 'server' : 'client';
  }
}

function ephemeralPort(random: Random): number {
  return random.between(EPHEMERAL_PORTS.least, EPHEMERAL_PORTS.most);
}
