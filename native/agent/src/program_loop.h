/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's native code in the middle of a loop over a burst, where a call for each packet would cost more than many programs
 * do: a call and a return, and, as it goes through a pointer, a slow prediction wherever the processor has seen that call go
 * somewhere else before. Made of the code that librte_bpf made, for x86-64; everywhere else, and wherever memory may not be
 * run, there is none and the program is called.
 */
#ifndef HONE_PROGRAM_LOOP_H
#define HONE_PROGRAM_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_bpf.h>

struct program;
struct rte_mbuf;
struct trace_context;

/* In memory of its own; entry 0: there is none. */
struct program_loop {
	uintptr_t entry; /* of the function that the maker names */
	void *memory;
	size_t bytes;
};

/* Runs the program once for each packet, at least one. */
typedef void (*loop_of_packets)(struct trace_context *context, struct rte_mbuf *const *packets, struct rte_mbuf *const *end);

/* What a loop of heads calls for a packet whose bytes do not lie in one piece: puts it into the context and runs the program. */
typedef void (*loop_gather)(struct trace_context *context, const struct rte_mbuf *mbuf, uint32_t packet_bytes,
			    uint64_t (*jit)(void *context));

/*
 * The packets, at least one and at most 256, that the program accepts: into `chosen` in their order, their places into `order`.
 * Gives their number.
 */
typedef uint16_t (*loop_select)(struct rte_mbuf *const *packets, struct rte_mbuf *const *end, struct rte_mbuf **chosen,
				uint8_t *order, const struct program *program);

/* What a selecting loop calls where the program gives PROGRAM_UNDECIDED: the verdict. */
typedef uint64_t (*loop_decide)(const struct program *program, struct rte_mbuf *mbuf);

/* All by the control thread. jit: as program_native() gave it, which stays what it is. */

/* A loop_of_packets for a program that looks at none of them. */
struct program_loop program_loop_counted(const struct rte_bpf_jit *jit);
/*
 * A loop_of_packets, each with its first bytes in the context. packet_bytes: a multiple of 16 up to HONE_MAX_TRACE_PACKET, also 0.
 * with_length: the packet's is in its argument.
 */
struct program_loop program_loop_of_heads(const struct rte_bpf_jit *jit, uint32_t packet_bytes, bool with_length,
					  loop_gather gather);

/* A loop_select. */
struct program_loop program_loop_select(const struct rte_bpf_jit *jit, loop_decide decide);

/* No thread may be running it. */
void program_loop_free(struct program_loop *loop);

#endif
