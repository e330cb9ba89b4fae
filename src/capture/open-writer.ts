/** The two kinds of output of a session, put together: files with what pcapng says about a capture, and text. */

import type { TimeStyle } from '../packet/index.ts';
import { CaptureFiles } from './capture-files.ts';
import { createPcapFormat, createPcapngFormat } from './capture-format.ts';
import { describeInterface, describeSection, describeStatistics } from './describe.ts';
import type { PacketWriter } from './packet-writer.ts';
import type { RotateConditions, StopConditions } from './plan.ts';
import type { CaptureSession } from './session.ts';
import { TextLines } from './text-lines.ts';

export interface FileOutput {
  /** `-` is standard output. */
  readonly path: string;
  readonly format: 'pcapng' | 'pcap';
  /** The duration is the session's. */
  readonly stop: StopConditions;
  /** Undefined for a single file. */
  readonly rotate: RotateConditions | undefined;
  /** The person's own words about the capture. */
  readonly comments: readonly string[];
  readonly honeVersion: string;
  readonly onFile: (path: string) => void;
}

/** @throws SysError when the first file cannot be opened */
export function openFileWriter(session: CaptureSession, output: FileOutput): Promise<PacketWriter> {
  const { interfaces, sources, startNs } = session;
  return CaptureFiles.open({
    path: output.path,
    format: output.format === 'pcap' ? createPcapFormat() : createPcapngFormat(),
    stop: output.stop,
    rotate: output.rotate,
    interfaces,
    section: describeSection(output.honeVersion, output.comments, sources),
    describe: describeInterface,
    statistics: () => {
      session.takeCounters();
      return interfaces.all.map((entry) => describeStatistics(entry, startNs, session.nowNs));
    },
    onFile: output.onFile,
    isEnding: () => session.isEnding,
    givesUp: () => session.hurried,
  });
}

export interface TextOutput {
  readonly time: TimeStyle;
  /** The bytes below each line, too. */
  readonly hexDump: boolean;
  /** Packets after which the capture ends. */
  readonly packets: number | undefined;
}

export function openTextWriter(session: CaptureSession, output: TextOutput): Promise<PacketWriter> {
  return TextLines.open({ ...output, interfaces: session.interfaces, givesUp: () => session.hurried });
}
