/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DPDK functions that the agent calls, and one table that it reads, found at run time. Nothing here is a link-time reference: the agent
 * must load into processes that have no DPDK (a shell that LD_PRELOAD reaches) and into statically linked
 * applications, where a DT_NEEDED on librte_* would bring a second DPDK into the process.
 */
#ifndef HONE_DPDK_H
#define HONE_DPDK_H

#include <stdbool.h>

#include <rte_bpf.h>
#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_tailq.h>
#include <rte_trace.h>
#include <rte_trace_point.h>
#include <rte_version.h>

#define DPDK_REQUIRED(X) \
	X(rte_version) \
	X(rte_get_tsc_hz) \
	X(rte_eth_find_next) \
	X(rte_eth_dev_get_name_by_port) \
	X(rte_eth_dev_info_get) \
	X(rte_eth_stats_get) \
	X(rte_eth_macaddr_get) \
	X(rte_eth_link_get_nowait) \
	X(rte_eth_add_first_rx_callback) \
	X(rte_eth_add_tx_callback) \
	X(rte_eth_remove_rx_callback) \
	X(rte_eth_remove_tx_callback) \
	X(rte_eth_dev_callback_register)

#define DPDK_OPTIONAL(X) \
	X(rte_eal_get_runtime_dir) \
	X(rte_lcore_count) \
	X(rte_get_main_lcore) \
	X(rte_eth_dev_get_mtu) \
	X(rte_eth_dev_socket_id) \
	X(rte_eth_promiscuous_get) \
	X(rte_eth_dev_fw_version_get) \
	X(rte_eth_read_clock) \
	X(rte_eth_fp_ops) \
	X(rte_eth_rx_queue_info_get) \
	X(rte_eth_tx_queue_info_get) \
	X(rte_mempool_walk) \
	X(rte_mempool_avail_count) \
	X(rte_eal_tailq_lookup) \
	X(rte_mcfg_tailq_read_lock) \
	X(rte_mcfg_tailq_read_unlock) \
	X(rte_mbuf_dynfield_lookup) \
	X(rte_mbuf_dynflag_lookup) \
	X(rte_trace_dump) \
	X(rte_trace_mode_get) \
	X(rte_trace_point_lookup) \
	X(rte_trace_point_enable) \
	X(rte_trace_point_disable) \
	X(rte_trace_save) \
	X(rte_bpf_load) \
	X(rte_bpf_destroy) \
	X(rte_bpf_get_jit) \
	X(rte_bpf_exec)

struct dpdk {
#define DPDK_MEMBER(name) __typeof__(name) *name;
	DPDK_REQUIRED(DPDK_MEMBER)
	DPDK_OPTIONAL(DPDK_MEMBER)
#undef DPDK_MEMBER
};

/* True when every required function was found; optional ones that were not are NULL. */
bool dpdk_resolve(struct dpdk *dpdk);

/*
 * Loads the librte_bpf that stands beside the application's librte_eal, for an application that is not linked with it. Its
 * functions stay NULL when there is none, or when the EAL is not a shared library.
 */
void dpdk_load_bpf(struct dpdk *dpdk);

/* rte_errno of the calling thread; NULL when it is not found. */
const int *dpdk_errno(void);

#endif
