/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwards between ports 0 and 1, 2 and 3 ... and drops what is no IPv4 or whose TTL is over: a small application
 * that tells what it does with trace points of its own (points.json) and with the standard ones (hone/dataplane.h).
 *
 *	make
 *	hone run -- ./forwarder -l 0,1 --no-huge -m 64 --no-pci --vdev net_null0 --vdev net_null1
 *	hone tracepoints forwarder
 *	hone trace -e 'app:forwarder:drop { @[str(args.reason)] = count(); }'
 *
 * One lcore, the last one, serves all ports; --vdev net_af_packet0,iface=veth0 does as well as net_null. With "-- --hold" it
 * forwards nothing before it has read a line: time to attach a tracer. Options that give it a fault to find: see faults.h.
 * `make LTTNG=1` and `make NONE=1`: see the Makefile.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_jhash.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <hone/dataplane.h>

#include "faults.h"
#include "forwarder.h"

#define BURST 32
#define DESCRIPTORS 256
#define MBUFS 4095

struct counts {
	uint64_t forwarded, dropped;
};

static atomic_bool over;
static struct counts counts[RTE_MAX_ETHPORTS];
static struct faults faults;

static void end(int signal)
{
	(void)signal;
	atomic_store(&over, true);
}

struct verdict {
	const char *words; /* NULL for a packet that goes on */
	enum hone_dataplane_drop_reason reason;
};

static const struct verdict too_short = { "short", HONE_DATAPLANE_DROP_REASON_MALFORMED };
static const struct verdict no_ipv4 = { "no IPv4", HONE_DATAPLANE_DROP_REASON_UNSUPPORTED };
static const struct verdict ttl_over = { "TTL", HONE_DATAPLANE_DROP_REASON_TTL };
static const struct verdict no_room = { "no room", HONE_DATAPLANE_DROP_REASON_TX_FULL };
static const struct verdict goes_on;

static struct verdict judge(const struct rte_mbuf *packet, const struct rte_ipv4_hdr **ip)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet, const struct rte_ether_hdr *);

	if (packet->data_len < sizeof(*ether) + sizeof(**ip))
		return too_short;
	if (ether->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return no_ipv4;
	*ip = (const struct rte_ipv4_hdr *)(ether + 1);
	return (*ip)->time_to_live <= 1 ? ttl_over : goes_on;
}

static void drop(uint16_t port, struct rte_mbuf *packet, struct verdict why)
{
	forwarder_drop(port, why.words, packet->pkt_len);
	hone_dataplane_drop(port, 0, why.reason, packet->pkt_len);
	rte_pktmbuf_free(packet);
}

/* Drops or keeps each packet; how many are kept, in front. */
static uint16_t decide(uint16_t port, struct rte_mbuf **packets, uint16_t count)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < count; i++) {
		struct rte_mbuf *packet = packets[i];
		const struct rte_ipv4_hdr *ip;
		const struct verdict verdict = judge(packet, &ip);

		if (verdict.words != NULL) {
			drop(port, packet, verdict);
			continue;
		}
		forwarder_forward(port, rte_jhash_2words(ip->src_addr, ip->dst_addr, ip->next_proto_id), packet->pkt_len);
		packets[kept++] = packet;
	}
	return kept;
}

/* How many packets were received. */
static uint16_t serve(uint16_t port)
{
	struct rte_mbuf *packets[BURST];
	uint16_t received = rte_eth_rx_burst(port, 0, packets, BURST);
	uint16_t kept, sent;

	if (received == 0)
		return 0;
	faults_wire_brought(&faults, packets, received);
	forwarder_burst_begin(port, received);
	faults_work(&faults, received);
	hone_dataplane_stage_begin("decide");
	kept = decide(port, packets, received);
	hone_dataplane_stage_end("decide", received);
	sent = rte_eth_tx_burst(port ^ 1, 0, packets, kept);
	forwarder_burst_end(port, received, sent);
	for (uint16_t i = sent; i < kept; i++)
		drop(port, packets[i], no_room);
	counts[port].forwarded += sent;
	counts[port].dropped += received - sent;
	return received;
}

static int forward(void *arg)
{
	const uint16_t ports = *(uint16_t *)arg;
	bool busy = false;

	while (!atomic_load_explicit(&over, memory_order_relaxed)) {
		uint32_t received = 0;

		faults_stall(&faults);
		if (!faults_wire_has_packets(&faults))
			continue;
		for (uint16_t port = 0; port < ports; port++)
			received += serve(port);
		if ((received > 0) == busy)
			continue;
		busy = !busy;
		if (busy)
			hone_dataplane_lcore_busy(rte_lcore_id());
		else
			hone_dataplane_lcore_idle(rte_lcore_id());
	}
	return 0;
}

static int open_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	return rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	       rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, rte_socket_id(), NULL, pool) != 0 ||
	       rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, rte_socket_id(), NULL) != 0 || rte_eth_dev_start(port) != 0;
}

/* What stands after the EAL's "--". @return whether to wait for a line before forwarding begins */
static bool read_options(char **options)
{
	bool hold = false;

	for (; *options != NULL; options++) {
		if (strcmp(*options, "--hold") == 0)
			hold = true;
		else if (faults_take(&faults, options[0], options[1]))
			options++;
		else
			rte_exit(EXIT_FAILURE, "%s: expected --hold or --work, --stall, --wire and a number\n", *options);
	}
	return hold;
}

int main(int argc, char **argv)
{
	bool hold;
	struct rte_mempool *pool;
	unsigned int worker;
	uint16_t ports;
	int taken = rte_eal_init(argc, argv);

	if (taken < 0)
		rte_exit(EXIT_FAILURE, "the EAL does not start\n");
	hold = argc > taken + 1 && read_options(argv + taken + 1);
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
	if (hold) {
		printf("holding\n");
		fflush(stdout);
		while (!atomic_load(&over) && getchar() != '\n')
			;
	}
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
