/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loads trace programs as the agent does and runs those that it takes by all engines, on a context between pages that nobody may
 * touch. Reads a little-endian stream: u32 bytes of the context, a multiple of 4096; u32 programs; each: u32 instructions, then
 * 8 bytes each. Writes a line for each: "ok" or the refusal. What only librte_bpf refuses is run by the agent's interpreter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_errno.h>

#include "trace_program.h"
#include "harness-input.h"

#define PAGE 4096
#define RUNS 16

static uint64_t random_state = 88172645463325252ull;
static uint64_t context_address;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

#if defined(__x86_64__)
__attribute__((force_align_arg_pointer))
#endif
static uint64_t helper(uint64_t context, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (context != context_address)
		abort();
	return next_random();
}

const program_helper trace_helpers[TRACE_NB_HELPERS] = { helper, helper, helper, helper };

/* Small, large and boundary numbers, as indices may be. */
static void fill(uint8_t *context, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 8) {
		uint64_t value = next_random();

		value = (value & 3) == 0 ? value : (value & 3) == 1 ? value >> (value >> 58) : UINT64_MAX << (value >> 58);
		memcpy(context + i, &value, sizeof(value));
	}
}

static void run(const struct trace_program *program, uint8_t *context, uint32_t bytes)
{
	for (int i = 0; i < RUNS; i++) {
		fill(context, bytes);
		trace_program_run(program, context);
		if (program->bpf != NULL)
			program->exec(program->bpf, context);
	}
}

/* 0 when it was taken and has run. */
static int load_and_run(const struct program_api *api, const uint8_t *insns, uint32_t nb_insns, uint8_t *context,
			uint32_t bytes, char *error, size_t error_size)
{
	struct trace_program program;

	if (trace_program_load(api, insns, nb_insns, bytes, &program, error, error_size) != 0)
		return -1;
	run(&program, context, bytes);
	trace_program_unload(api, &program);
	return 0;
}

static const int *last_error(void)
{
	return &rte_errno;
}

int main(void)
{
	const struct program_api api = {
		.load = rte_bpf_load, .destroy = rte_bpf_destroy, .get_jit = rte_bpf_get_jit, .exec = rte_bpf_exec,
		.error = last_error
	};
	const struct program_api none = { 0 };
	uint32_t bytes = take32();
	uint32_t programs = take32();
	uint8_t *area = mmap(NULL, bytes + 2 * (size_t)PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *context = area + PAGE;

	if (area == MAP_FAILED || mprotect(context, bytes, PROT_READ | PROT_WRITE) != 0)
		return 1;
	context_address = (uint64_t)(uintptr_t)context;
	for (uint32_t i = 0; i < programs; i++) {
		uint32_t nb_insns = take32();
		uint8_t *insns = malloc(nb_insns * 8 + 1);
		char error[256] = "ok";

		take(insns, nb_insns * 8);
		if (load_and_run(&none, insns, nb_insns, context, bytes, error, sizeof(error)) == 0)
			load_and_run(&api, insns, nb_insns, context, bytes, error, sizeof(error));
		puts(error);
		free(insns);
	}
	return 0;
}
