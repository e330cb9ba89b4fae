/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is done to one queue costs: packets go from port 0 to port 1 and, in turns of some hundred bursts, from port 2 to port 3.
 * Whoever looks at port 0 alone makes the first way longer than the second; as they take turns within a millisecond, what the
 * machine does beside it meets both. Prints once a while: ticks of the TSC a burst on the first way, on the second, and the median of
 * what each turn differs by. Whatever does not come from port 0 is in that difference before anybody looks, too: hold it
 * against a reading without.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define PORTS 4
#define BURST 32
#define BURSTS_A_TURN 500
#define TURNS_A_LINE 2000
#define MBUFS 16384
#define CACHED_MBUFS 512

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static int ascending(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double *values)
{
	qsort(values, TURNS_A_LINE, sizeof(values[0]), ascending);
	return values[TURNS_A_LINE / 2];
}

static __attribute__((noinline)) double turn(uint16_t from, uint16_t to)
{
	struct rte_mbuf *packets[BURST];
	uint64_t begin = rte_rdtsc();

	for (int i = 0; i < BURSTS_A_TURN; i++) {
		uint16_t count = rte_eth_rx_burst(from, 0, packets, BURST);
		uint16_t sent = rte_eth_tx_burst(to, 0, packets, count);

		rte_pktmbuf_free_bulk(packets + sent, count - sent);
	}
	return (double)(rte_rdtsc() - begin) / BURSTS_A_TURN;
}

static bool open_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	return rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
	       rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool) == 0 &&
	       rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL) == 0 && rte_eth_dev_start(port) == 0;
}

int main(int argc, char **argv)
{
	static double first[TURNS_A_LINE], second[TURNS_A_LINE], difference[TURNS_A_LINE];
	struct rte_mempool *pool;

	if (rte_eal_init(argc, argv) < 0)
		return 1;
	signal(SIGINT, end);
	signal(SIGTERM, end);
	pool = rte_pktmbuf_pool_create("packets", MBUFS, CACHED_MBUFS, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	for (uint16_t port = 0; pool != NULL && port < PORTS; port++)
		if (!open_port(port, pool))
			pool = NULL;
	if (pool == NULL) {
		fprintf(stderr, "pairs: no memory, or fewer than four ports\n");
		return 1;
	}
	while (!ended) {
		for (int i = 0; i < TURNS_A_LINE && !ended; i++) {
			const bool first_now = i % 2 == 0;

			if (first_now)
				first[i] = turn(0, 1);
			second[i] = turn(2, 3);
			if (!first_now)
				first[i] = turn(0, 1);
			difference[i] = first[i] - second[i];
		}
		printf("%.2f %.2f %.2f\n", median(first), median(second), median(difference));
		fflush(stdout);
	}
	return rte_eal_cleanup() == 0 ? 0 : 1;
}
