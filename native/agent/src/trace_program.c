/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_form.h"
#include "trace_program.h"

static void describe_helpers(struct rte_bpf_xsym symbols[TRACE_NB_HELPERS], uint32_t context_bytes)
{
	static const char *const names[TRACE_NB_HELPERS] = { "map_slot", "map_find", "map_delete", "emit" };

	memset(symbols, 0, TRACE_NB_HELPERS * sizeof(symbols[0]));
	for (uint32_t i = 0; i < TRACE_NB_HELPERS; i++) {
		symbols[i].name = names[i];
		symbols[i].type = RTE_BPF_XTYPE_FUNC;
		symbols[i].func.val = trace_helpers[i];
		symbols[i].func.nb_args = TRACE_HELPER_ARGS;
		symbols[i].func.args[0] = (struct rte_bpf_arg){ .type = RTE_BPF_ARG_PTR, .size = context_bytes };
		symbols[i].func.args[1] = (struct rte_bpf_arg){ .type = RTE_BPF_ARG_RAW, .size = sizeof(uint64_t) };
		symbols[i].func.args[2] = symbols[i].func.args[1];
		symbols[i].func.ret = symbols[i].func.args[1];
	}
}

static struct rte_bpf *load_wide(const struct program_api *api, const struct ebpf_insn *insns, uint32_t nb_insns,
				 uint32_t context_bytes)
{
	struct rte_bpf_xsym symbols[TRACE_NB_HELPERS];
	uint32_t nb_wide = nb_insns;
	struct ebpf_insn *wide = program_widen(insns, nb_insns, &nb_wide);
	const struct rte_bpf_prm prm = {
		.ins = wide != NULL ? wide : insns,
		.nb_ins = nb_wide,
		.xsym = symbols,
		.nb_xsym = TRACE_NB_HELPERS,
		/* A mask is less than twice the bound that we know of. */
		.prog_arg = { .type = RTE_BPF_ARG_PTR, .size = 2 * (size_t)context_bytes },
	};
	struct rte_bpf *bpf;

	describe_helpers(symbols, context_bytes);
	bpf = api->load(&prm); /* which keeps copies */
	free(wide);
	return bpf;
}

static int load(const struct program_api *api, struct trace_program *program, const struct program_text *text,
		const uint32_t *masks, uint32_t context_bytes)
{
	struct rte_bpf_jit native;
	uint32_t nb_masked;
	struct ebpf_insn *masked = trace_mask(text->insns, text->nb_insns, masks, &nb_masked);

	if (masked == NULL) {
		snprintf(text->error, text->error_size, "no memory for a program of %u instructions", text->nb_insns);
		return -1;
	}
	program->bpf = load_wide(api, masked, nb_masked, context_bytes);
	free(masked);
	if (program->bpf == NULL)
		return program_refuse_of_library(text, api);
	native = program_native(api, program->bpf);
	program->jit = native.func;
	program->jit_bytes = native.sz;
	program->exec = api->exec;
	if (program->jit == NULL && program->exec == NULL) {
		api->destroy(program->bpf);
		program->bpf = NULL;
	}
	return 0;
}

static int check_and_load(const struct program_api *api, struct trace_program *program, const struct program_text *text,
			  uint32_t *masks, uint32_t context_bytes)
{
	if (trace_check(text->insns, text->nb_insns, context_bytes, masks, text->error, text->error_size) != 0)
		return -1;
	if (api->load == NULL || api->destroy == NULL)
		return 0;
	return load(api, program, text, masks, context_bytes);
}

int trace_program_load(const struct program_api *api, const void *insns, uint32_t nb_insns, uint32_t context_bytes,
		       struct trace_program *program, char *error, size_t error_size)
{
	struct ebpf_insn *copy = malloc(nb_insns * sizeof(copy[0]));
	const struct program_text text = {
		.insns = copy, .nb_insns = nb_insns, .error = error, .error_size = error_size
	};
	uint32_t *masks = calloc(nb_insns, sizeof(masks[0]));
	int result = -1;

	*program = (struct trace_program){ .insns = copy };
	if (copy == NULL || masks == NULL) {
		snprintf(error, error_size, "no memory for a program of %u instructions", nb_insns);
	} else {
		memcpy(copy, insns, nb_insns * sizeof(copy[0]));
		result = check_and_load(api, program, &text, masks, context_bytes);
	}
	free(masks);
	if (result != 0)
		trace_program_unload(api, program);
	return result;
}

void trace_program_unload(const struct program_api *api, struct trace_program *program)
{
	if (program->bpf != NULL)
		api->destroy(program->bpf);
	free(program->insns);
	*program = (struct trace_program){ 0 };
}
