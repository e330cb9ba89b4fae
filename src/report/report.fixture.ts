/** A report as of a forwarder that loses packets, for tests of what is made of reports. */
import type { Observation } from '../findings/index.ts';
import type { Report } from './report.ts';

export function sampleObservation(more: Partial<Observation> = {}): Observation {
  return {
    source: 'application',
    label: 'dpdk-forwarder',
    pid: 4711,
    startMs: Date.UTC(2025, 0, 2, 3, 4, 5),
    seconds: 10,
    countedSeconds: 1,
    ports: [
      {
        portId: 0,
        seconds: 10,
        name: 'net_null0',
        driver: 'net_null',
        isUp: true,
        speedMbps: 10_000,
        rxQueues: 1,
        txQueues: 1,
        rxPackets: 50_000_000,
        txPackets: 49_000_000,
        rxBytes: 3_200_000_000,
        txBytes: 3_136_000_000,
        missed: 12_345,
        rxErrors: 0,
        noMbuf: 7,
        txErrors: undefined,
        offered: 1000,
        refused: 3,
      },
    ],
    queues: [
      {
        portId: 0,
        queueId: 0,
        direction: 'in',
        countedSeconds: 1,
        tids: [4712],
        countsEmptyPolls: true,
        bySize: [...Array.from({ length: 32 }, (_, at) => (at === 0 ? 90 : 1)), 900],
        packets: 29_296,
        askedBurst: 32,
      },
      {
        portId: 0,
        queueId: undefined,
        direction: 'out',
        countedSeconds: 1,
        tids: [4712],
        countsEmptyPolls: true,
        bySize: [0, 5, 6],
        packets: 17,
        askedBurst: undefined,
      },
    ],
    lcores: [
      {
        tid: 4712,
        lcore: 1,
        name: 'rte-worker-1',
        measuredSeconds: 1,
        busyNs: 930_000_000,
        idleNs: 70_000_000,
        packets: 5_000_000,
        pollGaps: Array.from({ length: 24 }, (_, at) => (at < 8 ? 0 : 1_000_000 >> (at - 8))),
        longestGapNs: 9_000_000,
        involuntarySwitches: 3,
      },
    ],
    mempools: [{ name: 'mb_pool_0', size: 8191, samples: 100, least: 12, most: 4000, average: 1234.5678 }],
    rings: [{ name: 'to_tx', size: 1023, samples: 100, least: 0, most: 1023, average: 800 }],
    drops: [{ portId: 0, reason: 'no_route', packets: 4321, countedSeconds: 10 }],
    stages: [
      { name: 'lookup', tid: 4712, calls: 1000, ns: 400_000, packets: 32_000, measuredSeconds: 0.5 },
      { name: 'rewrite', tid: 4712, calls: 1000, ns: 100_000, packets: 0, measuredSeconds: 0.5 },
    ],
    traffic: {
      packets: 1000,
      bytes: 64_000,
      seconds: 0.5,
      sizes: [
        { from: 0, packets: 0 },
        { from: 64, packets: 990 },
        { from: 65, packets: 10 },
      ],
      protocols: [
        { name: 'udp', packets: 900, bytes: 57_600 },
        { name: '0x88cc', packets: 100, bytes: 6400 },
      ],
      flows: [{ name: '10.0.0.1:80 > 10.0.0.2:1024 udp', packets: 900, bytes: 57_600 }],
      flowCount: 1,
      interArrival: [0, 0, 0, 0, 0, 500, 300, 150, 49],
    },
    series: Array.from({ length: 20 }, (_, at) => ({
      seconds: (at + 1) / 2,
      rxPps: at === 7 ? undefined : 5e6 + 1e5 * Math.sin(at),
      txPps: 4.9e6,
      rxBps: 2.56e9,
      txBps: 2.5e9,
      dropPps: at > 12 ? 1e5 : 0,
      busyShare: 0.93,
    })),
    recording: undefined,
    unknown: ['net_null says nothing of errors when it sends.'],
    ...more,
  };
}

export function sampleReport(more: Partial<Report> = {}): Report {
  return {
    version: '0.1.0',
    observation: sampleObservation(),
    goals: [
      {
        goal: { text: 'drop=0', metric: 'drop', relation: '=', value: 0, isShare: false },
        measured: 1234,
        isMet: false,
      },
      {
        goal: { text: 'pps>=4M', metric: 'pps', relation: '>=', value: 4e6, isShare: false },
        measured: 5e6,
        isMet: true,
      },
      {
        goal: { text: 'util<80%', metric: 'util', relation: '<', value: 0.8, isShare: true },
        measured: undefined,
        isMet: undefined,
      },
    ],
    findings: [
      {
        rule: 'port-missed',
        severity: 'bad',
        subject: 'port 0 (net_null0)',
        title: 'missed 12,345 packets',
        evidence: ['12,345 of 50,012,345 packets found no free descriptor.'],
        meaning: 'The queue is not polled often enough.',
        next: [{ command: 'hone top dpdk-forwarder', tells: 'Which lcore has no time left:' }],
      },
      {
        rule: 'burst-at-maximum',
        severity: 'warning',
        subject: 'port 0 queue 0',
        title: 'gives full bursts in 88 % of its polls',
        evidence: ['900 of 1,021 polls gave 32 packets.'],
        meaning: 'There is no room left.',
        next: [],
      },
    ],
    price: 0.004,
    ...more,
  };
}
