/** Bytes as tcpdump shows them below a line: offset, sixteen bytes in pairs and, as -X has it, the same as characters. */

const BYTES_A_LINE = 16;
/** Eight pairs and the spaces between them. */
const HEX_WIDTH = 39;

/**
 * Each line ends with a line feed.
 * @param characters the column of characters, too
 */
export function formatHexDump(bytes: Uint8Array, characters = true): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    const line = bytes.subarray(at, at + BYTES_A_LINE);
    const hex = formatPairs(line);
    const shown = characters ? `${hex.padEnd(HEX_WIDTH)}  ${formatCharacters(line)}` : hex;
    text += `\t0x${at.toString(16).padStart(4, '0')}:  ${shown}\n`;
  }
  return text;
}

function formatPairs(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0 && i % 2 === 0) text += ' ';
    text += bytes[i]!.toString(16).padStart(2, '0');
  }
  return text;
}

function formatCharacters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  return text;
}
