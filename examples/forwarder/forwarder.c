/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwards between ports 0 and 1, 2 and 3 ... and drops what is no IPv4 or whose TTL is over: a small application
 * that tells what it does with trace points of its own.
 *
 *	make
 *	hone run -- ./forwarder -l 0,1 --no-huge -m 64 --no-pci --vdev net_null0 --vdev net_null1
 *	hone tracepoints forwarder
 *	hone trace -e 'app:forwarder:drop { @[str(args.reason)] = count(); }'
 *
 * One lcore, the last one, serves all ports; --vdev net_af_packet0,iface=veth0 does as well as net_null.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_jhash.h>
#include <rte_mbuf.h>

#include <hone/trace.h>

#define BURST 32
#define DESCRIPTORS 256
#define MBUFS 4095

struct counts {
	uint64_t forwarded, dropped;
};

static atomic_bool over;
static struct counts counts[RTE_MAX_ETHPORTS];

static void end(int signal)
{
	(void)signal;
	atomic_store(&over, true);
}

/* Why a packet goes no further; NULL when it does. */
static const char *reason_to_drop(const struct rte_mbuf *packet, const struct rte_ipv4_hdr **ip)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet, const struct rte_ether_hdr *);

	if (packet->data_len < sizeof(*ether) + sizeof(**ip))
		return "short";
	if (ether->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return "no IPv4";
	*ip = (const struct rte_ipv4_hdr *)(ether + 1);
	return (*ip)->time_to_live <= 1 ? "TTL" : NULL;
}

static void drop(uint16_t port, struct rte_mbuf *packet, const char *reason)
{
	HONE_TRACE(forwarder, drop, port, reason, packet->pkt_len);
	rte_pktmbuf_free(packet);
}

/* Drops or keeps each packet; how many are kept, in front. */
static uint16_t decide(uint16_t port, struct rte_mbuf **packets, uint16_t count)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < count; i++) {
		struct rte_mbuf *packet = packets[i];
		const struct rte_ipv4_hdr *ip;
		const char *reason = reason_to_drop(packet, &ip);

		if (reason != NULL) {
			drop(port, packet, reason);
			continue;
		}
		uint32_t flow = rte_jhash_2words(ip->src_addr, ip->dst_addr, ip->next_proto_id);

		HONE_TRACE(forwarder, forward, port, flow, packet->pkt_len);
		packets[kept++] = packet;
	}
	return kept;
}

static void serve(uint16_t port)
{
	struct rte_mbuf *packets[BURST];
	uint16_t received = rte_eth_rx_burst(port, 0, packets, BURST);
	uint16_t kept, sent;

	if (received == 0)
		return;
	HONE_TRACE(forwarder, burst_begin, port, received);
	kept = decide(port, packets, received);
	sent = rte_eth_tx_burst(port ^ 1, 0, packets, kept);
	HONE_TRACE(forwarder, burst_end, port, received, sent);
	for (uint16_t i = sent; i < kept; i++)
		drop(port, packets[i], "no room");
	counts[port].forwarded += sent;
	counts[port].dropped += received - sent;
}

static int forward(void *arg)
{
	uint16_t ports = *(uint16_t *)arg;

	while (!atomic_load_explicit(&over, memory_order_relaxed))
		for (uint16_t port = 0; port < ports; port++)
			serve(port);
	return 0;
}

static int open_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	return rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	       rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, rte_socket_id(), NULL, pool) != 0 ||
	       rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, rte_socket_id(), NULL) != 0 || rte_eth_dev_start(port) != 0;
}

int main(int argc, char **argv)
{
	struct rte_mempool *pool;
	unsigned int worker;
	uint16_t ports;

	if (rte_eal_init(argc, argv) < 0)
		rte_exit(EXIT_FAILURE, "the EAL does not start\n");
	ports = rte_eth_dev_count_avail() & ~1;
	worker = rte_get_next_lcore(-1, 1, 0);
	pool = rte_pktmbuf_pool_create("packets", MBUFS, 128, 0, RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());
	if (ports == 0 || worker >= RTE_MAX_LCORE || pool == NULL)
		rte_exit(EXIT_FAILURE, "expected an even number of ports, two lcores and memory for the packets\n");
	for (uint16_t port = 0; port < ports; port++)
		if (open_port(port, pool) != 0)
			rte_exit(EXIT_FAILURE, "port %u does not start\n", port);
	signal(SIGINT, end);
	signal(SIGTERM, end);
	rte_eal_remote_launch(forward, &ports, worker);
	printf("forwarding between %u ports\n", ports);
	fflush(stdout);
	rte_eal_mp_wait_lcore();
	for (uint16_t port = 0; port < ports; port++) {
		printf("port %u: forwarded %" PRIu64 ", dropped %" PRIu64 "\n", port, counts[port].forwarded,
		       counts[port].dropped);
		rte_eth_dev_stop(port);
	}
	return rte_eal_cleanup() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
