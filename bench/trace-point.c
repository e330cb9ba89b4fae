/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a trace point of hone/dataplane.h costs when nobody listens: a loop with eight of them in a row and the same without,
 * in turns: a single one is hidden behind the loop itself. Prints the difference in ns a point, the median of all turns. Compiled
 * as it is, with -DHONE_TRACE_LTTNG and with -DHONE_TRACE_NONE.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <hone/dataplane.h>

#define LOOPS 20000000
#define TURNS 11
#define POINTS 8

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One addition, which the compiler cannot take out of the loop. */
#define WORK(value) \
	do { \
		(value) += 3; \
		__asm__ __volatile__("" : "+r"(value)); \
	} while (0)

static __attribute__((noinline)) double without_point(uint64_t value)
{
	double begin = now_ns();

	for (uint32_t i = 0; i < LOOPS; i++)
		WORK(value);
	return (now_ns() - begin) / LOOPS;
}

static __attribute__((noinline)) double with_point(uint64_t value, const char *stage)
{
	double begin = now_ns();

	for (uint32_t i = 0; i < LOOPS; i++) {
		WORK(value);
		hone_dataplane_stage_end(stage, i);
		hone_dataplane_drop((uint16_t)i, 0, HONE_DATAPLANE_DROP_REASON_TTL, (uint32_t)value);
		hone_dataplane_rx_poll((uint16_t)i, 0, (uint16_t)value, 32);
		hone_dataplane_rx_burst((uint16_t)i, 0, (uint16_t)value, 32);
		hone_dataplane_tx_burst((uint16_t)i, 0, (uint16_t)value, 32);
		hone_dataplane_lcore_idle(i);
		hone_dataplane_lcore_busy(i);
		hone_dataplane_ring_level(stage, i, 64);
	}
	return (now_ns() - begin) / LOOPS;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	double differences[TURNS];

	for (int turn = 0; turn < TURNS; turn++) {
		double without = without_point((uint64_t)turn);

		differences[turn] = (with_point((uint64_t)turn, "bench") - without) / POINTS;
	}
	qsort(differences, TURNS, sizeof(differences[0]), by_size);
	printf("%.3f\n", differences[TURNS / 2]);
	return 0;
}
