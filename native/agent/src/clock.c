/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include <rte_cycles.h>

#include "clock.h"

#define STEP_NS 1000000 /* an error beyond this is a step of the system's clock, not drift */

struct sample {
	uint64_t tsc;
	uint64_t real;
	uint64_t mono;
};

static uint64_t now_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* The tightest of a few: a sample that was interrupted between its readings is a late one. */
static struct sample take_sample(void)
{
	struct sample best = { 0 };
	uint64_t best_width = UINT64_MAX;

	for (int i = 0; i < 8; i++) {
		uint64_t before = rte_rdtsc_precise();
		uint64_t real = now_ns(CLOCK_REALTIME);
		uint64_t after = rte_rdtsc_precise();
		uint64_t mono = now_ns(CLOCK_MONOTONIC);
		uint64_t end = rte_rdtsc_precise();

		if (end - before >= best_width)
			continue;
		best_width = end - before;
		best.tsc = before + (after - before) / 2;
		best.real = real;
		best.mono = mono;
	}
	return best;
}

void clock_publish(struct clock *clock, const struct clock_anchor *anchor)
{
	uint32_t generation = atomic_load_explicit(&clock->generation, memory_order_relaxed) + 1;

	clock->anchors[generation & 1] = *anchor;
	atomic_store_explicit(&clock->generation, generation, memory_order_release);
}

/* Nanoseconds a tick times 2^32: measured once the base is long enough, DPDK's figure before. */
static double rate(const struct clock *clock, const struct sample *now)
{
	uint64_t mono = now->mono - clock->first_mono;

	if (mono < NS_PER_S / 20)
		return (double)NS_PER_S / (double)clock->tsc_hz * 4294967296.0;
	return (double)mono / (double)(now->tsc - clock->first_tsc) * 4294967296.0;
}

void clock_open(struct clock *clock)
{
	struct sample now = take_sample();

	clock->first_tsc = now.tsc;
	clock->first_mono = now.mono;
}

void clock_start(struct clock *clock, uint64_t tsc_hz)
{
	struct sample now = take_sample();
	struct clock_anchor anchor = { .tsc = now.tsc, .ns = now.real };

	clock->tsc_hz = tsc_hz;
	anchor.mult = (uint64_t)rate(clock, &now);
	clock_publish(clock, &anchor);
}

void clock_update(struct clock *clock)
{
	uint32_t generation = atomic_load_explicit(&clock->generation, memory_order_relaxed);
	const struct clock_anchor *old = &clock->anchors[generation & 1];
	struct sample now = take_sample();
	struct clock_anchor anchor = { .tsc = now.tsc, .ns = clock_convert(old, now.tsc) };
	int64_t error_ns = (int64_t)(now.real - anchor.ns);
	double mult = rate(clock, &now);

	if (error_ns > STEP_NS || error_ns < -STEP_NS)
		anchor.ns = now.real;
	else
		mult *= 1.0 + (double)error_ns / (double)NS_PER_S;
	anchor.mult = (uint64_t)mult;
	clock_publish(clock, &anchor);
}
