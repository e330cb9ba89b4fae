/**
 * TCP as one line: `10.0.0.1.1234 > 10.0.0.2.80: Flags [S], seq 1, win 64240, length 0`. Sequence numbers are as in
 * the packet (tcpdump -S): a line knows no other packets. The payload is not looked into.
 */
import { hexByte } from './address.ts';
import { formatHosts, formatPorts, type IpContext } from './line-ip-context.ts';
import { cutShort } from './line-nest.ts';
import type { Part } from './part.ts';
import { TCP_FLAGS, TCP_OPTIONS, TcpView, tryTcpOption } from './tcp.ts';

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [TCP_FLAGS.FIN, 'F'],
  [TCP_FLAGS.SYN, 'S'],
  [TCP_FLAGS.RST, 'R'],
  [TCP_FLAGS.PSH, 'P'],
  [TCP_FLAGS.ACK, '.'],
  [TCP_FLAGS.URG, 'U'],
  [TCP_FLAGS.ECE, 'E'],
  [TCP_FLAGS.CWR, 'W'],
];
const SEQUENCE_MATTERS = TCP_FLAGS.SYN | TCP_FLAGS.FIN | TCP_FLAGS.RST;
const DATA_OFFSET_BYTES = 13;

export function formatTcp(part: Part, context: IpContext): string {
  if (!part.has(4)) return formatHosts(context).trimEnd() + cutShort('tcp');
  const ports = formatPorts(context, part.u16(0), part.u16(2));
  if (!part.has(DATA_OFFSET_BYTES)) return ports + cutShort('tcp');
  const headerLength = (part.u8(12) >> 4) * 4;
  const payloadLength = part.length - headerLength;
  if (headerLength < TcpView.minimumLength) {
    return `${ports} tcp ${payloadLength} [bad hdr length ${headerLength} - too short, < 20]`;
  }
  const tcp = TcpView.tryOf(part);
  if (tcp === undefined) return ports + cutShort('tcp');
  const flags = FLAG_LETTERS.filter(([flag]) => tcp.flags & flag).map(([, letter]) => letter);
  const start = `${ports}Flags [${flags.join('') || 'none'}]`;
  if (headerLength > part.length) {
    return `${start} [bad hdr length ${headerLength} - too long, > ${part.length}]`;
  }
  const fields = start + formatNumbers(tcp, payloadLength);
  if (headerLength === TcpView.minimumLength) return `${fields}, length ${payloadLength}`;
  const { text, truncated } = formatOptions(tcp.optionsPart(), tcp);
  return `${fields}, options [${text}${truncated ? cutShort('tcp') : `], length ${payloadLength}`}`;
}

function formatNumbers(tcp: TcpView, payloadLength: number): string {
  let text = '';
  if (payloadLength > 0 || tcp.flags & SEQUENCE_MATTERS) text += `, seq ${tcp.sequence}`;
  if (payloadLength > 0) text += `:${(tcp.sequence + payloadLength) % 0x1_0000_0000}`;
  if (tcp.flags & TCP_FLAGS.ACK) text += `, ack ${tcp.acknowledgement}`;
  text += `, win ${tcp.window}`;
  if (tcp.flags & TCP_FLAGS.URG) text += `, urg ${tcp.urgentPointer}`;
  return text;
}

function formatOptions(options: Part, tcp: TcpView): { text: string; truncated: boolean } {
  const texts: string[] = [];
  for (let rest = options; rest.length > 0; ) {
    const option = tryTcpOption(rest);
    if (option === 'truncated') return { text: texts.join(','), truncated: true };
    if (option === 'bad') {
      texts.push('bad opt');
      break;
    }
    texts.push(formatOption(option.kind, option.data, tcp));
    if (option.kind === TCP_OPTIONS.EOL) break;
    rest = rest.after(option.length);
  }
  return { text: texts.join(','), truncated: false };
}

interface OptionFormat {
  readonly name: string;
  /** Bytes of data that the option must have. */
  readonly length?: number;
  format?(data: Part, tcp: TcpView): string;
}

/** By the option kind (IANA, "TCP Option Kind Numbers"). */
const OPTION_FORMATS: ReadonlyMap<number, OptionFormat> = new Map<number, OptionFormat>([
  [0, { name: 'eol', length: 0 }],
  [1, { name: 'nop', length: 0 }],
  [2, { name: 'mss', length: 2, format: (data) => ` ${data.u16(0)}` }],
  [3, { name: 'wscale', length: 1, format: (data) => ` ${data.u8(0)}` }],
  [4, { name: 'sackOK', length: 0 }],
  [5, { name: 'sack', format: formatSack }],
  [6, { name: 'echo', length: 4, format: (data) => ` ${data.u32(0)}` }],
  [7, { name: 'echoreply', length: 4, format: (data) => ` ${data.u32(0)}` }],
  [8, { name: 'TS', length: 8, format: (data) => ` val ${data.u32(0)} ecr ${data.u32(4)}` }],
  [19, { name: 'md5', length: 16, format: (data) => ` ${hexOf(data)}` }],
  [28, { name: 'uto', length: 2, format: formatRaw }],
  [30, { name: 'mptcp', format: formatRaw }],
  [34, { name: 'tfo', format: (data) => (data.length === 0 ? ' cookiereq' : ` cookie ${hexOf(data)}`) }],
]);

function formatOption(kind: number, data: Part, tcp: TcpView): string {
  const known = OPTION_FORMATS.get(kind);
  if (known === undefined) return `unknown-${kind}${formatRaw(data)}`;
  if (known.length !== undefined && known.length !== data.length) {
    return `${known.name}${formatRaw(data)}[len ${data.length + 2}]`;
  }
  return known.name + (known.format?.(data, tcp) ?? '');
}

function formatSack(data: Part): string {
  if (data.length % 8 !== 0) return ' invalid sack';
  const blocks = Array.from(
    { length: data.length / 8 },
    (_, i) => `{${data.u32(8 * i)}:${data.u32(8 * i + 4)}}`,
  );
  return ` ${blocks.length} ${blocks.join('')}`;
}

function formatRaw(data: Part): string {
  return data.length === 0 ? '' : ` 0x${hexOf(data)}`;
}

function hexOf(data: Part): string {
  return Array.from(data.borrow(0, data.length), hexByte).join('');
}
