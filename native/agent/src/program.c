/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

static void load_into_librte_bpf(const struct program_api *api, struct program *program)
{
	struct rte_bpf_prm prm = {
		.ins = (const struct ebpf_insn *)program->insns,
		.nb_ins = program->count,
		.prog_arg = {
			.type = RTE_BPF_ARG_PTR_MBUF,
			.size = sizeof(struct rte_mbuf),
			.buf_size = RTE_MBUF_DEFAULT_BUF_SIZE,
		},
	};
	struct rte_bpf_jit jit = { 0 };

	program->bpf = api->load(&prm);
	if (program->bpf == NULL)
		return;
	if (api->get_jit != NULL && api->get_jit(program->bpf, &jit) == 0 && jit.func != NULL)
		program->jit = jit.func;
	program->exec = api->exec;
}

int program_load(const struct program_api *api, const void *insns, uint32_t count, struct program **out, char *error,
		 size_t error_size)
{
	size_t bytes = count * sizeof(struct program_insn);
	struct program *program = calloc(1, sizeof(*program) + bytes);

	if (program == NULL) {
		snprintf(error, error_size, "no memory for a program of %u instructions", count);
		return -1;
	}
	memcpy(program->insns, insns, bytes);
	program->count = count;
	if (program_check(program->insns, count, error, error_size) != 0) {
		free(program);
		return -1;
	}
	if (api->load != NULL && api->destroy != NULL) {
		load_into_librte_bpf(api, program);
		if (program->bpf == NULL) {
			snprintf(error, error_size, "librte_bpf refuses the program");
			free(program);
			return -1;
		}
	}
	*out = program;
	return 0;
}

void program_free(const struct program_api *api, struct program *program)
{
	if (program->bpf != NULL)
		api->destroy(program->bpf);
	free(program);
}

enum program_engine program_engine(const struct program *program)
{
	if (program->jit != NULL)
		return PROGRAM_JIT;
	return program->exec != NULL ? PROGRAM_RTE_INTERPRETER : PROGRAM_OWN_INTERPRETER;
}

enum program_engine program_engine_of(const struct program_api *api)
{
	/* r6 = r1; r0 = 1; exit */
	static const struct program_insn accept[] = {
		{ .code = 0xbf, .dst = 6, .src = 1 },
		{ .code = 0xb7, .dst = 0, .imm = 1 },
		{ .code = 0x95 },
	};
	enum program_engine engine = PROGRAM_OWN_INTERPRETER;
	struct program *program;
	char error[128];

	if (program_load(api, accept, RTE_DIM(accept), &program, error, sizeof(error)) == 0) {
		engine = program_engine(program);
		program_free(api, program);
	}
	return engine;
}
