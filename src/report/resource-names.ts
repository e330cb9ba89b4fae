/** What a report calls queues and lcores. */
import type { LcoreObservation, QueueObservation } from '../findings/index.ts';

/** `port 0 queue 1 receive` */
export function queueName({ portId, queueId, direction }: QueueObservation): string {
  const queue = queueId === undefined ? 'all queues' : `queue ${queueId}`;
  return `port ${portId} ${queue} ${direction === 'in' ? 'receive' : 'transmit'}`;
}

/** `lcore 3`; the thread's name where it is none. */
export function lcoreName({ lcore, name, tid }: LcoreObservation): string {
  if (lcore !== undefined) return `lcore ${lcore}`;
  return name === '' ? `thread ${tid}` : name;
}
