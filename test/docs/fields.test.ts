/** docs/fields.md is made of the field table. After a change of the table: npx vitest run -u test/docs/fields.test.ts */
import { expect, test } from 'vitest';
import { FIELDS, type Field } from '../../src/packet/index.ts';

const HEAD = `# Fields

The protocol fields that hone can name: \`hone read -e ip.src\`, JSON, and scripts. Names, values and the way values are
printed are those of Wireshark 4.0; \`tshark -T fields -e NAME\` prints the same. A test compares every field of every
packet of the public test captures with tshark, and packets of every protocol over every link type, whole and cut short
after every byte. This page is generated from the table in \`src/packet/field-table.ts\`.

A packet that has a field several times (tunnels, tags, options) has several values, outermost first.

## What differs from tshark

- **Nothing is remembered across packets.** \`tcp.seq\` and \`tcp.ack\` are the numbers in the packet
  (\`-o tcp.relative_sequence_numbers:FALSE\`), and nothing is reassembled (\`-o ip.defragment:FALSE\`).
- **Where bytes are missing**, tshark shows the fields up to where it stops; hone shows those whose bytes were captured.
- **Payloads of applications are not opened**, nor ERSPAN, MACsec, LISP, PIM registers and NHRP: fields of packets inside
  them are missing. \`frame.protocols\` ends with the last protocol of this page.
- **Every VLAN tag is a \`vlan.\` tag**, those of 802.1ad (0x88a8) as well; tshark calls those \`ieee8021ad.\`.
- **An IP length of 0** (segmentation offload, BIG TCP) is shown as 0, and the packet is read to its end.
- **Packets that ICMP quotes** have all fields; tshark leaves out \`tcp.len\`, \`tcp.seq_raw\` and \`udp.payload\` there. It
  also leaves out \`tcp.len\` of fragments, and \`tcp.payload\` of resets.
- **Files without interfaces** (pcap) have one here, number 0, without a name; tshark has none, and calls a nameless
  interface of a pcapng file \`unknown\`.
- **ARP over ATM** and **DVMRP** have the fields of ARP and IGMP here, others in tshark.

GTP, VXLAN and GENEVE are told by their UDP ports: 2152, 4789 and 6081.

## The table

*Place* is \`offset:bytes\` from the start of the protocol's header where that is fixed, and which bits of the bytes, lowest
first; without one the field is found by walking the header.
`;

function place(field: Field): string {
  return field.places
    .map(({ offset, bytes, shift, scale }) => {
      const isPart = field.bits < 8 * bytes;
      const bits = field.bits === 1 ? `${shift}` : `${shift}-${shift + field.bits - 1}`;
      return `${offset}:${bytes}${isPart ? ` bits ${bits}` : ''}${scale === 1 ? '' : ` × ${scale}`}`;
    })
    .join(', ');
}

function type(field: Field): string {
  const width = field.bits === 0 || field.kind !== 'unsigned' ? '' : ` ${field.bits}`;
  return `${field.kind}${width}${field.hexDigits > 0 ? ', hex' : ''}`;
}

function row(field: Field): string {
  return `| \`${field.name}\` | ${type(field)} | ${place(field)} | ${field.description} |`;
}

test('docs/fields.md', async () => {
  const protocols = [...new Set(FIELDS.map((field) => field.protocol))];
  const sections = protocols.map((protocol) => {
    const rows = FIELDS.filter((field) => field.protocol === protocol).map(row);
    return [`### ${protocol}`, '', '| name | type | place | |', '|---|---|---|---|', ...rows].join('\n');
  });
  await expect(`${[HEAD, ...sections].join('\n\n').replace('\n\n\n', '\n\n')}\n`).toMatchFileSnapshot(
    '../../docs/fields.md',
  );
});
