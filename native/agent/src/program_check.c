/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says whether a program can run next to an application's packets: it ends, it reads only the mbuf's fields that are
 * listed here, the packet through LD_ABS and LD_IND, and its own stack, it writes only registers and stack, and it
 * reads nothing that it has not written. One pass, as jumps go forward only. The same rules are in
 * src/bpf/mbuf/check.ts; test/conformance compares the two.
 *
 * What instructions must look like stands in program_form.c. One rule here is for a defect of librte_bpf 22.11: it adds
 * offset and length of a load in 32 bits, so an index near 2^32 would read far outside the packet.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_form.h"

#define CONTEXT EBPF_REG_6

/* The last byte of a packet that a load may ask for. */
#define MAX_OFFSET 0x7fffffffu

/* Bounds are known up to 32 bits; a register that may hold more is wide. */
#define MAX32 UINT64_C(0xffffffff)
#define WIDE UINT64_MAX

static const struct {
	int16_t offset;
	uint8_t bytes;
} fields[] = {
	{ offsetof(struct rte_mbuf, nb_segs), 2 },
	{ offsetof(struct rte_mbuf, port), 2 },
	{ offsetof(struct rte_mbuf, ol_flags), 8 },
	{ offsetof(struct rte_mbuf, packet_type), 4 },
	{ offsetof(struct rte_mbuf, pkt_len), 4 },
	{ offsetof(struct rte_mbuf, data_len), 2 },
	{ offsetof(struct rte_mbuf, vlan_tci), 2 },
	{ offsetof(struct rte_mbuf, hash.rss), 4 },
	{ offsetof(struct rte_mbuf, hash.fdir.hi), 4 },
	{ offsetof(struct rte_mbuf, vlan_tci_outer), 2 },
};

/* What holds before an instruction, whichever way led there. */
struct state {
	uint64_t max[NB_VALUES];	   /* the largest value of each register */
	uint64_t stack[STACK_BYTES / 64]; /* a bit for each byte that was written */
	uint16_t written;		   /* a bit for each register that was written */
	bool reached;
};

struct checker {
	struct program_text text;
	struct state *states;
};

static uint64_t max_of_bytes(uint32_t bytes)
{
	return bytes == 8 ? WIDE : (UINT64_C(1) << (8 * bytes)) - 1;
}

static int read_register(const struct checker *checker, uint32_t pc, const struct state *state, unsigned int reg)
{
	if (reg >= NB_VALUES || reg == CONTEXT)
		return program_refuse(&checker->text, pc, "r%u is a pointer: expected a value", reg);
	if ((state->written & (1u << reg)) == 0)
		return program_refuse(&checker->text, pc, "r%u is read before it is written", reg);
	return 0;
}

static int write_register(const struct checker *checker, uint32_t pc, struct state *state, unsigned int reg,
			  uint64_t max)
{
	if (reg >= NB_VALUES || reg == CONTEXT)
		return program_refuse(&checker->text, pc, "r%u cannot be written", reg);
	state->written |= (uint16_t)(1u << reg);
	state->max[reg] = max;
	return 0;
}

static int check_field(const struct checker *checker, uint32_t pc, int16_t offset, uint32_t bytes)
{
	for (uint32_t i = 0; i < RTE_DIM(fields); i++)
		if (fields[i].offset == offset && fields[i].bytes == bytes)
			return 0;
	return program_refuse(&checker->text, pc, "%u bytes at %d of the mbuf cannot be read", bytes, offset);
}

static int check_load(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint32_t bytes = program_access_bytes(insn->code);

	if (insn->imm != 0)
		return program_refuse_field(&checker->text, pc);
	if (insn->src_reg == CONTEXT) {
		if (check_field(checker, pc, insn->off, bytes) != 0)
			return -1;
	} else if (insn->src_reg == STACK) {
		if (program_form_of_slot(&checker->text, pc, insn->off, bytes) != 0)
			return -1;
		for (uint32_t i = 0; i < bytes; i++) {
			uint32_t at = (uint32_t)(STACK_BYTES + insn->off) + i;

			if ((state->stack[at / 64] & (UINT64_C(1) << (at % 64))) == 0)
				return program_refuse(&checker->text, pc,
						      "the stack at %d is read before it is written", insn->off);
		}
	} else {
		return program_refuse(&checker->text, pc, "r%u is no pointer: expected r6 or r10", insn->src_reg);
	}
	return write_register(checker, pc, state, insn->dst_reg, max_of_bytes(bytes));
}

static int check_store(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint32_t bytes = program_access_bytes(insn->code);
	bool of_register = BPF_CLASS(insn->code) == BPF_STX;

	if (of_register ? insn->imm != 0 : insn->src_reg != 0)
		return program_refuse_field(&checker->text, pc);
	if (insn->dst_reg != STACK)
		return program_refuse(&checker->text, pc,
				      "a store through r%u: expected r10, the stack", insn->dst_reg);
	if (program_form_of_slot(&checker->text, pc, insn->off, bytes) != 0)
		return -1;
	if (of_register && read_register(checker, pc, state, insn->src_reg) != 0)
		return -1;
	for (uint32_t i = 0; i < bytes; i++) {
		uint32_t at = (uint32_t)(STACK_BYTES + insn->off) + i;

		state->stack[at / 64] |= UINT64_C(1) << (at % 64);
	}
	return 0;
}

static int check_packet(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint32_t bytes = program_access_bytes(insn->code);
	uint64_t index = 0;

	if (insn->dst_reg != 0 || insn->off != 0 || (BPF_MODE(insn->code) == BPF_ABS && insn->src_reg != 0))
		return program_refuse_field(&checker->text, pc);
	if (BPF_MODE(insn->code) == BPF_IND) {
		if (read_register(checker, pc, state, insn->src_reg) != 0)
			return -1;
		index = state->max[insn->src_reg];
	}
	if (index > MAX_OFFSET || insn->imm < 0 || index + (uint32_t)insn->imm + bytes > MAX_OFFSET)
		return program_refuse(&checker->text, pc, "a load from the packet may reach above %u", MAX_OFFSET);
	/* The slow path of a load is a function call. */
	state->written &= (uint16_t)~0x3eu;
	return write_register(checker, pc, state, EBPF_REG_0, max_of_bytes(bytes));
}

static uint64_t smear(uint64_t max)
{
	return max == WIDE ? WIDE : max == 0 ? 0 : MAX32 >> __builtin_clz((uint32_t)max);
}

/* The largest result of an operation on values up to a and b; above 32 bits it wraps or is wide. */
static uint64_t max_of_result(uint8_t code, uint64_t a, uint64_t b, bool constant)
{
	bool wide = BPF_CLASS(code) == EBPF_ALU64;
	uint64_t top = wide ? WIDE : MAX32;
	uint64_t max;

	a = RTE_MIN(a, top);
	b = RTE_MIN(b, top);
	switch (BPF_OP(code)) {
	case EBPF_MOV:
		return b;
	case BPF_AND:
		return RTE_MIN(a, b);
	case BPF_OR:
	case BPF_XOR:
		return smear(RTE_MAX(a, b));
	case BPF_DIV:
		return constant && a != WIDE && b != WIDE ? a / b : a;
	case BPF_MOD:
		return constant && b != WIDE ? RTE_MIN(a, b - 1) : a;
	case BPF_RSH:
		if (!constant)
			return a;
		if (a != WIDE)
			return a >> b;
		return b < 32 ? WIDE : MAX32 >> (b - 32);
	case BPF_ADD:
		max = a == WIDE || b == WIDE ? WIDE : a + b;
		break;
	case BPF_MUL:
		max = a == WIDE || b == WIDE ? WIDE : a * b;
		break;
	case BPF_LSH:
		max = !constant || a == WIDE || b >= 32 ? WIDE : a << b;
		break;
	default:
		max = WIDE;
	}
	return max > MAX32 ? top : max;
}

static int check_alu(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	bool wide = BPF_CLASS(insn->code) == EBPF_ALU64;
	bool constant = BPF_SRC(insn->code) == BPF_K;
	uint8_t operation = BPF_OP(insn->code);
	uint64_t a, b;

	if (program_form_of_alu(&checker->text, pc) != 0)
		return -1;
	if (operation == EBPF_END) {
		if (read_register(checker, pc, state, insn->dst_reg) != 0)
			return -1;
		return write_register(checker, pc, state, insn->dst_reg, max_of_bytes((uint32_t)insn->imm / 8));
	}
	if (operation != EBPF_MOV && read_register(checker, pc, state, insn->dst_reg) != 0)
		return -1;
	if (!constant && read_register(checker, pc, state, insn->src_reg) != 0)
		return -1;
	a = operation == EBPF_MOV ? 0 : state->max[insn->dst_reg];
	if (!constant)
		b = state->max[insn->src_reg];
	else if (wide && insn->imm < 0)
		b = WIDE;
	else
		b = (uint32_t)insn->imm;
	/* librte_bpf's verifier divides constants, signed: INT64_MIN / -1 there is the end of the application. */
	if (wide && (operation == BPF_DIV || operation == BPF_MOD) && b == WIDE)
		return program_refuse(&checker->text, pc, "a divisor that may be -1");
	return write_register(checker, pc, state, insn->dst_reg, max_of_result(insn->code, a, b, constant));
}

static void merge(struct state *into, const struct state *from)
{
	if (!into->reached) {
		*into = *from;
		into->reached = true;
		return;
	}
	into->written &= from->written;
	for (uint32_t i = 0; i < NB_VALUES; i++)
		into->max[i] = RTE_MAX(into->max[i], from->max[i]);
	for (uint32_t i = 0; i < RTE_DIM(into->stack); i++)
		into->stack[i] &= from->stack[i];
}

/* What an unsigned comparison with a constant says about the register, on the way where it says that. */
static void narrow(const struct ebpf_insn *insn, struct state *taken, struct state *next)
{
	uint64_t constant = (uint32_t)insn->imm;
	struct state *state;

	if (BPF_SRC(insn->code) != BPF_K || insn->imm < 0)
		return;
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
	case EBPF_JLE:
		state = taken;
		break;
	case EBPF_JLT:
		state = taken;
		constant--;
		break;
	case EBPF_JNE:
	case BPF_JGT:
		state = next;
		break;
	case BPF_JGE:
		state = next;
		constant--;
		break;
	default:
		return;
	}
	if (constant <= MAX32)
		state->max[insn->dst_reg] = RTE_MIN(state->max[insn->dst_reg], constant);
}

static int check_jump(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	bool constant = BPF_SRC(insn->code) == BPF_K;
	bool always = insn->code == (BPF_JMP | BPF_JA);
	struct state next = *state;
	uint32_t target;

	if (program_form_of_jump(&checker->text, pc) != 0)
		return -1;
	if (insn->code == (BPF_JMP | EBPF_EXIT))
		return read_register(checker, pc, state, EBPF_REG_0);
	target = pc + 1 + (uint32_t)insn->off;
	if (!always) {
		if (read_register(checker, pc, state, insn->dst_reg) != 0 ||
		    (!constant && read_register(checker, pc, state, insn->src_reg) != 0))
			return -1;
		narrow(insn, state, &next);
		merge(&checker->states[pc + 1], &next);
	}
	merge(&checker->states[target], state);
	return 0;
}

static int check_insn(const struct checker *checker, uint32_t pc, struct state *state)
{
	uint8_t code = checker->text.insns[pc].code;
	int result;

	switch (BPF_CLASS(code)) {
	case BPF_JMP:
		return check_jump(checker, pc, state);
	case BPF_ALU:
	case EBPF_ALU64:
		result = check_alu(checker, pc, state);
		break;
	case BPF_LDX:
		if (BPF_MODE(code) != BPF_MEM)
			return program_refuse_opcode(&checker->text, pc);
		result = check_load(checker, pc, state);
		break;
	case BPF_ST:
	case BPF_STX:
		if (BPF_MODE(code) != BPF_MEM)
			return program_refuse_opcode(&checker->text, pc);
		result = check_store(checker, pc, state);
		break;
	case BPF_LD:
		if ((BPF_MODE(code) != BPF_ABS && BPF_MODE(code) != BPF_IND) || program_access_bytes(code) == 8)
			return program_refuse_opcode(&checker->text, pc);
		result = check_packet(checker, pc, state);
		break;
	default:
		return program_refuse_opcode(&checker->text, pc);
	}
	if (result == 0 && pc + 1 < checker->text.nb_insns)
		merge(&checker->states[pc + 1], state);
	return result;
}

static int check_all(const struct checker *checker)
{
	static const struct ebpf_insn first = {
		.code = EBPF_ALU64 | EBPF_MOV | BPF_X, .dst_reg = CONTEXT, .src_reg = EBPF_REG_1
	};
	uint32_t last = checker->text.nb_insns - 1;

	if (memcmp(&checker->text.insns[0], &first, sizeof(first)) != 0)
		return program_refuse(&checker->text, 0, "expected r6 = r1 as the first instruction");
	if (checker->text.insns[last].code != (BPF_JMP | EBPF_EXIT))
		return program_refuse(&checker->text, last, "expected exit as the last instruction");
	checker->states[1].reached = true;
	for (uint32_t pc = 1; pc < checker->text.nb_insns; pc++) {
		struct state state = checker->states[pc];

		if (!state.reached)
			return program_refuse(&checker->text, pc, "no way leads here");
		if (check_insn(checker, pc, &state) != 0)
			return -1;
	}
	return 0;
}

int program_check(const struct ebpf_insn *insns, uint32_t nb_insns, char *error, size_t error_size)
{
	struct checker checker = {
		.text = { .insns = insns, .nb_insns = nb_insns, .error = error, .error_size = error_size },
	};
	int result;

	if (program_form_of_length(&checker.text) != 0)
		return -1;
	checker.states = calloc(nb_insns, sizeof(*checker.states));
	if (checker.states == NULL) {
		snprintf(error, error_size, "no memory to check a program of %u instructions", nb_insns);
		return -1;
	}
	result = check_all(&checker);
	free(checker.states);
	return result;
}
