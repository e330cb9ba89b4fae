/**
 * The link types that filters know: where a frame tells the protocol that it carries, and where that begins. Numbers and
 * names are those of the LINKTYPE_ registry and of tcpdump's -y. PPP is known only inside PPPoE.
 */

type LinkName = 'EN10MB' | 'RAW' | 'NULL' | 'LOOP' | 'LINUX_SLL' | 'LINUX_SLL2' | 'PPP';

export interface LinkType {
  readonly name: LinkName;
  /** As messages name it. */
  readonly title: string;
  /** Where the protocol of the payload stands. Raw IP has no such field: nobody may ask for it. */
  readonly typeAt: number;
  readonly headerBytes: number;
  /** Bytes between the payload's begin and an ISO protocol's number: the LLC header, where libpcap skips it. */
  readonly isoAt: number;
}

const types: Readonly<Record<LinkName, LinkType>> = {
  EN10MB: { name: 'EN10MB', title: 'Ethernet', typeAt: 12, headerBytes: 14, isoAt: 3 },
  RAW: { name: 'RAW', title: 'raw IP', typeAt: 0, headerBytes: 0, isoAt: 0 },
  NULL: { name: 'NULL', title: 'BSD loopback', typeAt: 0, headerBytes: 4, isoAt: 0 },
  LOOP: { name: 'LOOP', title: 'OpenBSD loopback', typeAt: 0, headerBytes: 4, isoAt: 0 },
  LINUX_SLL: { name: 'LINUX_SLL', title: 'Linux cooked v1', typeAt: 14, headerBytes: 16, isoAt: 0 },
  LINUX_SLL2: { name: 'LINUX_SLL2', title: 'Linux cooked v2', typeAt: 0, headerBytes: 20, isoAt: 0 },
  PPP: { name: 'PPP', title: 'PPP', typeAt: 0, headerBytes: 2, isoAt: 0 },
};

export const ethernet: LinkType = types.EN10MB;
export const ppp: LinkType = types.PPP;

/** The link types of packets, by the name that tcpdump's -y takes: their LINKTYPE_ numbers. */
export const linkTypeNumbers: ReadonlyMap<string, number> = new Map([
  ['EN10MB', 1],
  ['RAW', 101],
  ['LINUX_SLL', 113],
  ['LINUX_SLL2', 276],
  ['NULL', 0],
  ['LOOP', 108],
]);

/** The number of raw IP where it is not written to a file (DLT_RAW). */
const DLT_RAW = 12;

/** The link type of a number, undefined when filters do not know it. */
export function linkTypeOf(number: number): LinkType | undefined {
  if (number === DLT_RAW) return types.RAW;
  for (const [name, known] of linkTypeNumbers) if (known === number) return types[name as LinkName];
  return undefined;
}
