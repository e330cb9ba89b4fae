/** A target that lies: it speaks the protocol well, and whoever holds it then corrupts the memory that it shares. */
import { ReplayServer } from '../../src/target/replay/replay-server.ts';
import type { ReplayPacket, ReplayPort } from '../../src/target/replay/traffic.ts';

const port: ReplayPort = { portId: 0, name: 'liar0', mac: new Uint8Array(6), speedMbps: undefined };

export const packet: ReplayPacket = {
  portId: 0,
  queueId: 0,
  direction: 'in',
  data: new Uint8Array(64),
  originalLength: 64,
  hash: undefined,
  offsetNs: 0,
};

/** Its process is this one. */
export function startLiar(): ReplayServer {
  return new ReplayServer({
    welcome: {
      kind: 'dpdk',
      pid: process.pid,
      version: 'a lie',
      filePrefix: 'liar',
      engine: 'jit',
      build: '',
    },
    ports: () => [port],
    portInfo: (one) => ({
      ...one,
      driver: 'liar',
      firmware: '',
      up: true,
      promiscuous: true,
      mtu: 1500,
      numaNode: 0,
      rxQueues: 1,
      txQueues: 1,
      counters: undefined,
    }),
    onSession: () => {},
  });
}

/** The time as targets have it. */
export function now(): { readonly high: number; readonly low: number } {
  const ns = BigInt(Date.now()) * 1_000_000n;
  return { high: Number(ns >> 32n), low: Number(ns & 0xffff_ffffn) };
}
