/** A port as it travels (struct hone_port) and as hone speaks of it (PortInfo). */
import { ABI } from './abi.ts';
import type { StructValue } from './struct-codec.ts';
import type { PortCounters, PortInfo } from './target.ts';

type PortStruct = StructValue<'hone_port'>;

const NO_COUNTERS: PortCounters = {
  ipackets: 0n,
  opackets: 0n,
  ibytes: 0n,
  obytes: 0n,
  imissed: 0n,
  ierrors: 0n,
  oerrors: 0n,
  rxNombuf: 0n,
};

export function portFromStruct(port: PortStruct): PortInfo {
  return {
    portId: port.port_id,
    name: port.name,
    driver: port.driver,
    firmware: port.firmware,
    mac: port.mac,
    up: (port.flags & ABI.HONE_PORT_UP) !== 0,
    promiscuous: (port.flags & ABI.HONE_PORT_PROMISC) !== 0,
    speedMbps: port.speed_mbps === ABI.HONE_SPEED_UNKNOWN ? undefined : port.speed_mbps,
    mtu: port.mtu,
    numaNode: port.numa_node,
    rxQueues: port.nb_rx_queues,
    txQueues: port.nb_tx_queues,
    counters: (port.flags & ABI.HONE_PORT_STATS) === 0 ? undefined : countersFromStruct(port),
  };
}

function countersFromStruct(port: PortStruct): PortCounters {
  const { ipackets, opackets, ibytes, obytes, imissed, ierrors, oerrors, rx_nombuf } = port;
  return { ipackets, opackets, ibytes, obytes, imissed, ierrors, oerrors, rxNombuf: rx_nombuf };
}

export function portToStruct(port: PortInfo): PortStruct {
  const { rxNombuf, ...counters } = port.counters ?? NO_COUNTERS;
  return {
    ...counters,
    rx_nombuf: rxNombuf,
    port_id: port.portId,
    nb_rx_queues: port.rxQueues,
    nb_tx_queues: port.txQueues,
    flags:
      (port.up ? ABI.HONE_PORT_UP : 0) |
      (port.promiscuous ? ABI.HONE_PORT_PROMISC : 0) |
      (port.counters === undefined ? 0 : ABI.HONE_PORT_STATS),
    speed_mbps: port.speedMbps ?? ABI.HONE_SPEED_UNKNOWN,
    mtu: port.mtu,
    numa_node: port.numaNode,
    mac: port.mac,
    name: port.name,
    driver: port.driver,
    firmware: port.firmware,
  };
}
