/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shows native code to the agent as if librte_bpf had made it, and what librte_bpf really makes. Reads one little-endian stream:
 *
 *   u32 programs;      each: u32 instructions, then 8 bytes each
 *   u32 native codes;  each: u32 bytes, then the bytes
 *
 * Writes for each program u32 bytes of native code and the code; then a byte for each native code: 1 when the agent runs
 * it, 2 when it can stand in a loop, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "program.h"
#include "harness-input.h"

#define PAGE 4096

static struct rte_bpf_jit shown;

static int show(const struct rte_bpf *bpf, struct rte_bpf_jit *jit)
{
	(void)bpf;
	*jit = shown;
	return 0;
}

static void compile(void)
{
	uint32_t nb_insns = take32();
	struct ebpf_insn *insns = malloc(nb_insns * sizeof(*insns));
	const struct rte_bpf_prm parameters = {
		.ins = insns,
		.nb_ins = nb_insns,
		.prog_arg = { .type = RTE_BPF_ARG_PTR_MBUF, .size = sizeof(struct rte_mbuf) },
	};
	struct rte_bpf_jit jit = { 0 };
	struct rte_bpf *bpf;
	uint32_t size;

	take(insns, nb_insns * sizeof(*insns));
	bpf = rte_bpf_load(&parameters);
	if (bpf == NULL || rte_bpf_get_jit(bpf, &jit) != 0 || jit.func == NULL) {
		fprintf(stderr, "harness: librte_bpf makes no native code\n");
		exit(1);
	}
	size = (uint32_t)jit.sz;
	fwrite(&size, sizeof(size), 1, stdout);
	fwrite((const void *)(uintptr_t)jit.func, size, 1, stdout);
	rte_bpf_destroy(bpf);
	free(insns);
}

/* The code ends where a page does that nobody may touch. */
static void judge(void)
{
	const struct program_api api = { .get_jit = show };
	uint32_t bytes = take32();
	size_t room = (bytes + PAGE - 1) / PAGE * PAGE;
	uint8_t *area = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *code = area + room - bytes;

	if (area == MAP_FAILED || mprotect(area + room, PAGE, PROT_NONE) != 0)
		exit(1);
	take(code, bytes);
	shown.func = (uint64_t (*)(void *))(uintptr_t)code;
	shown.sz = bytes;
	putchar(program_native(&api, NULL).func != shown.func ? 0 : program_native_body(&shown) == 0 ? 1 : 2);
	munmap(area, room + PAGE);
}

int main(void)
{
	for (uint32_t left = take32(); left > 0; left--)
		compile();
	for (uint32_t left = take32(); left > 0; left--)
		judge();
	return 0;
}
