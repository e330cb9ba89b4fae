/** Names are an application's or a file's: no control characters reach a terminal, and a line stays one. */
export function cleanLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
