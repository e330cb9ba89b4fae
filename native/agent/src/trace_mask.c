/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "trace_program.h"

static bool is_jump(const struct ebpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != EBPF_CALL && BPF_OP(insn->code) != EBPF_EXIT;
}

/* Where each instruction stands, or the mask before it; and how long all is. */
static uint32_t place(const uint32_t *masks, uint32_t nb_insns, uint32_t *place_of)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < nb_insns; i++) {
		place_of[i] = at;
		at += masks[i] != 0 ? 2 : 1;
	}
	return at;
}

static bool copy(const struct ebpf_insn *insns, uint32_t nb_insns, const uint32_t *masks, const uint32_t *place_of,
		 struct ebpf_insn *to)
{
	for (uint32_t i = 0; i < nb_insns; i++) {
		struct ebpf_insn *insn = &to[place_of[i]];
		uint32_t distance;

		if (masks[i] != 0)
			*insn++ = (struct ebpf_insn){ .code = EBPF_ALU64 | BPF_AND | BPF_K,
						      .dst_reg = insns[i].src_reg,
						      .imm = (int32_t)masks[i] };
		*insn = insns[i];
		if (!is_jump(insn))
			continue;
		distance = place_of[i + 1 + (uint32_t)insn->off] - place_of[i] - 1;
		if (distance > INT16_MAX)
			return false;
		insn->off = (int16_t)distance;
	}
	return true;
}

struct ebpf_insn *trace_mask(const struct ebpf_insn *insns, uint32_t nb_insns, const uint32_t *masks,
			     uint32_t *nb_masked)
{
	uint32_t *place_of = malloc(nb_insns * sizeof(place_of[0]));
	struct ebpf_insn *to = calloc(2 * (size_t)nb_insns, sizeof(to[0]));

	if (place_of != NULL && to != NULL) {
		*nb_masked = place(masks, nb_insns, place_of);
		if (copy(insns, nb_insns, masks, place_of, to)) {
			free(place_of);
			return to;
		}
	}
	free(place_of);
	free(to);
	return NULL;
}
