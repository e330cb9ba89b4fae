/**
 * The price of a trace: forwarding rate of a saturated testpmd (net_null, 64 bytes, one lcore) before the agent is in it, with
 * an idle agent, and with one script after the other; bpftrace's histogram of the same numbers; how long a script takes
 * until it is attached; and a trace point of hone/trace.h that nobody listens to. Scripts that look into packets run on real ones, too
 * (net_pcap, one way). The application has hugepages where there are some, as applications do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from '../src/bench/cleanup.ts';
import { type ApplicationMemory, prepareMemory } from '../src/bench/hugepages.ts';
import { measureAttaching, StartTimes } from './attaching.ts';
import { attachAgent, forwardingRate, hone, type Measured, numberIn, runBeside } from './beside.ts';
import { type Compared, Comparison, formatRounds, lossPercent } from './comparison.ts';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { formatSpread, printTable } from './statistics.ts';
import { measureTracePoint } from './trace-point.ts';
import { writeUdpPackets } from './udp-packets.ts';

/** testpmd's burst, which net_null always fills. */
const PACKETS_A_BURST = 32;
const BPFTRACE = 'bpftrace: hist of nb_rx, uprobe';
/** The agent's callback is in place, or DPDK would not call it; arg3 is nb_rx. */
const ETHDEV = ['librte_ethdev.so.23', 'librte_ethdev.so']
  .map((name) => `/usr/lib/x86_64-linux-gnu/${name}`)
  .find((path) => existsSync(path));

/** One line each of the table. */
const scripts: readonly string[] = [
  'dpdk:rx_burst { @ = hist(args.nb_rx); }',
  'dpdk:rx_burst { @ = count(); }',
  'dpdk:rx_burst { @ = sum(args.nb_rx); }',
  'dpdk:rx_packet { @ = count(); }',
  'dpdk:rx_packet { @[ip.proto] = count(); }',
  'dpdk:rx_packet { @[args.hash, args.index] = count(); }',
  // As many keys as a map has room for, each next one elsewhere in memory.
  'dpdk:rx_packet { @n++; @[@n & 0xffff] = count(); }',
];

const scriptsOfPackets: readonly string[] = [
  'dpdk:rx_packet { @ = count(); }',
  'dpdk:rx_packet { @[ip.proto] = count(); }',
  'dpdk:rx_packet /tcp.dport == 443/ { @ = count(); }',
];

const comparison = new Comparison();
const ofPackets = new Comparison();
const startTimes = new StartTimes();
const pointNs: number[] = [];

async function traceBeside(forwarder: Forwarder, script: string): Promise<Measured> {
  const command = [...hone, 'trace', '--cost', '-t', String(forwarder.pid), '-o', '/dev/null', '-e', script];
  const { rate, output } = await runBeside(forwarder, command, { sign: 'probe' });
  // The last one is of the whole time.
  const summary = output.slice(output.lastIndexOf('ns a hit'));
  return { rate, nsPerHit: numberIn(summary, /dpdk:\w+ +\d+ +([\d.]+)/) };
}

async function bpftraceBeside(forwarder: Forwarder, before: number): Promise<void> {
  if (spawnSync('bpftrace', ['--version']).status !== 0 || ETHDEV === undefined) {
    console.error(`${BPFTRACE}: not measured, bpftrace or librte_ethdev.so is absent`);
    return;
  }
  const script = `uprobe:${ETHDEV}:rte_eth_call_rx_callbacks { @ = hist(arg3); }`;
  const command = ['bpftrace', '-p', String(forwarder.pid), '-e', script];
  await comparison.between(BPFTRACE, forwarder, before, async () => {
    const { rate, output } = await runBeside(forwarder, command, { sign: 'Attaching' });
    if (!/@: *\n/.test(output)) throw new Error(`bpftrace counted nothing:\n${output}`);
    return { rate };
  });
}

async function round(memory: ApplicationMemory): Promise<void> {
  const forwarder = await startForwarder({ memory, rateSeconds: 2 });
  try {
    const before = await forwardingRate(forwarder);
    comparison.record('no agent', { rate: before });
    attachAgent(forwarder);
    // The first trace installs the callbacks, which stay.
    await measureAttaching(forwarder);
    let idle = await forwardingRate(forwarder);
    comparison.record('agent, idle', { rate: idle, baseline: before });
    for (const script of scripts) {
      idle = await comparison.between(script, forwarder, idle, () => traceBeside(forwarder, script));
    }
    await bpftraceBeside(forwarder, idle);
    for (let i = 0; i < 15; i++) await startTimes.measure(forwarder);
  } finally {
    await forwarder.stop();
  }
  pointNs.push(measureTracePoint());
}

async function roundOfPackets(memory: ApplicationMemory, packets: string): Promise<void> {
  const forwarder = await startForwarder({ memory, rateSeconds: 2, packets });
  try {
    ofPackets.record('no agent', { rate: await forwardingRate(forwarder) });
    attachAgent(forwarder);
    await measureAttaching(forwarder);
    let idle = await forwardingRate(forwarder);
    for (const script of scriptsOfPackets) {
      idle = await ofPackets.between(script, forwarder, idle, () => traceBeside(forwarder, script));
    }
  } finally {
    await forwarder.stop();
  }
}

/** By the time that the lcore lacks, for all ports that receive. */
function nsByRate(name: string, { rate, baseline }: Compared, ports: number): number | undefined {
  if (baseline === undefined || !(name.includes('rx_') || name === BPFTRACE)) return undefined;
  const packetsAHit = name.includes('rx_packet') ? 1 : PACKETS_A_BURST;
  return (packetsAHit * (1e9 / rate - 1e9 / baseline)) / ports;
}

function printRates(title: string, { results }: Comparison, ports: number): void {
  printTable(
    [title, 'forwarded, Mpps', 'off, %', 'ns a hit: --cost', 'by the rate'],
    [...results].map(([name, list]) => [
      name,
      formatRounds(list, ({ rate }) => rate / 1e6),
      formatRounds(list, lossPercent),
      formatRounds(list, ({ nsPerHit }) => nsPerHit),
      formatRounds(list, (result) => nsByRate(name, result, ports)),
    ]),
  );
  console.log();
}

export async function benchTrace(rounds = 3): Promise<void> {
  const cleanup = new Cleanup();
  const folder = mkdtempSync(join(tmpdir(), 'hone-bench-trace-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const memory = prepareMemory(cleanup);
    console.error(memory.name);
    const packets = join(folder, 'packets.pcap');
    writeUdpPackets(packets);
    for (let i = 0; i < rounds; i++) {
      await round(memory);
      await roundOfPackets(memory, packets);
    }
  } finally {
    cleanup.close();
  }
  printRates('64-byte packets, one lcore, port 0', comparison, 2);
  printRates('IPv4, UDP and TCP, one way', ofPackets, 1);
  printTable(
    ['beside it', 'median (lowest to highest)'],
    [...startTimes.rows(), ['a point of hone/trace.h that nobody listens to, ns', formatSpread(pointNs, 2)]],
  );
}
