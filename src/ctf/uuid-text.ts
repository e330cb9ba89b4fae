/** The text of a UUID, 8-4-4-4-12 hexadecimal digits, from its 16 bytes in the order of the text (RFC 9562, section 4). */
export function formatUuid(uuid: Uint8Array): string {
  const digits = Array.from(uuid, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
