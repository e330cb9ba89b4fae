/** Ports as rows of a table and as JSON: for `hone ports`, `hone attach` and `hone capture -D`. */
import type { PortInfo } from '../target/index.ts';
import type { Head } from './text-table.ts';

export const portHeads: readonly Head[] = [
  { title: 'ID', align: 'right' },
  { title: 'NAME', align: 'left' },
  { title: 'DRIVER', align: 'left' },
  { title: 'MAC', align: 'left' },
  { title: 'LINK', align: 'left' },
  { title: 'QUEUES', align: 'right' },
  { title: 'RX PACKETS', align: 'right' },
  { title: 'TX PACKETS', align: 'right' },
  { title: 'MISSED', align: 'right' },
  { title: 'ERRORS', align: 'right' },
];

export function portCells(port: PortInfo): string[] {
  const { counters } = port;
  return [
    String(port.portId),
    port.name,
    port.driver,
    formatMac(port.mac),
    port.up ? formatSpeed(port.speedMbps) : 'down',
    `${port.rxQueues}/${port.txQueues}`,
    counters === undefined ? '-' : String(counters.ipackets),
    counters === undefined ? '-' : String(counters.opackets),
    counters === undefined ? '-' : String(counters.imissed),
    counters === undefined ? '-' : String(counters.ierrors + counters.oerrors + counters.rxNombuf),
  ];
}

/** "02:00:00:00:00:01" */
function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** "10G", "2.5G", "100M"; "up" when the speed is not known. */
function formatSpeed(speedMbps: number | undefined): string {
  if (speedMbps === undefined || speedMbps === 0) return 'up';
  return speedMbps >= 1000 ? `${speedMbps / 1000}G` : `${speedMbps}M`;
}

/** Everything known of a port. Counters are decimal text where a JSON number would lose digits: above 2^53. */
export function portJson(port: PortInfo): Record<string, unknown> {
  const { mac, speedMbps, counters, ...rest } = port;
  return {
    ...rest,
    mac: formatMac(mac),
    speedMbps: speedMbps ?? null,
    counters: counters === undefined ? null : Object.fromEntries(Object.entries(counters).map(jsonCounter)),
  };
}

function jsonCounter([name, value]: [string, bigint]): [string, number | string] {
  return [name, value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)];
}
