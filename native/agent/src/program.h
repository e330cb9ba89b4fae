/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Filter programs: eBPF (RFC 9669) with the legacy packet loads, an mbuf as context, checked by rules of our own and
 * run by the best engine that the process has. librte_bpf's verifier is no boundary (22.11 accepts stores into an
 * mbuf), so what it gets has passed the check below first: such a program ends, reads the mbuf's listed fields and the
 * packet, writes its own stack, and nothing else.
 */
#ifndef HONE_PROGRAM_H
#define HONE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_bpf.h>
#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

/* librte_bpf's functions; any may be NULL. */
struct program_api {
	struct rte_bpf *(*load)(const struct rte_bpf_prm *prm);
	void (*destroy)(struct rte_bpf *bpf);
	int (*get_jit)(const struct rte_bpf *bpf, struct rte_bpf_jit *jit);
	uint64_t (*exec)(const struct rte_bpf *bpf, void *ctx);
};

enum program_engine {
	PROGRAM_JIT,
	PROGRAM_RTE_INTERPRETER,
	PROGRAM_OWN_INTERPRETER,
};

/* One instruction, as RFC 9669 section 3 lays it out, little-endian. */
struct program_insn {
	uint8_t code;
	uint8_t dst : 4;
	uint8_t src : 4;
	int16_t off;
	int32_t imm;
};

struct program {
	uint64_t (*jit)(void *ctx);
	uint64_t (*exec)(const struct rte_bpf *bpf, void *ctx);
	struct rte_bpf *bpf;
	uint32_t count;
	struct program_insn insns[];
};

/* 0, or -1 with one line in `error`: which instruction, and why. */
int program_check(const struct program_insn *insns, uint32_t count, char *error, size_t error_size);

/* Checks, copies and loads. 0, or -1 with one line in `error`. */
int program_load(const struct program_api *api, const void *insns, uint32_t count, struct program **out, char *error,
		 size_t error_size);
void program_free(const struct program_api *api, struct program *program);

enum program_engine program_engine(const struct program *program);

/* What programs will run on, found by loading a small one. */
enum program_engine program_engine_of(const struct program_api *api);

/* Our own interpreter: for processes without librte_bpf. */
uint64_t program_interpret(const struct program *program, const struct rte_mbuf *mbuf);

/* Non-zero: the packet matches. */
static inline uint64_t program_run(const struct program *program, struct rte_mbuf *mbuf)
{
	if (likely(program->jit != NULL))
		return program->jit(mbuf);
	if (program->exec != NULL)
		return program->exec(program->bpf, mbuf);
	return program_interpret(program, mbuf);
}

#endif
