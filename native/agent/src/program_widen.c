/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives librte_bpf room to check a program quickly. Its verifier follows every way through a program, and stops where it
 * comes to a jump's target in a state that it has found safe there before. It keeps two such states for each conditional
 * jump of the whole program; when these are used up it remembers nothing more, and five filters like
 * `host A and port B` joined by `or` take it hours. So programs with many tests get conditional jumps that are never
 * reached, whose share of the memory the others can use:
 *
 *   r6 = r1                      as before
 *   r0 = 0
 *   if r0 & 0x10000 goto spare   never
 *   ...                          as before, but for the exit
 *   goto exit
 *   spare: if r0 & 0x10000 goto +0, many times
 *   exit
 *
 * A bit test tells the verifier nothing about r0, so each of them needs one state only. Where the first instruction writes
 * r0, r2 is taken: nothing has written it by then, so nobody reads it.
 */
#include <stdlib.h>
#include <string.h>

#include "program.h"

#define FEW_TESTS 16
#define SPARES_A_TEST 16
#define MAX_SPARES 4096
#define NEVER 0x10000 /* a bit of 0; a constant of more than one byte, see program_check.c */

static bool is_test(const struct ebpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && insn->code != (BPF_JMP | BPF_JA) &&
	       insn->code != (BPF_JMP | EBPF_EXIT);
}

static uint32_t spares_for(const struct ebpf_insn *insns, uint32_t nb_insns)
{
	uint32_t tests = 0;

	for (uint32_t i = 0; i < nb_insns; i++)
		tests += is_test(&insns[i]);
	return tests <= FEW_TESTS ? 0 : RTE_MIN(SPARES_A_TEST * tests, (uint32_t)MAX_SPARES);
}

/* Whether something can be put behind it: it takes one slot and goes on. */
static bool is_simple(const struct ebpf_insn *insn)
{
	return BPF_CLASS(insn->code) != BPF_JMP && BPF_CLASS(insn->code) != BPF_LD;
}

struct ebpf_insn *program_widen(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t *nb_wide)
{
	const uint8_t zero = insns[0].dst_reg == EBPF_REG_0 ? EBPF_REG_2 : EBPF_REG_0;
	const struct ebpf_insn never = { .code = BPF_JMP | BPF_JSET | BPF_K, .dst_reg = zero, .imm = NEVER };
	uint32_t spares = spares_for(insns, nb_insns);
	uint32_t last = nb_insns - 1, at = 0;
	struct ebpf_insn *to;

	if (spares == 0 || !is_simple(&insns[0]) || nb_insns + spares + 3 > INT16_MAX)
		return NULL;
	to = calloc(nb_insns + spares + 3, sizeof(to[0]));
	if (to == NULL)
		return NULL;
	to[at++] = insns[0];
	to[at++] = (struct ebpf_insn){ .code = EBPF_ALU64 | EBPF_MOV | BPF_K, .dst_reg = zero };
	to[at] = never;
	to[at++].off = (int16_t)last; /* over the program, without its first instruction and its exit, and a jump */
	for (uint32_t i = 1; i < last; i++) {
		to[at] = insns[i];
		if (BPF_CLASS(insns[i].code) == BPF_JMP && i + 1 + (uint32_t)insns[i].off == last)
			to[at].off = (int16_t)((uint32_t)insns[i].off + 1 + spares);
		at++;
	}
	to[at++] = (struct ebpf_insn){ .code = BPF_JMP | BPF_JA, .off = (int16_t)spares };
	for (uint32_t i = 0; i < spares; i++)
		to[at++] = never;
	to[at++] = insns[last];
	*nb_wide = at;
	return to;
}
