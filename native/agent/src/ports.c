/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "ports.h"

static void describe_link(uint16_t port_id, struct hone_port *port)
{
	struct rte_eth_link link = { 0 };

	port->speed_mbps = HONE_SPEED_UNKNOWN;
	if (agent.dpdk.rte_eth_link_get_nowait(port_id, &link) != 0)
		return;
	if (link.link_status == RTE_ETH_LINK_UP)
		port->flags |= HONE_PORT_UP;
	if (link.link_speed != RTE_ETH_SPEED_NUM_NONE)
		port->speed_mbps = link.link_speed;
}

static void describe_counters(uint16_t port_id, struct hone_port *port)
{
	struct rte_eth_stats stats = { 0 };

	if (agent.dpdk.rte_eth_stats_get(port_id, &stats) != 0)
		return;
	port->flags |= HONE_PORT_STATS;
	port->ipackets = stats.ipackets;
	port->opackets = stats.opackets;
	port->ibytes = stats.ibytes;
	port->obytes = stats.obytes;
	port->imissed = stats.imissed;
	port->ierrors = stats.ierrors;
	port->oerrors = stats.oerrors;
	port->rx_nombuf = stats.rx_nombuf;
}

void port_describe(uint16_t port_id, struct hone_port *port)
{
	const struct dpdk *dpdk = &agent.dpdk;
	struct rte_eth_dev_info info = { 0 };
	struct rte_ether_addr mac = { 0 };
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	uint16_t mtu = 0;

	memset(port, 0, sizeof(*port));
	port->port_id = port_id;
	if (dpdk->rte_eth_dev_get_name_by_port(port_id, name) == 0)
		snprintf(port->name, sizeof(port->name), "%s", name);
	if (dpdk->rte_eth_dev_info_get(port_id, &info) == 0) {
		port->nb_rx_queues = info.nb_rx_queues;
		port->nb_tx_queues = info.nb_tx_queues;
		snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name == NULL ? "" : info.driver_name);
	}
	if (dpdk->rte_eth_macaddr_get(port_id, &mac) == 0)
		memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
	if (dpdk->rte_eth_dev_get_mtu != NULL && dpdk->rte_eth_dev_get_mtu(port_id, &mtu) == 0)
		port->mtu = mtu;
	port->numa_node = dpdk->rte_eth_dev_socket_id == NULL ? -1 : dpdk->rte_eth_dev_socket_id(port_id);
	if (dpdk->rte_eth_promiscuous_get != NULL && dpdk->rte_eth_promiscuous_get(port_id) == 1)
		port->flags |= HONE_PORT_PROMISC;
	if (dpdk->rte_eth_dev_fw_version_get == NULL ||
	    dpdk->rte_eth_dev_fw_version_get(port_id, port->firmware, sizeof(port->firmware)) != 0)
		memset(port->firmware, 0, sizeof(port->firmware));
	describe_link(port_id, port);
	describe_counters(port_id, port);
}
