/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an event of three integers costs the thread that passes it: a DPDK application of which one thread does nothing else. For each
 * line that it reads it makes EVENTS of them, and as many turns of the same loop without, and prints the difference in ns
 * an event. With -DWITH_LTTNG the events are LTTng-UST's, else those of hone/trace.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>

#ifdef WITH_LTTNG
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "record-event-lttng.h"
#define EVENT(a, b, c) lttng_ust_tracepoint(bench, event, a, b, c)
#else
#include <hone/trace.h>
#define EVENT(a, b, c) HONE_TRACE(bench, event, a, b, c)
#endif

#define EVENTS 100000

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* What the compiler cannot take out of a loop. */
#define WORK(value) __asm__ __volatile__("" : "+r"(value))

static __attribute__((noinline)) double without_event(uint16_t port, uint32_t length)
{
	double begin = now_ns();

	for (uint32_t i = 0; i < EVENTS; i++) {
		WORK(length);
		WORK(port);
	}
	return now_ns() - begin;
}

static __attribute__((noinline)) double with_event(uint16_t port, uint32_t length)
{
	double begin = now_ns();

	for (uint32_t i = 0; i < EVENTS; i++) {
		WORK(length);
		WORK(port);
		EVENT(port, length, i);
	}
	return now_ns() - begin;
}

int main(int argc, char **argv)
{
	char line[64];

	/* The agent wants an application with ports' functions: what nothing calls is not linked. */
	if (rte_eal_init(argc, argv) < 0 || rte_eth_dev_count_avail() != 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", (int)getpid());
	while (fgets(line, sizeof(line), stdin) != NULL) {
		double without = without_event(1, 64);

		printf("%.3f\n", (with_event(1, 64) - without) / EVENTS);
	}
	return 0;
}
