/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The check of filter programs. Jumps go forward only, so one pass in order sees every instruction after all
 * that lead to it: what is known at an instruction (which registers and stack bytes hold a value) is the
 * intersection over its predecessors.
 *
 * The first instruction is r6 = r1, and r6 stays: all reads of the context go through it, at listed offsets.
 * src/bpf has the same rules for the host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hone/abi.h>

#include "program.h"

#define CLASS(code) ((code) & 7)
#define CLASS_LD 0
#define CLASS_LDX 1
#define CLASS_ST 2
#define CLASS_STX 3
#define CLASS_ALU 4
#define CLASS_JMP 5
#define CLASS_ALU64 7
#define MODE(code) ((code) & 0xe0)
#define MODE_ABS 0x20
#define MODE_IND 0x40
#define MODE_MEM 0x60
#define OP(code) ((code) & 0xf0)
#define OP_DIV 0x30
#define OP_LSH 0x60
#define OP_RSH 0x70
#define OP_NEG 0x80
#define OP_MOD 0x90
#define OP_MOV 0xb0
#define OP_ARSH 0xc0
#define OP_END 0xd0
#define OP_JA 0x00
#define OP_CALL 0x80
#define OP_EXIT 0x90
#define OP_JSLE 0xd0
#define SOURCE_REGISTER 0x08

#define STACK_BYTES 512
#define CONTEXT 6
#define FRAME 10

struct state {
	bool reached;
	uint16_t registers;		 /* bit n: rn holds a value */
	uint64_t stack[STACK_BYTES / 64]; /* bit n: byte n above the bottom was written */
};

struct check {
	const struct program_insn *insns;
	uint32_t count;
	struct state *states;
	struct state now;
	const char *reason;
};

static const struct field {
	uint16_t offset;
	uint8_t bytes;
} context_fields[] = {
	{ 20, 2 }, /* nb_segs */
	{ 22, 2 }, /* port */
	{ 24, 8 }, /* ol_flags */
	{ 32, 4 }, /* packet_type */
	{ 36, 4 }, /* pkt_len */
	{ 40, 2 }, /* data_len */
	{ 42, 2 }, /* vlan_tci */
	{ 44, 4 }, /* hash.rss */
	{ 48, 4 }, /* hash.fdir.hi */
	{ 52, 2 }, /* vlan_tci_outer */
};

static_assert(offsetof(struct rte_mbuf, nb_segs) == 20, "nb_segs");
static_assert(offsetof(struct rte_mbuf, port) == 22, "port");
static_assert(offsetof(struct rte_mbuf, ol_flags) == 24, "ol_flags");
static_assert(offsetof(struct rte_mbuf, packet_type) == 32, "packet_type");
static_assert(offsetof(struct rte_mbuf, pkt_len) == 36, "pkt_len");
static_assert(offsetof(struct rte_mbuf, data_len) == 40, "data_len");
static_assert(offsetof(struct rte_mbuf, vlan_tci) == 42, "vlan_tci");
static_assert(offsetof(struct rte_mbuf, hash.rss) == 44, "hash.rss");
static_assert(offsetof(struct rte_mbuf, hash.fdir.hi) == 48, "hash.fdir.hi");
static_assert(offsetof(struct rte_mbuf, vlan_tci_outer) == 52, "vlan_tci_outer");

static bool no(struct check *check, const char *reason)
{
	check->reason = reason;
	return false;
}

static uint32_t access_bytes(uint8_t code)
{
	static const uint32_t bytes[] = { 4, 2, 1, 8 };

	return bytes[(code >> 3) & 3];
}

static bool reads(struct check *check, uint8_t reg)
{
	if (reg > FRAME)
		return no(check, "there is no such register");
	if (reg != FRAME && (check->now.registers & (1u << reg)) == 0)
		return no(check, "a register is read before it is written");
	return true;
}

/* r6 and r10 may not be written: with them every address is known. */
static bool writes(struct check *check, uint8_t reg)
{
	if (reg >= FRAME || reg == CONTEXT)
		return no(check, "the destination must be r0 to r5 or r7 to r9");
	check->now.registers |= (uint16_t)(1u << reg);
	return true;
}

static bool stack_place(struct check *check, int16_t off, uint32_t bytes, uint32_t *place)
{
	if (off < -STACK_BYTES || off + (int32_t)bytes > 0 || (off & (int32_t)(bytes - 1)) != 0)
		return no(check, "a stack access must be aligned and within the 512 bytes below r10");
	*place = (uint32_t)(off + STACK_BYTES);
	return true;
}

static uint64_t stack_bits(uint32_t place, uint32_t bytes)
{
	return ((1ull << bytes) - 1) << (place % 64);
}

static bool check_load(struct check *check, const struct program_insn *insn)
{
	uint32_t bytes = access_bytes(insn->code);
	uint32_t place;

	if (MODE(insn->code) != MODE_MEM || insn->imm != 0)
		return no(check, "unknown instruction");
	if (insn->src == FRAME) {
		if (!stack_place(check, insn->off, bytes, &place))
			return false;
		if ((~check->now.stack[place / 64] & stack_bits(place, bytes)) != 0)
			return no(check, "the stack is read before it is written");
		return writes(check, insn->dst);
	}
	if (insn->src != CONTEXT)
		return no(check, "loads go through r6 (the context) or r10 (the stack)");
	for (size_t i = 0; i < RTE_DIM(context_fields); i++)
		if (insn->off == context_fields[i].offset && bytes == context_fields[i].bytes)
			return writes(check, insn->dst);
	return no(check, "this part of the mbuf may not be read");
}

static bool check_store(struct check *check, const struct program_insn *insn)
{
	uint32_t bytes = access_bytes(insn->code);
	uint32_t place;

	if (MODE(insn->code) != MODE_MEM || (CLASS(insn->code) == CLASS_STX ? insn->imm != 0 : insn->src != 0))
		return no(check, "unknown instruction");
	if (insn->dst != FRAME)
		return no(check, "stores go to the stack, through r10");
	if (CLASS(insn->code) == CLASS_STX && (insn->src == CONTEXT || insn->src == FRAME))
		return no(check, "r6 and r10 may not be stored");
	if (CLASS(insn->code) == CLASS_STX && !reads(check, insn->src))
		return false;
	if (!stack_place(check, insn->off, bytes, &place))
		return false;
	check->now.stack[place / 64] |= stack_bits(place, bytes);
	return true;
}

static bool check_packet_load(struct check *check, const struct program_insn *insn)
{
	bool indirect = MODE(insn->code) == MODE_IND;

	if ((!indirect && MODE(insn->code) != MODE_ABS) || access_bytes(insn->code) == 8 || insn->dst != 0 ||
	    insn->off != 0 || (!indirect && insn->src != 0))
		return no(check, "unknown instruction");
	if (indirect && (insn->src == CONTEXT || insn->src == FRAME || !reads(check, insn->src)))
		return check->reason != NULL ? false : no(check, "a packet offset must be a number");
	/* The result is r0; r1 to r5 are lost, as in a call. */
	check->now.registers &= (uint16_t)~0x3e;
	check->now.registers |= 1;
	return true;
}

/* Pointers are only copied once, into r6, by the first instruction: all other arithmetic is on numbers. */
static bool reads_number(struct check *check, uint8_t reg)
{
	if (reg == CONTEXT || reg == FRAME)
		return no(check, "arithmetic and comparison are on numbers, not on r6 or r10");
	return reads(check, reg);
}

static bool check_arithmetic(struct check *check, const struct program_insn *insn)
{
	uint8_t op = OP(insn->code);
	bool from_register = (insn->code & SOURCE_REGISTER) != 0;
	int32_t bits = CLASS(insn->code) == CLASS_ALU64 ? 64 : 32;

	if (insn->off != 0 || op > OP_END)
		return no(check, "unknown instruction");
	if (op == OP_END) {
		if (bits != 32 || insn->src != 0 || (insn->imm != 16 && insn->imm != 32 && insn->imm != 64))
			return no(check, "unknown instruction");
		return reads_number(check, insn->dst) && writes(check, insn->dst);
	}
	if (op == OP_NEG) {
		if (from_register || insn->src != 0 || insn->imm != 0)
			return no(check, "unknown instruction");
		return reads_number(check, insn->dst) && writes(check, insn->dst);
	}
	if (from_register ? insn->imm != 0 : insn->src != 0)
		return no(check, "unknown instruction");
	if (from_register && !reads_number(check, insn->src))
		return false;
	if (op != OP_MOV && !reads_number(check, insn->dst))
		return false;
	if (!from_register && (op == OP_DIV || op == OP_MOD) && insn->imm == 0)
		return no(check, "division by zero");
	if (!from_register && (op == OP_LSH || op == OP_RSH || op == OP_ARSH) && (insn->imm < 0 || insn->imm >= bits))
		return no(check, "a shift beyond the register");
	return writes(check, insn->dst);
}

static void flow_to(struct check *check, uint32_t target)
{
	struct state *state = &check->states[target];

	if (!state->reached) {
		*state = check->now;
		state->reached = true;
		return;
	}
	state->registers &= check->now.registers;
	for (size_t i = 0; i < RTE_DIM(state->stack); i++)
		state->stack[i] &= check->now.stack[i];
}

static bool jump_to(struct check *check, uint32_t at, int16_t off)
{
	if (off < 0 || at + 1 + (uint32_t)off >= check->count)
		return no(check, "jumps go forward and stay inside the program");
	flow_to(check, at + 1 + (uint32_t)off);
	return true;
}

static bool check_jump(struct check *check, uint32_t at, const struct program_insn *insn)
{
	uint8_t op = OP(insn->code);
	bool from_register = (insn->code & SOURCE_REGISTER) != 0;

	if (op == OP_EXIT) {
		if (insn->code != (CLASS_JMP | OP_EXIT) || insn->dst != 0 || insn->src != 0 || insn->off != 0 ||
		    insn->imm != 0)
			return no(check, "unknown instruction");
		return reads(check, 0);
	}
	if (op == OP_JA) {
		if (from_register || insn->dst != 0 || insn->src != 0 || insn->imm != 0)
			return no(check, "unknown instruction");
		return jump_to(check, at, insn->off);
	}
	if (op == OP_CALL)
		return no(check, "filters call nothing");
	if (op > OP_JSLE || (from_register ? insn->imm != 0 : insn->src != 0))
		return no(check, "unknown instruction");
	if (!reads_number(check, insn->dst) || (from_register && !reads_number(check, insn->src)))
		return false;
	return jump_to(check, at, insn->off) && jump_to(check, at, 0);
}

static bool check_insn(struct check *check, uint32_t at)
{
	const struct program_insn *insn = &check->insns[at];

	switch (CLASS(insn->code)) {
	case CLASS_JMP:
		return check_jump(check, at, insn);
	case CLASS_LD:
		return check_packet_load(check, insn) && jump_to(check, at, 0);
	case CLASS_LDX:
		return check_load(check, insn) && jump_to(check, at, 0);
	case CLASS_ST:
	case CLASS_STX:
		return check_store(check, insn) && jump_to(check, at, 0);
	case CLASS_ALU:
	case CLASS_ALU64:
		return check_arithmetic(check, insn) && jump_to(check, at, 0);
	default:
		return no(check, "unknown instruction");
	}
}

static bool check_all(struct check *check, uint32_t *at)
{
	const struct program_insn first = { .code = 0xbf, .dst = CONTEXT, .src = 1 };

	*at = 0;
	if (check->count < 2 || memcmp(&check->insns[0], &first, sizeof(first)) != 0)
		return no(check, "a program begins with r6 = r1");
	check->states[1].reached = true;
	check->states[1].registers = 1u << CONTEXT;
	for (*at = 1; *at < check->count; ++*at) {
		check->now = check->states[*at];
		if (!check->now.reached)
			return no(check, "nothing leads to this instruction");
		if (!check_insn(check, *at))
			return false;
	}
	return true;
}

int program_check(const struct program_insn *insns, uint32_t count, char *error, size_t error_size)
{
	struct check check = { .insns = insns, .count = count };
	uint32_t at = 0;
	bool good = false;

	check.reason = "no memory for the check";
	if (count > HONE_MAX_INSNS)
		check.reason = "too many instructions";
	else if ((check.states = calloc(count + 1, sizeof(*check.states))) != NULL) {
		check.reason = NULL;
		good = check_all(&check, &at);
	}
	free(check.states);
	if (good)
		return 0;
	snprintf(error, error_size, "instruction %u: %s", at, check.reason);
	return -1;
}
