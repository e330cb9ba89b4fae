/**
 * Whether the words of `hone report` mean an application or recorded files. One that runs comes first where a bare name means both: then
 * `./NAME` or --read means the file.
 */
import { existsSync } from 'node:fs';
import { UsageError } from '../base/index.ts';
import { type AnsweringApplication, resolveApplication } from '../target/index.ts';

export type ReportInput =
  | { readonly kind: 'application'; readonly application: AnsweringApplication }
  | { readonly kind: 'recording'; readonly paths: readonly string[] };

/** A pid, never a file. */
const PID = /^\d+$/;
/** Cannot be the name of an application. */
const FILE = /\/|^-$|\.(pcap|pcapng|cap)(\.gz|\.zst)?$/;

/** @throws UsageError; PeerError */
export async function findReportInput(
  words: readonly string[],
  read: readonly string[],
): Promise<ReportInput> {
  if (read.length > 0) return { kind: 'recording', paths: [...read, ...words] };
  const [word, ...others] = words;
  if (word === undefined || PID.test(word)) {
    if (others.length === 0) return { kind: 'application', application: await resolveApplication(word) };
    throw new UsageError(
      `got application ${word} and ${others.join(' ')}: expected one application, or files`,
    );
  }
  if (others.length > 0 || FILE.test(word)) return { kind: 'recording', paths: words };
  try {
    return { kind: 'application', application: await resolveApplication(word) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (existsSync(word)) return { kind: 'recording', paths: words };
    throw new UsageError(`no file ${word}, and ${error.message}`);
  }
}
