/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_cycles.h>

#include "adapter.h"
#include "dpdk.h"

#define BASE_NS 50000000 /* the rate is measured over at least this */

static void look_up_field(struct adapters *adapters, const struct dpdk *dpdk)
{
	int offset, bit;

	if (atomic_load(&adapters->flag) != 0 || dpdk->rte_mbuf_dynfield_lookup == NULL ||
	    dpdk->rte_mbuf_dynflag_lookup == NULL)
		return;
	offset = dpdk->rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	bit = dpdk->rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);
	if (offset < 0 || bit < 0)
		return;
	adapters->offset = offset;
	atomic_store(&adapters->flag, 1ull << bit);
}

static void measure_ticks(struct adapter *adapter, uint64_t ticks, uint64_t now_ns)
{
	struct clock_anchor anchor = { .tsc = ticks, .ns = now_ns };

	if (adapter->first_ns == 0) {
		adapter->first_ticks = ticks;
		adapter->first_ns = now_ns;
		return;
	}
	if (now_ns - adapter->first_ns < BASE_NS || ticks <= adapter->first_ticks)
		return;
	anchor.mult = (uint64_t)((double)(now_ns - adapter->first_ns) / (double)(ticks - adapter->first_ticks) *
				 4294967296.0);
	clock_publish(&adapter->clock, &anchor);
	atomic_store(&adapter->time, ADAPTER_TICKS);
}

void adapter_update(struct adapters *adapters, const struct dpdk *dpdk, struct clock *clock, uint16_t port_id)
{
	struct adapter *adapter = &adapters->ports[port_id];
	struct rte_eth_dev_info info;
	uint64_t ticks;

	look_up_field(adapters, dpdk);
	if (atomic_load(&adapters->flag) == 0 || atomic_load(&adapter->time) == ADAPTER_EPOCH_US)
		return;
	if (dpdk->rte_eth_read_clock != NULL && dpdk->rte_eth_read_clock(port_id, &ticks) == 0) {
		measure_ticks(adapter, ticks, clock_ns(clock, rte_rdtsc()));
		return;
	}
	/* The pcap driver hands on the times of its file. */
	if (dpdk->rte_eth_dev_info_get(port_id, &info) == 0 && info.driver_name != NULL &&
	    strcmp(info.driver_name, "net_pcap") == 0)
		atomic_store(&adapter->time, ADAPTER_EPOCH_US);
}
