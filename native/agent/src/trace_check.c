/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says whether a program can run on a trace context: it ends, it reads and writes only the context and its own stack, it
 * reads no register and no stack that it has not written, it leaves no address in the context, and it calls only
 * our helpers, with the context in r1 and numbers in r2 and r3 (the helpers check the numbers). One pass, as jumps go
 * forward only: where ways meet, what is known of a register is what holds on all of them.
 *
 * A number is known by the largest value that it can have; an address in the context by the smallest and largest offset.
 * Comparisons of a number with a constant narrow it. An access is allowed when it lies inside for all of these.
 *
 * What instructions must look like stands in program_form.c. librte_bpf leaves unchecked what a conditional jump in the first
 * place skips.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program_form.h"
#include "trace_program.h"

#define NB_SLOTS (STACK_BYTES / 8)
#define LDDW (BPF_LD | BPF_IMM | EBPF_DW)

#define MAX32 UINT64_C(0xffffffff)
#define WIDE UINT64_MAX

enum kind {
	NOTHING, /* not written, or different things on different ways */
	NUMBER,
	CONTEXT,
};

struct value {
	enum kind kind;
	int32_t min; /* of a context's offset */
	uint64_t max; /* of the number, or of the offset */
	bool plain;   /* librte_bpf knows of that bound, too */
	bool loaded;  /* it came from the context: librte_bpf knows nothing of it, or its sign at most */
};

/* What holds before an instruction, whichever way led there. */
struct state {
	struct value registers[NB_VALUES];
	struct value slots[NB_SLOTS]; /* what the stack holds, where `written` has all 8 bytes */
	uint8_t written[NB_SLOTS];    /* a bit for each byte */
	bool reached;
};

struct checker {
	struct program_text text;
	uint32_t context_bytes;
	struct state *states;
	uint32_t *masks;
};

static const struct value any_number = { .kind = NUMBER, .max = WIDE };

static struct value number_of_bytes(uint32_t bytes)
{
	if (bytes == 8)
		return any_number;
	return (struct value){ .kind = NUMBER, .max = (UINT64_C(1) << (8 * bytes)) - 1, .plain = true };
}

static int need_number(const struct checker *checker, uint32_t pc, const struct state *state, unsigned int reg)
{
	if (reg >= NB_VALUES)
		return program_refuse(&checker->text, pc, "r%u is a pointer: expected a value", reg);
	if (state->registers[reg].kind == NOTHING)
		return program_refuse(&checker->text, pc, "r%u is read before it is written", reg);
	if (state->registers[reg].kind != NUMBER)
		return program_refuse(&checker->text, pc, "r%u is an address: expected a number", reg);
	return 0;
}

static int write_register(const struct checker *checker, uint32_t pc, struct state *state, unsigned int reg,
			  struct value value)
{
	if (reg >= NB_VALUES)
		return program_refuse(&checker->text, pc, "r%u cannot be written", reg);
	state->registers[reg] = value;
	return 0;
}

static int check_context(const struct checker *checker, uint32_t pc, const struct state *state, unsigned int reg,
			 int16_t offset, uint32_t bytes)
{
	const struct value *base = reg < NB_VALUES ? &state->registers[reg] : NULL;

	if (base == NULL || base->kind != CONTEXT)
		return program_refuse(&checker->text, pc, "r%u is no address", reg);
	if ((int64_t)base->min + offset < 0 || (int64_t)base->max + offset + bytes > checker->context_bytes)
		return program_refuse(&checker->text, pc,
				      "%u bytes at %" PRId64 " to %" PRId64 " of a context of %u", bytes,
			      (int64_t)base->min + offset, (int64_t)base->max + offset, checker->context_bytes);
	return 0;
}

static int check_load(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint32_t bytes = program_access_bytes(insn->code);
	uint32_t at = (uint32_t)(STACK_BYTES + insn->off);
	uint8_t bits = (uint8_t)(((1u << bytes) - 1) << (at % 8));
	struct value value = number_of_bytes(bytes);

	if (insn->imm != 0)
		return program_refuse_field(&checker->text, pc);
	if (insn->src_reg != STACK) {
		if (check_context(checker, pc, state, insn->src_reg, insn->off, bytes) != 0)
			return -1;
		value.loaded = true;
		return write_register(checker, pc, state, insn->dst_reg, value);
	}
	if (program_form_of_slot(&checker->text, pc, insn->off, bytes) != 0)
		return -1;
	if ((state->written[at / 8] & bits) != bits)
		return program_refuse(&checker->text, pc, "the stack at %d is read before it is written", insn->off);
	if (bytes == 8)
		value = state->slots[at / 8];
	else if (state->slots[at / 8].kind == CONTEXT)
		return program_refuse(&checker->text, pc, "a part of an address is read from the stack");
	return write_register(checker, pc, state, insn->dst_reg, value);
}

static void store_in_slot(struct state *state, uint32_t at, uint32_t bytes, struct value value)
{
	struct value *slot = &state->slots[at / 8];

	if (bytes == 8) {
		*slot = value;
		state->written[at / 8] = UINT8_MAX;
		return;
	}
	if (slot->kind == CONTEXT)
		state->written[at / 8] = 0;
	*slot = any_number;
	state->written[at / 8] |= (uint8_t)(((1u << bytes) - 1) << (at % 8));
}

static int check_store(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint32_t bytes = program_access_bytes(insn->code);
	bool of_register = BPF_CLASS(insn->code) == BPF_STX;
	bool on_stack = insn->dst_reg == STACK;
	struct value value = any_number;

	if (of_register ? insn->imm != 0 : insn->src_reg != 0)
		return program_refuse_field(&checker->text, pc);
	if (of_register && insn->src_reg < NB_VALUES)
		value = state->registers[insn->src_reg];
	/* An address may wait on the stack, in one piece. */
	if (of_register && !(on_stack && bytes == 8 && value.kind == CONTEXT) &&
	    need_number(checker, pc, state, insn->src_reg) != 0)
		return -1;
	if (!on_stack)
		return check_context(checker, pc, state, insn->dst_reg, insn->off, bytes);
	if (program_form_of_slot(&checker->text, pc, insn->off, bytes) != 0)
		return -1;
	store_in_slot(state, (uint32_t)(STACK_BYTES + insn->off), bytes, value);
	return 0;
}

static uint64_t smear(uint64_t max)
{
	return max == 0 ? 0 : UINT64_MAX >> __builtin_clzll(max);
}

/* The largest result on values up to a and b; WIDE when it may wrap. */
static uint64_t max_of_wide(uint8_t operation, uint64_t a, uint64_t b, bool constant)
{
	uint64_t max;

	switch (operation) {
	case EBPF_MOV:
		return b;
	case BPF_AND:
		return RTE_MIN(a, b);
	case BPF_OR:
	case BPF_XOR:
		return smear(RTE_MAX(a, b));
	case BPF_DIV:
		return constant ? a / b : a;
	case BPF_MOD:
		return constant ? RTE_MIN(a, b - 1) : a;
	case BPF_RSH:
		return constant ? a >> b : a;
	case EBPF_ARSH:
		return a > INT64_MAX ? WIDE : constant ? a >> b : a;
	case BPF_ADD:
		return __builtin_add_overflow(a, b, &max) ? WIDE : max;
	case BPF_MUL:
		return __builtin_mul_overflow(a, b, &max) ? WIDE : max;
	case BPF_LSH:
		return !constant || a > WIDE >> b ? WIDE : a << b;
	default:
		return WIDE;
	}
}

static uint64_t max_of_result(uint8_t code, uint64_t a, uint64_t b, bool constant)
{
	if (BPF_CLASS(code) == EBPF_ALU64)
		return max_of_wide(BPF_OP(code), a, b, constant);
	if (BPF_OP(code) == EBPF_ARSH && a > INT32_MAX)
		return MAX32;
	return RTE_MIN(max_of_wide(BPF_OP(code), RTE_MIN(a, MAX32), RTE_MIN(b, MAX32), constant), MAX32);
}

static int swap_bytes(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];

	if (need_number(checker, pc, state, insn->dst_reg) != 0)
		return -1;
	return write_register(checker, pc, state, insn->dst_reg, number_of_bytes((uint32_t)insn->imm / 8));
}

/* An address in the context plus a number; the offset stays far from where 32 or 64 bits wrap. */
static int move_address(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	struct value *address = &state->registers[insn->dst_reg];
	int64_t by_min = insn->imm, by_max = insn->imm;

	if (insn->code != (EBPF_ALU64 | BPF_ADD | BPF_K) && insn->code != (EBPF_ALU64 | BPF_ADD | BPF_X))
		return program_refuse(&checker->text, pc, "r%u is an address: expected an addition", insn->dst_reg);
	if (BPF_SRC(insn->code) == BPF_X) {
		if (need_number(checker, pc, state, insn->src_reg) != 0)
			return -1;
		if (state->registers[insn->src_reg].max > HONE_MAX_TRACE_CONTEXT)
			return program_refuse(&checker->text, pc,
					      "r%u has no bound: expected a mask or a comparison before",
				      insn->src_reg);
		by_min = 0;
		by_max = (int64_t)state->registers[insn->src_reg].max;
		if (!state->registers[insn->src_reg].plain)
			checker->masks[pc] = RTE_MAX((uint32_t)smear((uint64_t)by_max), 1u);
	}
	by_min += address->min;
	by_max += (int64_t)address->max;
	if (by_min < 0 || by_max > HONE_MAX_TRACE_CONTEXT)
		return program_refuse(&checker->text, pc,
				      "an address at %" PRId64 " to %" PRId64 " of a context of %u", by_min, by_max,
			      checker->context_bytes);
	*address = (struct value){ .kind = CONTEXT, .plain = true, .min = (int32_t)by_min, .max = (uint64_t)by_max };
	return 0;
}

/*
 * Whether librte_bpf knows the bound of the result as we do. It keeps signed bounds beside the unsigned ones and asks for both;
 * comparisons narrow one of them only, so what it is sure to follow is a mask and simple arithmetic behind it.
 */
static bool is_plain(const struct ebpf_insn *insn, const struct state *state)
{
	bool constant = BPF_SRC(insn->code) == BPF_K;
	bool source = constant ? insn->imm >= 0 : state->registers[insn->src_reg].plain;

	switch (BPF_OP(insn->code)) {
	case EBPF_MOV:
		return source;
	case BPF_AND:
		return constant && insn->imm >= 0;
	case BPF_ADD:
	case BPF_MUL:
		return source && state->registers[insn->dst_reg].plain;
	case BPF_LSH:
		return constant && state->registers[insn->dst_reg].plain;
	default:
		return false;
	}
}

/*
 * librte_bpf's verifier computes with what it takes for constants, signed: INT64_MIN / -1 there is the end of the application.
 * So nothing is divided that it may know to be divided by -1.
 */
static int check_divisor(const struct checker *checker, uint32_t pc, const struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	const struct value *divisor = &state->registers[insn->src_reg];

	if (BPF_SRC(insn->code) == BPF_K)
		return insn->imm == -1 ? program_refuse(&checker->text, pc, "division by a constant -1") : 0;
	if (divisor->max > INT64_MAX && !divisor->loaded)
		return program_refuse(&checker->text, pc,
				      "r%u may be -1: expected a divisor as it was loaded", insn->src_reg);
	return 0;
}

static int check_alu(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	bool wide = BPF_CLASS(insn->code) == EBPF_ALU64;
	bool constant = BPF_SRC(insn->code) == BPF_K;
	uint8_t operation = BPF_OP(insn->code);
	struct value result = { .kind = NUMBER };
	uint64_t a, b;

	if (program_form_of_alu(&checker->text, pc) != 0)
		return -1;
	if (operation == EBPF_END)
		return swap_bytes(checker, pc, state);
	if (insn->dst_reg >= NB_VALUES)
		return program_refuse(&checker->text, pc, "r%u cannot be written", insn->dst_reg);
	if (insn->code == (EBPF_ALU64 | EBPF_MOV | BPF_X) && insn->src_reg < NB_VALUES &&
	    state->registers[insn->src_reg].kind == CONTEXT)
		return write_register(checker, pc, state, insn->dst_reg, state->registers[insn->src_reg]);
	if (operation != EBPF_MOV && state->registers[insn->dst_reg].kind == CONTEXT)
		return move_address(checker, pc, state);
	if (operation != EBPF_MOV && need_number(checker, pc, state, insn->dst_reg) != 0)
		return -1;
	if (!constant && need_number(checker, pc, state, insn->src_reg) != 0)
		return -1;
	if (wide && (operation == BPF_DIV || operation == BPF_MOD) && check_divisor(checker, pc, state) != 0)
		return -1;
	a = operation == EBPF_MOV ? 0 : state->registers[insn->dst_reg].max;
	if (!constant)
		b = state->registers[insn->src_reg].max;
	else
		b = wide ? (uint64_t)(int64_t)insn->imm : (uint32_t)insn->imm;
	if (wide && operation == EBPF_MOV && !constant)
		result.loaded = state->registers[insn->src_reg].loaded;
	else if (wide && operation == BPF_NEG)
		result.loaded = state->registers[insn->dst_reg].loaded;
	result.max = max_of_result(insn->code, a, b, constant);
	result.plain = is_plain(insn, state) && result.max <= INT32_MAX;
	return write_register(checker, pc, state, insn->dst_reg, result);
}

/* A constant of 64 bits, in two places. */
static int check_constant(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	uint64_t value;

	if (pc + 1 >= checker->text.nb_insns || insn[1].code != 0 || insn[1].dst_reg != 0 || insn[1].src_reg != 0 ||
	    insn[1].off != 0)
		return program_refuse(&checker->text, pc, "a constant of 64 bits without its second half");
	if (insn->src_reg != 0 || insn->off != 0)
		return program_refuse_field(&checker->text, pc);
	value = (uint32_t)insn->imm | (uint64_t)(uint32_t)insn[1].imm << 32;
	return write_register(checker, pc, state, insn->dst_reg, (struct value){ .kind = NUMBER, .max = value });
}

static int check_call(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	const struct value *context = &state->registers[EBPF_REG_1];

	if (insn->dst_reg != 0 || insn->src_reg != 0 || insn->off != 0)
		return program_refuse_field(&checker->text, pc);
	if (insn->imm < 0 || insn->imm >= TRACE_NB_HELPERS)
		return program_refuse(&checker->text, pc,
				      "a call of %d: expected 0 to %d", insn->imm, TRACE_NB_HELPERS - 1);
	if (context->kind != CONTEXT || context->min != 0 || context->max != 0)
		return program_refuse(&checker->text, pc, "a call without the context in r1");
	if (need_number(checker, pc, state, EBPF_REG_2) != 0 || need_number(checker, pc, state, EBPF_REG_3) != 0)
		return -1;
	for (unsigned int reg = EBPF_REG_1; reg <= EBPF_REG_5; reg++)
		state->registers[reg].kind = NOTHING;
	return write_register(checker, pc, state, EBPF_REG_0, any_number);
}

static struct value meet(struct value a, struct value b)
{
	if (a.kind != b.kind)
		return (struct value){ .kind = NOTHING };
	a.min = RTE_MIN(a.min, b.min);
	a.max = RTE_MAX(a.max, b.max);
	a.plain = a.plain && b.plain;
	a.loaded = a.loaded && b.loaded;
	return a;
}

static void merge(struct state *into, const struct state *from)
{
	if (!into->reached) {
		*into = *from;
		into->reached = true;
		return;
	}
	for (uint32_t i = 0; i < NB_VALUES; i++)
		into->registers[i] = meet(into->registers[i], from->registers[i]);
	for (uint32_t i = 0; i < NB_SLOTS; i++) {
		into->written[i] &= from->written[i];
		if (into->written[i] == 0)
			continue;
		into->slots[i] = meet(into->slots[i], from->slots[i]);
		if (into->slots[i].kind == NOTHING)
			into->written[i] = 0;
	}
}

/* What an unsigned comparison with a constant says about the number, on the way where it says that. */
static void narrow(const struct ebpf_insn *insn, struct state *taken, struct state *next)
{
	uint64_t constant = (uint64_t)(int64_t)insn->imm;
	struct state *state = taken;

	if (BPF_SRC(insn->code) != BPF_K)
		return;
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
	case EBPF_JLE:
		break;
	case EBPF_JLT:
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
	/* 0 - 1: nothing is below 0, so nothing goes that way, and whatever is known of it holds. */
	if (state->registers[insn->dst_reg].max <= constant)
		return;
	state->registers[insn->dst_reg].max = constant;
	state->registers[insn->dst_reg].plain = false;
}

static int check_jump(const struct checker *checker, uint32_t pc, struct state *state)
{
	const struct ebpf_insn *insn = &checker->text.insns[pc];
	bool constant = BPF_SRC(insn->code) == BPF_K;
	bool always = insn->code == (BPF_JMP | BPF_JA);
	struct state next;
	uint32_t target;

	if (program_form_of_jump(&checker->text, pc) != 0)
		return -1;
	if (insn->code == (BPF_JMP | EBPF_EXIT))
		return need_number(checker, pc, state, EBPF_REG_0);
	target = pc + 1 + (uint32_t)insn->off;
	if (!always) {
		if (pc == 0)
			return program_refuse(&checker->text, pc, "a conditional jump as the first instruction");
		if (need_number(checker, pc, state, insn->dst_reg) != 0 ||
		    (!constant && need_number(checker, pc, state, insn->src_reg) != 0))
			return -1;
		/* A comparison with 0 tells no more than the sign. */
		if (!constant)
			state->registers[insn->src_reg].loaded = false;
		if (!constant || insn->imm != 0)
			state->registers[insn->dst_reg].loaded = false;
		next = *state;
		narrow(insn, state, &next);
		merge(&checker->states[pc + 1], &next);
	}
	merge(&checker->states[target], state);
	return 0;
}

static int check_insn(const struct checker *checker, uint32_t pc, struct state *state, uint32_t *slots)
{
	uint8_t code = checker->text.insns[pc].code;
	int result;

	switch (BPF_CLASS(code)) {
	case BPF_JMP:
		if (code != (BPF_JMP | EBPF_CALL))
			return check_jump(checker, pc, state);
		result = check_call(checker, pc, state);
		break;
	case BPF_ALU:
	case EBPF_ALU64:
		result = check_alu(checker, pc, state);
		break;
	case BPF_LDX:
		result = BPF_MODE(code) != BPF_MEM ? program_refuse_opcode(&checker->text, pc)
								    : check_load(checker, pc, state);
		break;
	case BPF_ST:
	case BPF_STX:
		result = BPF_MODE(code) != BPF_MEM ? program_refuse_opcode(&checker->text, pc)
								    : check_store(checker, pc, state);
		break;
	case BPF_LD:
		result = code != LDDW ? program_refuse_opcode(&checker->text, pc) : check_constant(checker, pc, state);
		*slots = 2;
		break;
	default:
		return program_refuse_opcode(&checker->text, pc);
	}
	if (result == 0 && pc + *slots < checker->text.nb_insns)
		merge(&checker->states[pc + *slots], state);
	return result;
}

static int check_all(const struct checker *checker)
{
	struct state *first = &checker->states[0];
	uint32_t last = checker->text.nb_insns - 1;
	uint32_t slots;

	if (checker->text.insns[last].code != (BPF_JMP | EBPF_EXIT))
		return program_refuse(&checker->text, last, "expected exit as the last instruction");
	first->registers[EBPF_REG_1] = (struct value){ .kind = CONTEXT, .plain = true };
	first->reached = true;
	for (uint32_t pc = 0; pc < checker->text.nb_insns; pc += slots) {
		struct state state = checker->states[pc];

		slots = 1;
		if (!state.reached)
			return program_refuse(&checker->text, pc, "no way leads here");
		if (check_insn(checker, pc, &state, &slots) != 0)
			return -1;
		if (slots == 2 && checker->states[pc + 1].reached)
			return program_refuse(&checker->text, pc + 1, "a jump into a constant of 64 bits");
	}
	return 0;
}

int trace_check(const struct ebpf_insn *insns, uint32_t nb_insns, uint32_t context_bytes, uint32_t *masks, char *error,
		size_t error_size)
{
	struct checker checker = {
		.text = { .insns = insns, .nb_insns = nb_insns, .error = error, .error_size = error_size },
		.context_bytes = context_bytes,
		.masks = masks,
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
