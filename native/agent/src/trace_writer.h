/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory of one writer of a trace (see hone/abi.h): both banks of its context mapped with the state behind each, so
 * that a program finds one flat memory whichever bank it works on. In front of each bank stands a page of the
 * agent's own, by which helpers come from the context to the writer: the host sees and changes all but that.
 */
#ifndef HONE_TRACE_WRITER_H
#define HONE_TRACE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include <rte_branch_prediction.h>

#include "record_ring.h"
#include "ring.h"

/* The order of arguments is that of src/tracepoints/dpdk-points.ts. */
enum burst_argument { PORT, QUEUE, NB_PACKETS, MAX_PACKETS, FIRST_PACKET_ID, NB_BURST_ARGUMENTS };
enum packet_argument {
	LEN = 2,
	DATA_LEN,
	NB_SEGS,
	HASH,
	OL_FLAGS,
	MARK,
	PACKET_TYPE,
	VLAN_TCI,
	VLAN_TCI_OUTER,
	INDEX,
	PACKET_ID,
	MBUF,
	NB_PACKET_ARGUMENTS,
};
static_assert(NB_PACKET_ARGUMENTS <= HONE_MAX_TRACE_ARGS, "arguments");

/* What programs find where: src/bpf/context/context-layout.ts. */
struct trace_context {
	uint64_t time_ns;
	uint32_t tid;
	uint32_t lcore;
	uint32_t pid;
	uint32_t packet_bytes;
	uint64_t reserved0;
	uint64_t args[HONE_MAX_TRACE_ARGS];
	char comm[16];
	uint8_t reserved1[16];
	uint8_t packet[HONE_MAX_TRACE_PACKET];
	uint8_t scratch[1600];
};

static_assert(offsetof(struct trace_context, args) == 32, "trace_context.args");
static_assert(offsetof(struct trace_context, comm) == 160, "trace_context.comm");
static_assert(offsetof(struct trace_context, packet) == 192, "trace_context.packet");
static_assert(sizeof(struct trace_context) == 2048, "trace_context");

/* How large contexts are and what is in them: of a whole session. */
struct trace_shape {
	uint32_t context_bytes;
	uint32_t state_offset;
	uint32_t ring_bytes;
	bool records; /* rings are of records */
	uint64_t hash_keys[2];
	uint32_t nb_maps;
	struct trace_map {
		struct hone_trace_map wanted;
		uint32_t stride;
		uint32_t value_at;
		uint32_t key_words; /* of 64 bits */
	} maps[HONE_MAX_TRACE_MAPS];
};

struct trace_writer {
	struct hone_trace_writer *shared;
	struct trace_context *banks[2];
	struct ring *ring; /* NULL: no program emits */
	struct record_ring *records; /* NULL: nothing is recorded */
	uint8_t calls[HONE_MAX_TRACE_ATTACHMENTS]; /* which of them are timed */
	const struct trace_shape *shape;
	size_t mapped;
	uint32_t number;
	int fd;
} __rte_cache_aligned;

/* NULL with errno. */
struct trace_writer *trace_writer_open(const struct trace_shape *shape, uint32_t number);
void trace_writer_close(struct trace_writer *writer);

/* Bytes of shared memory that one takes, its ring included. */
uint64_t trace_writer_bytes(const struct trace_shape *shape);

/* Whose context it is. */
static inline struct trace_writer *trace_writer_of(const struct trace_context *context)
{
	return ((struct trace_writer *const *)context)[-1];
}

#endif
