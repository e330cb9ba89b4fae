import { describe, expect, test } from 'vitest';
import { explainFilter } from './explain.ts';

describe('what a filter lets through', () => {
  test.each([
    ['', 'every packet'],
    ['tcp', 'packets of TCP'],
    ['tcp port 80', 'packets of TCP from or to port 80'],
    ['src host 10.0.0.1', 'packets from address 10.0.0.1'],
    ['dst net 10.0.0.0/8', 'packets to network 10.0.0.0/8'],
    ['udp portrange 1-9', 'packets of UDP from or to ports 1-9'],
    ['ip proto 17', 'packets of IPv4 that carry protocol 17'],
    ['arp or (tcp and not port 22)', 'packets of ARP or (of TCP and that are not from or to port 22)'],
    ['not (arp or icmp6)', 'packets that are not (of ARP or of ICMPv6)'],
    ['len < 100', 'packets where the length < 100'],
    ['greater 1000', 'packets of at least 1000 bytes'],
    ['tcp[13] & 2 != 0', 'packets where (TCP byte 13 & 2) != 0'],
    ['ip[2:2] > 576', 'packets where IPv4 2 bytes from 2 > 576'],
    ['vlan 7 and ip', 'packets in vlan 7 (what follows looks behind its header) and of IPv4'],
    ['inbound and ether multicast', 'packets that are received and sent by Ethernet multicast'],
  ])('%s', (text, want) => expect(explainFilter(text)).toBe(want));

  test('what does not compile is not explained', () => expect(() => explainFilter('tcp port')).toThrow());
});
