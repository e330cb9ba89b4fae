/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs that look at one mbuf and give a verdict: checked by our own rules, then run by the fastest engine
 * that the process has. Nothing of DPDK is linked to: librte_bpf is reached through function pointers that may be
 * NULL.
 */
#ifndef HONE_PROGRAM_H
#define HONE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_bpf.h>
#include <rte_mbuf.h>

#include "program_loop.h"

#define PROGRAM_MAX_INSNS 4096

/* What dlsym found of librte_bpf. */
struct program_api {
	struct rte_bpf *(*load)(const struct rte_bpf_prm *prm);
	void (*destroy)(struct rte_bpf *bpf);
	int (*get_jit)(const struct rte_bpf *bpf, struct rte_bpf_jit *jit);
	uint64_t (*exec)(const struct rte_bpf *bpf, void *context);
	const int *(*error)(void); /* where the calling thread's rte_errno is; gives NULL when that is not known */
};

enum program_engine {
	PROGRAM_JIT,
	PROGRAM_RTE_INTERPRETER,
	PROGRAM_OWN_INTERPRETER,
};

/* What the direct form of a program gives when it takes the original to tell. */
#define PROGRAM_UNDECIDED UINT64_MAX

struct program {
	uint64_t (*jit)(void *mbuf);   /* NULL when there is no native code */
	uint64_t (*quick)(void *mbuf); /* the same, or that of program_direct()'s program */
	struct program_loop loop;      /* of `quick`: a loop_select */
	uint64_t (*exec)(const struct rte_bpf *bpf, void *mbuf);
	struct rte_bpf *bpf; /* NULL: our own interpreter */
	struct rte_bpf *bpf_direct;
	uint32_t nb_insns;
	struct ebpf_insn insns[];
};

/*
 * Checks and loads `nb_insns` instructions of 8 bytes at `insns`, which may be unaligned and are copied. Returns 0, or
 * -1 with a line of text in `error`. Never call it on a data path: it allocates.
 */
int program_load(const struct program_api *api, const void *insns, uint32_t nb_insns, struct program **out,
		 char *error, size_t error_size);

/* NULL is allowed. No thread may be running the program. */
void program_free(const struct program_api *api, struct program *program);

enum program_engine program_engine(const struct program *program);

/* What programs will run on; loads a trivial one to see. */
enum program_engine program_engine_of(const struct program_api *api);

/* Whether a program keeps the rules that program_check.c states. 0, or -1 with a line of text. */
int program_check(const struct ebpf_insn *insns, uint32_t nb_insns, char *error, size_t error_size);

/*
 * For programs that passed program_check() only: one that loads from the first segment directly, in memory that the
 * caller frees. NULL when there is no such program, no need for one, or no memory.
 */
struct ebpf_insn *program_direct(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t *nb_direct);

/*
 * The same program with room for librte_bpf to check it in a moment, in memory that the caller frees. For what jumps
 * forward and has its one exit at its end. NULL when it is short enough as it is, too long, or there is no memory.
 */
struct ebpf_insn *program_widen(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t *nb_wide);

/* What librte_bpf's JIT made of a loaded program; no function: nothing, or nothing that may be run (program_targets.c). */
struct rte_bpf_jit program_native(const struct program_api *api, const struct rte_bpf *bpf);

/*
 * Of native code that may be run: how many bytes stand in front of its return, if that is its last instruction and its only way
 * out, and the rest runs wherever it is copied to; otherwise 0.
 */
size_t program_native_body(const struct rte_bpf_jit *jit);

/* What a program calls by its number, with r1 to r5. */
typedef uint64_t (*program_helper)(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/*
 * Runs a program that passed program_check() on an mbuf, or one that passed trace_check() on a context of the size that it was
 * checked for. Only the latter call helpers.
 */
uint64_t program_interpret(const struct ebpf_insn *insns, void *argument, const program_helper *helpers);

/* The verdict on a packet: 0 rejects it. Any number of threads at once. `quick`, where there is one, is asked first. */
static inline uint64_t program_run(const struct program *program, struct rte_mbuf *mbuf)
{
	if (likely(program->jit != NULL))
		return program->jit(mbuf);
	if (program->bpf != NULL)
		return program->exec(program->bpf, mbuf);
	return program_interpret(program->insns, mbuf, NULL);
}

#endif
