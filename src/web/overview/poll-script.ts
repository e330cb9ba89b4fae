/**
 * The scripts that the Overview runs in an application. The first costs something for each burst or poll: polls by the
 * packets they gave, and how long it takes from one poll to the next, which is work when the poll gave packets and waiting
 * when it did not. The second costs something for each packet, and runs only when somebody asks.
 */
import { type CompiledScript, compileScript } from '../../script/index.ts';
import { pointFinder } from '../../trace/index.ts';
import { dpdkPoints } from '../../tracepoints/index.ts';

/** Ports and queues below this fit into one number, by which the maps are plain arrays. */
const PLACES = 16;

export interface PollScript {
  readonly script: CompiledScript;
  /** Port and queue of a key of its maps. */
  readonly placeOf: (key: Uint8Array) => { readonly portId: number; readonly queueId: number };
}

/** @param ports all of the application */
export function pollScript(
  ports: readonly { readonly portId: number; readonly rxQueues: number; readonly txQueues: number }[],
): PollScript {
  const isSmall = ports.every(
    ({ portId, rxQueues, txQueues }) => portId < PLACES && Math.max(rxQueues, txQueues) <= PLACES,
  );
  const key = isSmall ? `(args.port & 15) * ${PLACES} + (args.queue & 15)` : 'args.port, args.queue';
  const script = compile(`
    dpdk:rx_poll {
      $now = nsecs;
      if (@before > 0) {
        if (@had > 0) { @busy = sum($now - @before); } else { @idle = sum($now - @before); }
      }
      @before = $now;
      @had = args.nb_rx;
      @polls[${key}] = lhist(args.nb_rx, 1, 65, 4);
      @received[${key}] = sum(args.nb_rx);
    }
    dpdk:tx_burst { @offered[${key}] = sum(args.nb_tx); }`);
  const placeOf = (bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const first = view.getUint32(0, true);
    if (!isSmall) return { portId: first, queueId: view.getUint32(8, true) };
    return { portId: Math.floor(first / PLACES), queueId: first % PLACES };
  };
  return { script, placeOf };
}

/** Sizes as SIZE_BUCKETS says, and bytes by addresses. */
export function packetScript(): CompiledScript {
  return compile(`
    dpdk:rx_packet {
      @sizes = lhist(args.len, 0, 1536, 128);
      if (ip.version == 4) { @flows[ip.src, ip.dst] = sum(args.len); }
      if (ipv6.version == 6) { @flows6[ipv6.src, ipv6.dst] = sum(args.len); }
    }`);
}

function compile(source: string): CompiledScript {
  return compileScript(source, {
    form: 'agent',
    positional: [],
    findPoints: pointFinder(dpdkPoints, 'an application'),
  });
}
