/**
 * Names to numbers. The compiler asks only this interface, so it needs no files and no network; who has them may
 * pass a resolver of his own. The built-in one knows the commonest names of IANA's registries.
 */

export interface ServicePort {
  readonly port: number;
  /** Lower case: `tcp`, `udp`, `sctp`. */
  readonly protocol: string;
}

export interface Resolver {
  /** The ports of a service, one for each transport that has it; empty when the name is unknown. */
  service(name: string): readonly ServicePort[];
  /** The IP protocol number of a name of /etc/protocols. */
  protocol(name: string): number | undefined;
  /** The numeric IPv4 and IPv6 addresses of a host; empty when the name is unknown. */
  addresses(name: string): readonly string[];
  /** The number of a network of /etc/networks: its address in 32 bits. */
  network(name: string): number | undefined;
  /** The Ethernet address of a host, six octets as in `02:00:00:00:00:01`. */
  etherAddress(name: string): string | undefined;
  /** Names to choose from in "did you mean"; may be empty. */
  known(kind: 'service' | 'protocol'): Iterable<string>;
}
