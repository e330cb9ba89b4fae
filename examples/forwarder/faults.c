/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults to find: see faults.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <hone/dataplane.h>

#include "faults.h"

#define STALLS_PER_SECOND 50
/* What came while nobody polled is kept for so long: more than an adapter keeps, lest a processor that is shared empties the wire. */
#define WIRE_BACKLOG_MS 100
/* Preamble, gap and check sequence. */
#define BYTES_ON_WIRE 24

bool faults_take(struct faults *faults, const char *option, const char *number)
{
	uint32_t *value = strcmp(option, "--work") == 0	   ? &faults->work_cycles
			  : strcmp(option, "--stall") == 0 ? &faults->stall_ms
			  : strcmp(option, "--wire") == 0  ? &faults->wire_mbps
							   : NULL;
	char *end;

	if (value == NULL || number == NULL || *number < '0' || *number > '9')
		return false;
	errno = 0;
	const unsigned long parsed = strtoul(number, &end, 10);
	if (errno != 0 || *end != '\0' || parsed > UINT32_MAX)
		return false;
	*value = (uint32_t)parsed;
	return true;
}

static void spin(uint64_t cycles)
{
	const uint64_t begun = rte_rdtsc();

	while (rte_rdtsc() - begun < cycles)
		rte_pause();
}

void faults_work(const struct faults *faults, uint16_t packets)
{
	if (faults->work_cycles == 0)
		return;
	hone_dataplane_stage_begin("inspect");
	spin((uint64_t)faults->work_cycles * packets);
	hone_dataplane_stage_end("inspect", packets);
}

void faults_stall(struct faults *faults)
{
	if (faults->stall_ms == 0 || rte_rdtsc() < faults->next_stall)
		return;
	faults->next_stall = rte_rdtsc() + rte_get_tsc_hz() / STALLS_PER_SECOND;
	spin(rte_get_tsc_hz() / 1000 * faults->stall_ms);
}

bool faults_wire_has_packets(const struct faults *faults)
{
	return faults->wire_mbps == 0 || rte_rdtsc() >= faults->wire_free;
}

void faults_wire_brought(struct faults *faults, struct rte_mbuf *const *packets, uint16_t count)
{
	const uint64_t backlog = rte_get_tsc_hz() / 1000 * WIRE_BACKLOG_MS;
	uint64_t bytes = 0, now;

	if (faults->wire_mbps == 0)
		return;
	for (uint16_t i = 0; i < count; i++)
		bytes += packets[i]->pkt_len + BYTES_ON_WIRE;
	now = rte_rdtsc();
	if (faults->wire_free + backlog < now)
		faults->wire_free = now - backlog;
	faults->wire_free += bytes * 8 * rte_get_tsc_hz() / (faults->wire_mbps * UINT64_C(1000000));
}
