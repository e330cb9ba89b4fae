/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rewrites a checked program so that it loads from the packet's first segment directly. librte_bpf's code for LD_ABS
 * and LD_IND has a call in it, for packets of several segments, and keeps registers and a stack frame for that call in
 * every program; without it a program costs little more than its call. A load that would leave the first segment
 * ends the rewritten program with PROGRAM_UNDECIDED: then the original is run.
 *
 * What was checked stays true: a load comes after a comparison of its end with data_len, and everything else is copied
 * with other register numbers. Registers that a function may change come first, as the others would be saved and
 * restored.
 */
#include <stdlib.h>

#include "program.h"

#define NB_REGISTERS 10 /* r0 to r9; r10 is the stack and stays */

/* Loads up to here, an IPv4 header behind Ethernet, are checked at once: nearly every frame is as long. */
#define CHECKED_AT_ONCE 34

/* An offset that no jump forward in a program of PROGRAM_MAX_INSNS has. */
#define TO_UNDECIDED INT16_MIN

/* The most instructions that one becomes, and that are put around all. */
#define MAX_OF_ONE 9
#define MAX_AROUND 8

enum {
	VERDICT = EBPF_REG_0,
	ARGUMENT = EBPF_REG_1,
	CONTEXT = EBPF_REG_6, /* in the original */
};

struct rewriter {
	const struct ebpf_insn *from;
	uint32_t nb_from;
	struct ebpf_insn *to;
	uint32_t nb_to;
	uint32_t *place_of;	   /* where each original instruction begins in `to` */
	uint32_t gap;		   /* the original instruction that the way out for TO_UNDECIDED comes after */
	uint32_t undecided;	   /* that way out, and the jump at its end */
	uint32_t leave;
	uint8_t renamed[EBPF_REG_NUM];
	uint8_t packet, length, index; /* registers of our own: the data, its length, within one load */
};

static uint32_t size_of(const struct ebpf_insn *insn)
{
	return BPF_SIZE(insn->code) == BPF_B ? 1 : BPF_SIZE(insn->code) == BPF_H ? 2 : 4;
}

static void put(struct rewriter *rewriter, struct ebpf_insn insn)
{
	rewriter->to[rewriter->nb_to++] = insn;
}

/* A jump to where PROGRAM_UNDECIDED is returned, when the packet is shorter than `bytes`. */
static void put_length_check(struct rewriter *rewriter, uint32_t bytes)
{
	put(rewriter, (struct ebpf_insn){ .code = BPF_JMP | EBPF_JLT | BPF_K, .dst_reg = rewriter->length,
					  .off = TO_UNDECIDED, .imm = (int32_t)bytes });
}

static void put_byte_order(struct rewriter *rewriter, uint32_t bytes)
{
	if (bytes > 1)
		put(rewriter, (struct ebpf_insn){ .code = BPF_ALU | EBPF_END | EBPF_TO_BE, .dst_reg = VERDICT,
						  .imm = (int32_t)(8 * bytes) });
}

static void put_load(struct rewriter *rewriter, uint8_t size, uint8_t to, uint8_t base, int16_t offset)
{
	put(rewriter, (struct ebpf_insn){ .code = BPF_LDX | BPF_MEM | size, .dst_reg = to, .src_reg = base,
					  .off = offset });
}

static void put_operation(struct rewriter *rewriter, uint8_t operation, uint8_t to, uint8_t from)
{
	put(rewriter, (struct ebpf_insn){ .code = EBPF_ALU64 | operation | BPF_X, .dst_reg = to, .src_reg = from });
}

static void put_constant(struct rewriter *rewriter, uint8_t operation, uint8_t to, int32_t constant)
{
	put(rewriter, (struct ebpf_insn){ .code = EBPF_ALU64 | operation | BPF_K, .dst_reg = to, .imm = constant });
}

static void put_absolute(struct rewriter *rewriter, const struct ebpf_insn *insn)
{
	uint32_t bytes = size_of(insn);
	uint32_t end = (uint32_t)insn->imm + bytes;
	bool far = end > INT16_MAX;

	if (end > CHECKED_AT_ONCE)
		put_length_check(rewriter, far ? UINT16_MAX + 1 : end);
	put_load(rewriter, BPF_SIZE(insn->code), VERDICT, rewriter->packet, far ? 0 : (int16_t)insn->imm);
	put_byte_order(rewriter, bytes);
}

/*
 * The end of what is loaded has at most 31 bits, as was checked, so it does not wrap; behind the comparison it has 16,
 * which librte_bpf learns from a mask.
 */
static void put_indexed(struct rewriter *rewriter, const struct ebpf_insn *insn)
{
	uint32_t bytes = size_of(insn);

	if (rewriter->renamed[insn->src_reg] != rewriter->index)
		put_operation(rewriter, EBPF_MOV, rewriter->index, rewriter->renamed[insn->src_reg]);
	put_constant(rewriter, BPF_ADD, rewriter->index, insn->imm + (int32_t)bytes);
	put(rewriter, (struct ebpf_insn){ .code = BPF_JMP | BPF_JGT | BPF_X, .dst_reg = rewriter->index,
					  .src_reg = rewriter->length, .off = TO_UNDECIDED });
	put_constant(rewriter, BPF_AND, rewriter->index, UINT16_MAX);
	put_operation(rewriter, EBPF_MOV, VERDICT, rewriter->packet);
	put_constant(rewriter, BPF_SUB, VERDICT, (int32_t)bytes);
	put_operation(rewriter, BPF_ADD, VERDICT, rewriter->index);
	put_load(rewriter, BPF_SIZE(insn->code), VERDICT, VERDICT, 0);
	put_byte_order(rewriter, bytes);
}

/*
 * Gives every register of the program a place; false when there are too few. The original's r1 to r5 hold nothing
 * behind a load, so one of them can serve as index.
 */
static bool rename_registers(struct rewriter *rewriter)
{
	bool used[EBPF_REG_NUM] = { false };
	uint8_t next = ARGUMENT + 1;

	for (uint32_t i = 1; i < rewriter->nb_from; i++) {
		used[rewriter->from[i].dst_reg] = true;
		used[rewriter->from[i].src_reg] = true;
	}
	used[EBPF_REG_1] = true;
	rewriter->packet = next++;
	rewriter->length = next++;
	for (uint8_t reg = EBPF_REG_1; reg < NB_REGISTERS; reg++)
		if (used[reg] && reg != CONTEXT)
			rewriter->renamed[reg] = next++;
	rewriter->renamed[VERDICT] = VERDICT;
	rewriter->renamed[CONTEXT] = ARGUMENT;
	rewriter->renamed[EBPF_REG_10] = EBPF_REG_10;
	rewriter->index = rewriter->renamed[EBPF_REG_1];
	return next <= NB_REGISTERS;
}

static void put_prologue(struct rewriter *rewriter)
{
	put_load(rewriter, BPF_H, rewriter->length, ARGUMENT, offsetof(struct rte_mbuf, data_len));
	put_length_check(rewriter, CHECKED_AT_ONCE);
	put_load(rewriter, BPF_H, rewriter->index, ARGUMENT, offsetof(struct rte_mbuf, data_off));
	put_load(rewriter, EBPF_DW, rewriter->packet, ARGUMENT, offsetof(struct rte_mbuf, buf_addr));
	put_operation(rewriter, BPF_ADD, rewriter->packet, rewriter->index);
}

/* Where no instruction falls into what is put in: behind the last load and an unconditional jump. 0: nowhere. */
static uint32_t find_gap(const struct rewriter *rewriter)
{
	for (uint32_t i = rewriter->nb_from - 2; i > 0 && BPF_CLASS(rewriter->from[i].code) != BPF_LD; i--)
		if (rewriter->from[i].code == (BPF_JMP | BPF_JA))
			return i;
	return 0;
}

/* The way out for loads that leave the first segment. */
static void put_undecided(struct rewriter *rewriter)
{
	rewriter->undecided = rewriter->nb_to;
	put_constant(rewriter, EBPF_MOV, VERDICT, (int32_t)PROGRAM_UNDECIDED);
	rewriter->leave = rewriter->nb_to;
	put(rewriter, (struct ebpf_insn){ .code = BPF_JMP | BPF_JA });
}

static void put_epilogue(struct rewriter *rewriter)
{
	if (rewriter->gap == 0) {
		put(rewriter, (struct ebpf_insn){ .code = BPF_JMP | BPF_JA, .off = 2 });
		put_undecided(rewriter);
	}
	rewriter->place_of[rewriter->nb_from - 1] = rewriter->nb_to;
	rewriter->to[rewriter->leave].off = (int16_t)(rewriter->nb_to - rewriter->leave - 1);
	put(rewriter, (struct ebpf_insn){ .code = BPF_JMP | EBPF_EXIT });
}

static void put_others(struct rewriter *rewriter)
{
	rewriter->gap = find_gap(rewriter);
	for (uint32_t i = 1; i < rewriter->nb_from - 1; i++) {
		struct ebpf_insn insn = rewriter->from[i];

		rewriter->place_of[i] = rewriter->nb_to;
		if (BPF_CLASS(insn.code) != BPF_LD) {
			insn.dst_reg = rewriter->renamed[insn.dst_reg];
			insn.src_reg = rewriter->renamed[insn.src_reg];
			put(rewriter, insn);
		} else if (BPF_MODE(insn.code) == BPF_ABS) {
			put_absolute(rewriter, &insn);
		} else {
			put_indexed(rewriter, &insn);
		}
		if (i == rewriter->gap)
			put_undecided(rewriter);
	}
}

/* Jumps were copied with the distances of the original, or with TO_UNDECIDED. */
static bool aim_jumps(struct rewriter *rewriter)
{
	for (uint32_t i = 1; i < rewriter->nb_from - 1; i++) {
		const struct ebpf_insn *insn = &rewriter->from[i];
		uint32_t at = rewriter->place_of[i];
		uint32_t distance;

		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		distance = rewriter->place_of[i + 1 + (uint32_t)insn->off] - at - 1;
		if (distance > INT16_MAX)
			return false;
		rewriter->to[at].off = (int16_t)distance;
	}
	for (uint32_t at = 0; at < rewriter->undecided; at++) {
		struct ebpf_insn *insn = &rewriter->to[at];

		if (BPF_CLASS(insn->code) != BPF_JMP || insn->off != TO_UNDECIDED)
			continue;
		if (rewriter->undecided - at - 1 > INT16_MAX)
			return false;
		insn->off = (int16_t)(rewriter->undecided - at - 1);
	}
	return true;
}

static bool loads_packets(const struct ebpf_insn *insns, uint32_t nb_insns)
{
	for (uint32_t i = 0; i < nb_insns; i++)
		if (BPF_CLASS(insns[i].code) == BPF_LD)
			return true;
	return false;
}

struct ebpf_insn *program_direct(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t *nb_direct)
{
	struct rewriter rewriter = { .from = insns, .nb_from = nb_insns };
	bool done;

	if (!loads_packets(insns, nb_insns) || !rename_registers(&rewriter))
		return NULL;
	rewriter.to = calloc(nb_insns * MAX_OF_ONE + MAX_AROUND, sizeof(rewriter.to[0]));
	rewriter.place_of = calloc(nb_insns, sizeof(rewriter.place_of[0]));
	done = rewriter.to != NULL && rewriter.place_of != NULL;
	if (done) {
		put_prologue(&rewriter);
		put_others(&rewriter);
		put_epilogue(&rewriter);
		done = aim_jumps(&rewriter);
	}
	free(rewriter.place_of);
	if (!done) {
		free(rewriter.to);
		return NULL;
	}
	*nb_direct = rewriter.nb_to;
	return rewriter.to;
}
