/** What a running application does with its packets and its time: readings at a small price, and their rates. */
export { ApplicationSampler } from './application-sampler.ts';
export { pollTimes, RECEIVING_NS } from './burst-script.ts';
export { compileProbes } from './compile-probes.ts';
export { DropFeed, type DropReading } from './drop-feed.ts';
export { observeInterval } from './observe-interval.ts';
export {
  type ApplicationReading,
  addBursts,
  type BurstCounts,
  callsOf,
  emptyOf,
  NO_BURSTS,
  packetsOf,
  type Thread,
} from './reading.ts';
export { Sampler } from './sampler.ts';
export {
  type ApplicationSnapshot,
  type PortSnapshot,
  type Rates,
  type Snapshot,
  takeSnapshot,
} from './snapshot.ts';
export { readCyclesPerNs } from './tsc-rate.ts';
export { numbersOf, type WriterContents, WriterMaps } from './writer-maps.ts';
