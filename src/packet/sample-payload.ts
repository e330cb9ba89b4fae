/** What sample conversations carry: HTTP, TLS and DNS messages that dissectors take for real ones. */
import { parseIp } from './address.ts';
import { joinBytes, u16 } from './network-bytes.ts';
import type { Random } from './random.ts';

const encoder = new TextEncoder();

/** RFC 9112. */
export function httpRequest(site: string, page: number): Uint8Array {
  const lines = [`GET /pages/${page} HTTP/1.1`, `Host: ${site}`, 'User-Agent: sample/1.0', 'Accept: */*'];
  return encoder.encode(`${lines.join('\r\n')}\r\n\r\n`);
}

export function httpResponse(body: Uint8Array): Uint8Array {
  const lines = [
    'HTTP/1.1 200 OK',
    'Content-Type: application/octet-stream',
    `Content-Length: ${body.length}`,
  ];
  return Uint8Array.from([...encoder.encode(`${lines.join('\r\n')}\r\n\r\n`), ...body]);
}

const TLS_CHANGE_CIPHER_SPEC = 20;
const TLS_HANDSHAKE = 22;
const TLS_APPLICATION_DATA = 23;
/** A record holds at most 2^14 bytes and what encryption adds. */
const TLS_LONGEST_RECORD = 16_384;
const TLS_AES_128_GCM_SHA256 = [0x13, 0x01];
const X25519 = [0x00, 0x1d];

/** RFC 8446, 4.1.2: a ClientHello that offers TLS 1.3. `session` has 32 bytes. */
export function tlsClientHello(random: Random, site: string, session: Uint8Array): Uint8Array {
  const name = encoder.encode(site);
  const hello = [
    [3, 3],
    random.bytes(32),
    vector(1, session),
    vector(2, TLS_AES_128_GCM_SHA256, [0x13, 0x02], [0x13, 0x03]),
    vector(1, [0]),
    vector(
      2,
      extension(0, vector(2, [0], vector(2, name))),
      extension(10, vector(2, X25519)),
      extension(13, vector(2, [0x04, 0x03], [0x08, 0x04])),
      extension(43, vector(1, [3, 4])),
      extension(51, vector(2, X25519, vector(2, random.bytes(32)))),
    ),
  ];
  return tlsRecord(TLS_HANDSHAKE, [3, 1], [1], vector(3, ...hello));
}

/** RFC 8446, 4.1.3: a ServerHello, the ChangeCipherSpec of compatibility mode, and encrypted handshake messages. */
export function tlsServerFlight(random: Random, session: Uint8Array): Uint8Array {
  const hello = [
    [3, 3],
    random.bytes(32),
    vector(1, session),
    TLS_AES_128_GCM_SHA256,
    [0],
    vector(2, extension(43, [3, 4]), extension(51, X25519, vector(2, random.bytes(32)))),
  ];
  return joinBytes(
    tlsRecord(TLS_HANDSHAKE, [3, 3], [2], vector(3, ...hello)),
    tlsRecord(TLS_CHANGE_CIPHER_SPEC, [3, 3], [1]),
    tlsApplicationData(random, random.between(800, 2_500)),
  );
}

/** Encrypted records with `length` bytes in all: random ones, as such bytes look. */
export function tlsApplicationData(random: Random, length: number): Uint8Array {
  const records: Uint8Array[] = [];
  for (let left = length; left > 0; left -= TLS_LONGEST_RECORD) {
    const bytes = random.bytes(Math.min(left, TLS_LONGEST_RECORD));
    records.push(tlsRecord(TLS_APPLICATION_DATA, [3, 3], bytes));
  }
  return joinBytes(...records);
}

function tlsRecord(type: number, version: readonly number[], ...content: ArrayLike<number>[]): Uint8Array {
  return joinBytes([type], version, vector(2, ...content));
}

function extension(type: number, ...content: ArrayLike<number>[]): Uint8Array {
  return joinBytes([0, type], vector(2, ...content));
}

/** A length of `width` bytes, then the content. */
function vector(width: number, ...content: ArrayLike<number>[]): Uint8Array {
  const bytes = joinBytes(...content);
  const length = Array.from({ length: width }, (_, i) => (bytes.length >> (8 * (width - 1 - i))) & 0xff);
  return joinBytes(length, bytes);
}

const DNS_TYPES = { A: 1, AAAA: 28 } as const;
const DNS_CLASS_IN = 1;
const DNS_TTL_SECONDS = 300;
/** A pointer to the name in the question, right after the header. */
const DNS_NAME_OF_QUESTION = [0xc0, 12];

export type DnsType = keyof typeof DNS_TYPES;

/** RFC 1035: a recursive query for one name. */
export function dnsQuery(id: number, name: string, type: DnsType): Uint8Array {
  return joinBytes(u16(id), u16(0x0100), u16(1), u16(0), u16(0), u16(0), dnsQuestion(name, type));
}

/** The answer to such a query: one address, IPv4 for A and IPv6 for AAAA. */
export function dnsResponse(id: number, name: string, type: DnsType, address: string): Uint8Array {
  return joinBytes(
    [...u16(id), ...u16(0x8180), ...u16(1), ...u16(1), ...u16(0), ...u16(0)],
    dnsQuestion(name, type),
    [...DNS_NAME_OF_QUESTION, ...u16(DNS_TYPES[type]), ...u16(DNS_CLASS_IN), 0, 0, ...u16(DNS_TTL_SECONDS)],
    vector(2, parseIp(address)),
  );
}

function dnsQuestion(name: string, type: DnsType): Uint8Array {
  const labels = name.split('.').map((label) => vector(1, encoder.encode(label)));
  return joinBytes(...labels, [0], u16(DNS_TYPES[type]), u16(DNS_CLASS_IN));
}
