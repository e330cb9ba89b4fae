/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_form.h"

/* buf_size is how far behind buf_addr librte_bpf lets a program load. */
static struct rte_bpf *load(const struct program_api *api, const struct ebpf_insn *insns, uint32_t nb_insns,
			    size_t buf_size)
{
	uint32_t nb_wide = nb_insns;
	struct ebpf_insn *wide = program_widen(insns, nb_insns, &nb_wide);
	struct rte_bpf *bpf;
	const struct rte_bpf_prm prm = {
		.ins = wide != NULL ? wide : insns,
		.nb_ins = nb_wide,
		.prog_arg = {
			.type = RTE_BPF_ARG_PTR_MBUF,
			.size = sizeof(struct rte_mbuf),
			.buf_size = buf_size,
		},
	};

	bpf = api->load(&prm); /* which keeps a copy of the instructions */
	free(wide);
	return bpf;
}

/* Nothing is lost when there is no direct form, or librte_bpf does not take it: the original does the same. */
static struct rte_bpf_jit load_direct(const struct program_api *api, struct program *program)
{
	struct rte_bpf_jit direct = { 0 };
	uint32_t nb_insns;
	struct ebpf_insn *insns = program_direct(program->insns, program->nb_insns, &nb_insns);

	if (insns == NULL)
		return direct;
	/* A load is compared with data_len first, so librte_bpf's bound need only be beyond all of them. */
	program->bpf_direct = load(api, insns, nb_insns, 2 * (UINT16_MAX + 1));
	free(insns);
	if (program->bpf_direct != NULL)
		direct = program_native(api, program->bpf_direct);
	return direct;
}

static void load_native(const struct program_api *api, struct program *program)
{
	const struct rte_bpf_jit original = program_native(api, program->bpf);
	struct rte_bpf_jit quick;

	if (original.func == NULL)
		return;
	quick = load_direct(api, program);
	if (quick.func == NULL)
		quick = original;
	program->jit = original.func;
	program->quick = quick.func;
	program->loop = program_loop_select(&quick, program_run);
}

int program_load(const struct program_api *api, const void *insns, uint32_t nb_insns, struct program **out,
		 char *error, size_t error_size)
{
	struct program *program;

	if (nb_insns > PROGRAM_MAX_INSNS)
		return program_check(insns, nb_insns, error, error_size);
	program = calloc(1, sizeof(*program) + nb_insns * sizeof(program->insns[0]));
	if (program == NULL) {
		snprintf(error, error_size, "no memory for a program of %u instructions", nb_insns);
		return -1;
	}
	memcpy(program->insns, insns, nb_insns * sizeof(program->insns[0]));
	program->nb_insns = nb_insns;
	if (program_check(program->insns, nb_insns, error, error_size) != 0) {
		free(program);
		return -1;
	}
	if (api->load != NULL && api->destroy != NULL) {
		program->bpf = load(api, program->insns, nb_insns, RTE_MBUF_DEFAULT_BUF_SIZE);
		if (program->bpf == NULL) {
			const struct program_text text = {
				.nb_insns = nb_insns, .error = error, .error_size = error_size
			};

			free(program);
			program_refuse_of_library(&text, api);
			return -1;
		}
		program->exec = api->exec;
		load_native(api, program);
		if (program->jit == NULL && program->exec == NULL) {
			api->destroy(program->bpf);
			program->bpf = NULL;
		}
	}
	*out = program;
	return 0;
}

void program_free(const struct program_api *api, struct program *program)
{
	if (program == NULL)
		return;
	program_loop_free(&program->loop);
	if (program->bpf_direct != NULL)
		api->destroy(program->bpf_direct);
	if (program->bpf != NULL)
		api->destroy(program->bpf);
	free(program);
}

enum program_engine program_engine(const struct program *program)
{
	if (program->jit != NULL)
		return PROGRAM_JIT;
	return program->bpf != NULL ? PROGRAM_RTE_INTERPRETER : PROGRAM_OWN_INTERPRETER;
}

enum program_engine program_engine_of(const struct program_api *api)
{
	static const struct ebpf_insn accept[] = {
		{ .code = EBPF_ALU64 | EBPF_MOV | BPF_X, .dst_reg = EBPF_REG_6, .src_reg = EBPF_REG_1 },
		{ .code = BPF_ALU | EBPF_MOV | BPF_K, .dst_reg = EBPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | EBPF_EXIT },
	};
	enum program_engine engine = PROGRAM_OWN_INTERPRETER;
	struct program *program;
	char error[128];

	if (program_load(api, accept, RTE_DIM(accept), &program, error, sizeof(error)) != 0)
		return engine;
	engine = program_engine(program);
	program_free(api, program);
	return engine;
}
