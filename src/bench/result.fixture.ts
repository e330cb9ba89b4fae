/** A result to format: one row that was measured, one that was not, the application as it is. */
import type { BenchResult, Row, Turn } from './result.ts';

interface Made {
  readonly turns?: readonly Turn[];
  readonly rows?: readonly Row[];
  readonly ended?: string;
}

export function madeResult({ turns = [], rows, ended }: Made = {}): BenchResult {
  return {
    version: '0.0.0',
    started: '2026-01-02T03:04:05.000Z',
    seconds: 61.5,
    rounds: 2,
    ended,
    windowSeconds: 2,
    machine: {
      processor: 'A <fast> one',
      processors: 2,
      kernel: '6.1.0',
      dpdk: 'DPDK 22.11.0',
      memory: 'hugepages of 2 MiB',
      placement: 'forwarding on processor 1, all else on 0',
    },
    peers: [
      { name: 'bpftrace', version: '0.17.0' },
      { name: 'LTTng', version: undefined, note: 'LTTng is not installed: apt-get install lttng-tools' },
    ],
    groups: [
      {
        id: 'capture',
        title: 'Capture',
        application: 'dpdk-testpmd',
        rows: rows ?? [
          { id: 'bare', tool: '', task: 'nothing attached', turns: [{ beforePps: 50e6, withPps: 50e6 }] },
          { id: 'all', tool: 'hone capture', task: 'everything', turns },
          { id: 'peer', tool: 'dpdk-dumpcap', task: 'everything', turns: [], absent: 'no <hugepages>' },
        ],
      },
    ],
  };
}
