/** What is measured on which application: dpdk-testpmd as everybody has it, and the example forwarder's own trace points. */
import { join } from 'node:path';
import { findProgram } from '../processes/index.ts';
import { type ApplicationCommand, startApplication } from './application.ts';
import { bpftraceSubject, ethdevOf, whyNoBpftrace } from './bpftrace.ts';
import { type Dumpcap, dumpcapSubject } from './dumpcap.ts';
import type { Example } from './example.ts';
import { attachAgent, capture, captureOnce, recordSubject, traceSubject } from './hone-tools.ts';
import { lttngSubject, startSessionDaemon, whyNoLttng } from './lttng.ts';
import type { GroupId, Stage, Subject } from './stage.ts';
import type { Workbench } from './workbench.ts';

/** net_null's packets are zeros. */
const REJECTS = 'tcp port 80';
const MATCHES = 'ether[12:2] = 0';
const TRAFFIC = 'traffic.pcap';

export const GROUPS: readonly {
  readonly id: GroupId;
  readonly title: string;
  readonly application: string;
}[] = [
  {
    id: 'capture',
    title: 'Capture of port 0, both directions',
    application: 'dpdk-testpmd, one lcore, io between two net_null ports, packets of 64 bytes',
  },
  {
    id: 'trace',
    title: 'Questions about bursts and packets',
    application: 'dpdk-testpmd, one lcore, io between two net_null ports, packets of 64 bytes',
  },
  {
    id: 'points',
    title: "An application's own trace points",
    application: 'examples/forwarder, one lcore, from net_pcap (traffic.pcap again and again) to net_null',
  },
];

const testpmd: ApplicationCommand = {
  program: 'dpdk-testpmd',
  vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'],
  // Without a period it waits for a key on its input, and ends without one.
  options: ['--total-num-mbufs=16384', '--forward-mode=io', '--auto-start', '--stats-period=60'],
  ports: [0, 1],
};

export function testpmdStage(bench: Workbench): Stage {
  const hasGdb = canAttach();
  const honeRow = (id: string, task: string): Omit<Subject, 'start'> => ({
    id,
    group: 'capture',
    tool: 'hone capture',
    task,
  });
  const packets = (id: string, task: string, options: readonly string[]): Subject => ({
    ...honeRow(id, task),
    start: (application) => capture(bench, application, options),
  });
  const histogram = { group: 'trace', task: 'histogram of burst sizes' } as const;
  return {
    name: 'dpdk-testpmd',
    bare: {
      ...honeRow('bare', 'nothing attached'),
      tool: '',
      start: async () => ({ stop: async () => ({}) }),
    },
    lasting: [
      {
        ...honeRow('idle', 'agent in the application, idle'),
        tool: 'hone attach',
        absent: hasGdb ? undefined : 'gdb is not installed: apt-get install gdb',
        start: (application) => attachAgent(bench, application),
      },
      {
        ...honeRow('capture-off', 'off, after a capture'),
        start: (application) => captureOnce(bench, application),
      },
    ],
    subjects: [
      packets('capture-reject', 'filter that rejects all', ['-f', REJECTS]),
      packets('capture-match', 'filter that matches all', ['-f', MATCHES]),
      packets('capture-all', 'everything', []),
      traceSubject(bench, { id: 'burst-hone', ...histogram }, 'dpdk:rx_burst { @ = hist(args.nb_rx); }'),
      bpftraceSubject(
        bench,
        { id: 'burst-bpftrace', ...histogram, tool: 'bpftrace, uprobe', absent: whyNoBpftrace() },
        (application) => `uprobe:${ethdevOf(application)}:rte_eth_call_rx_callbacks { @ = hist(arg3); }`,
      ),
      traceSubject(
        bench,
        { id: 'packet-hone', group: 'trace', task: 'packets by length: a keyed map, each packet' },
        'dpdk:rx_packet { @[args.len] = count(); }',
      ),
      recordSubject(
        bench,
        { id: 'burst-record', group: 'trace', task: 'an event a burst into a file' },
        'dpdk:rx_burst',
      ),
    ],
    start: () => startApplication(bench, hasGdb ? testpmd : { ...testpmd, below: honeRun(bench) }),
  };
}

function canAttach(): boolean {
  return findProgram('gdb') !== undefined;
}

function honeRun({ hone }: Workbench): string[] {
  return [...hone, 'run', '--'];
}

export function dumpcapStage(bench: Workbench, dumpcap: Dumpcap): Stage {
  const row = (id: string, task: string, filter?: string) =>
    dumpcapSubject(bench, dumpcap, filter === undefined ? { id, task } : { id, task, filter });
  return {
    name: 'dpdk-testpmd with dpdk-dumpcap',
    absent: dumpcap.absent,
    lasting: [],
    subjects: [
      row('dumpcap-reject', 'filter that rejects all', REJECTS),
      row('dumpcap-match', 'filter that matches all', MATCHES),
      row('dumpcap-all', 'everything'),
    ],
    start: () => startApplication(bench, testpmd),
  };
}

const BURST = 'histogram of a value, a point a burst';
const PACKET = 'a keyed map, a point a packet';
const BURST_EVENT = 'an event a burst into a file';
const PACKET_EVENT = 'an event a packet into a file';

export function pointsStage(bench: Workbench, example: Example, folder: string): Stage {
  const row = (id: string, task: string) => ({ id, group: 'points', task }) as const;
  const usdt = { tool: 'bpftrace, usdt', absent: whyNoBpftrace() };
  const { program = '', absent } = example;
  const script = (point: string, action: string) => () => `usdt:${program}:forwarder:${point} { ${action} }`;
  return {
    name: 'examples/forwarder',
    absent,
    lasting: [],
    subjects: [
      traceSubject(
        bench,
        row('point-burst-hone', BURST),
        'app:forwarder:burst_begin { @ = hist(args.received); }',
      ),
      bpftraceSubject(
        bench,
        { ...row('point-burst-bpftrace', BURST), ...usdt },
        script('burst_begin', '@ = hist(arg1);'),
      ),
      traceSubject(
        bench,
        row('point-packet-hone', PACKET),
        'app:forwarder:forward { @[args.flow] = count(); }',
      ),
      bpftraceSubject(
        bench,
        { ...row('point-packet-bpftrace', PACKET), ...usdt },
        script('forward', '@[arg1] = count();'),
      ),
      recordSubject(bench, row('point-burst-record', BURST_EVENT), 'app:forwarder:burst_begin'),
      recordSubject(bench, row('point-packet-record', PACKET_EVENT), 'app:forwarder:forward'),
    ],
    async start() {
      if (!canAttach()) return startApplication(bench, forwarder(program, folder, honeRun(bench)));
      const application = await startApplication(bench, forwarder(program, folder, []));
      try {
        await attachAgent(bench, application);
        return application;
      } catch (error) {
        await application.stop();
        throw error;
      }
    },
  };
}

export function lttngStage(bench: Workbench, example: Example, folder: string): Stage {
  const row = (id: string, task: string) => ({ id, group: 'points', task }) as const;
  return {
    name: 'examples/forwarder with LTTng-UST',
    absent: whyNoLttng() ?? example.absent,
    lasting: [],
    subjects: [
      lttngSubject(bench, row('point-burst-lttng', BURST_EVENT), 'forwarder:burst_begin'),
      lttngSubject(bench, row('point-packet-lttng', PACKET_EVENT), 'forwarder:forward'),
    ],
    async start() {
      // The application's library looks for it when it starts.
      await startSessionDaemon(bench);
      return startApplication(bench, forwarder(example.program ?? '', folder, []));
    },
  };
}

function forwarder(program: string, folder: string, below: readonly string[]): ApplicationCommand {
  const traffic = join(folder, TRAFFIC);
  return {
    below,
    program,
    vdevs: [`net_pcap0,rx_pcap=${traffic},infinite_rx=1`, 'net_null0,no-rx=1'],
    ports: [0],
  };
}
