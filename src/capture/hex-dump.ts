/** Bytes as tcpdump -XX shows them: offset, sixteen bytes in pairs, and the same as characters. */

const BYTES_A_LINE = 16;
/** Eight pairs and the spaces between them. */
const HEX_WIDTH = 39;

/** Each line ends with a line feed. */
export function formatHexDump(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const line = bytes.subarray(at, at + BYTES_A_LINE);
    const hex = Buffer.from(line)
      .toString('hex')
      .replace(/(.{4})(?=.)/g, '$1 ');
    text += `\t0x${at.toString(16).padStart(4, '0')}:  ${hex.padEnd(HEX_WIDTH)}  ${formatCharacters(line)}\n`;
  }
  return text;
}

function formatCharacters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  return text;
}
