/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults to find: the forwarder has them when it is asked to, after "--" on its command line. `hone report` names each.
 *
 *	--work CYCLES	a stage "inspect" takes so many cycles of the TSC for each packet: the lcore has no time left
 *			(slow-stage, lcore-saturated; adapter-drops where the adapter drops what waits too long)
 *	--stall MS	the lcore does something else for so long, fifty times a second (poll-gaps)
 *	--wire MBPS	ports are polled no oftener than a wire of so many Mbit/s would bring the packets: a virtual
 *			device that always has packets becomes a link that is full or, with less, one with room (link-full)
 */
#ifndef FORWARDER_FAULTS_H
#define FORWARDER_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

struct rte_mbuf;

/* Of an lcore; zero: none. */
struct faults {
	uint32_t work_cycles;
	uint32_t stall_ms;
	uint32_t wire_mbps;
	/* Points in time of the TSC. */
	uint64_t next_stall, wire_free;
};

/* Takes one option and its number; false when it is none of these. */
bool faults_take(struct faults *faults, const char *option, const char *number);

/* Takes its time for the packets, as a stage of its own. */
void faults_work(const struct faults *faults, uint16_t packets);

/* To be called between polls: stays away now and then. */
void faults_stall(struct faults *faults);

/* Whether the wire would have brought anything by now. */
bool faults_wire_has_packets(const struct faults *faults);

/* The wire was busy with these. */
void faults_wire_brought(struct faults *faults, struct rte_mbuf *const *packets, uint16_t count);

#endif
