/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time: TSC ticks made nanoseconds since 1970-01-01 UTC with one multiplication of 128 bits, which cannot
 * overflow. The control thread anchors the conversion to CLOCK_REALTIME ten times a second and steers the
 * rate, so that time does not jump while NTP slews; a step of the system's clock is followed.
 * Readers never wait: anchors alternate between two places and a torn read is tried again.
 */
#ifndef HONE_CLOCK_H
#define HONE_CLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct clock_anchor {
	uint64_t tsc;
	uint64_t ns;
	uint64_t mult; /* nanoseconds a tick, times 2^32 */
};

struct clock {
	_Atomic uint32_t generation; /* the newest anchor is anchors[generation & 1] */
	struct clock_anchor anchors[2];
	uint64_t first_tsc; /* the long base that the rate is measured over */
	uint64_t first_mono;
	uint64_t tsc_hz;
};

static inline uint64_t clock_convert(const struct clock_anchor *anchor, uint64_t tsc)
{
	__int128 ticks = (int64_t)(tsc - anchor->tsc);

	return anchor->ns + (uint64_t)(int64_t)((ticks * (__int128)anchor->mult) >> 32);
}

static inline uint64_t clock_ns(struct clock *clock, uint64_t tsc)
{
	uint32_t generation, again;
	struct clock_anchor anchor;

	do {
		generation = atomic_load_explicit(&clock->generation, memory_order_acquire);
		anchor = clock->anchors[generation & 1];
		atomic_thread_fence(memory_order_acquire);
		again = atomic_load_explicit(&clock->generation, memory_order_relaxed);
	} while (__builtin_expect(again != generation, 0));
	return clock_convert(&anchor, tsc);
}

/* Control thread: makes an anchor the newest. */
void clock_publish(struct clock *clock, const struct clock_anchor *anchor);

/* Control thread: the first reading, as early as possible: the rate is measured from here. */
void clock_open(struct clock *clock);

/* Control thread: the first anchor, before anyone reads. tsc_hz serves until the rate is measured. */
void clock_start(struct clock *clock, uint64_t tsc_hz);

/* Control thread: a new anchor, ten times a second while anyone reads. */
void clock_update(struct clock *clock);

#endif
