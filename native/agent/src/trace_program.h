/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs that run on a trace context: checked by our own rules, then run by the fastest engine that the process has:
 * librte_bpf's native code, its interpreter, or ours.
 */
#ifndef HONE_TRACE_PROGRAM_H
#define HONE_TRACE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "program.h"

#define TRACE_NB_HELPERS 4
#define TRACE_HELPER_ARGS 3

/* By number: mapSlot, mapFind, mapDelete, emit of context-layout.ts. They check what they are given. */
extern const program_helper trace_helpers[TRACE_NB_HELPERS];

struct trace_program {
	uint64_t (*jit)(void *context); /* NULL when there is no native code */
	uint64_t (*exec)(const struct rte_bpf *bpf, void *context);
	struct rte_bpf *bpf; /* NULL: our own interpreter */
	struct ebpf_insn *insns;
	size_t jit_bytes; /* of jit's code */
};

/*
 * Whether a program keeps the rules that trace_check.c states for a context of that size. 0, or -1 with a line of text.
 * masks, nb_insns zeros before: for additions to an address what the source register can be masked with and stays as it is.
 */
int trace_check(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t context_bytes, uint32_t *masks, char *error,
		size_t error_size);

/*
 * The same program with these masks put in, in memory that the caller frees: librte_bpf learns from a mask what it does not
 * from a comparison. NULL when there is no memory, or the program gets too long.
 */
struct ebpf_insn *trace_mask(const struct ebpf_insn *insns, uint32_t nb_insns, const uint32_t *masks,
			     uint32_t *nb_masked);

/* Checks and loads instructions, which may be unaligned and are copied. 0, or -1 with a line of text in `error`. */
int trace_program_load(const struct program_api *api, const void *insns, uint32_t nb_insns, uint32_t context_bytes,
		       struct trace_program *program, char *error, size_t error_size);

/* No thread may be running the program. */
void trace_program_unload(const struct program_api *api, struct trace_program *program);

static inline uint64_t trace_program_run(const struct trace_program *program, void *context)
{
	if (likely(program->jit != NULL))
		return program->jit(context);
	if (program->bpf != NULL)
		return program->exec(program->bpf, context);
	return program_interpret(program->insns, context, trace_helpers);
}

/* False of what stands for no program. */
static inline bool trace_program_is(const struct trace_program *program)
{
	return program->insns != NULL;
}

#endif
