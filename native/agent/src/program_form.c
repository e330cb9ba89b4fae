/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Some rules are there for defects of librte_bpf 22.11. Its x86 JIT encodes a bit test with a constant of one byte wrongly, so
 * that the code behind it is garbage; its jumps back by 127 or 128 bytes, which only an exit behind another one makes,
 * go forward instead; and it divides a register by itself without a look at it: by 0, that is the end of the application.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "program_form.h"

int program_refuse(const struct program_text *text, uint32_t pc, const char *format, ...)
{
	va_list arguments;
	int used;

	used = snprintf(text->error, text->error_size, "instruction %u: ", pc);
	if (used >= 0 && (size_t)used < text->error_size) {
		va_start(arguments, format);
		vsnprintf(text->error + used, text->error_size - (size_t)used, format, arguments);
		va_end(arguments);
	}
	return -1;
}

int program_refuse_of_library(const struct program_text *text, const struct program_api *api)
{
	const int *error = api->error == NULL ? NULL : api->error();
	const char *reason = error == NULL ? "no reason is known" : strerror(*error);

	snprintf(text->error, text->error_size, "librte_bpf refuses the program of %u instructions: %s", text->nb_insns,
		 reason);
	return -1;
}

int program_refuse_opcode(const struct program_text *text, uint32_t pc)
{
	return program_refuse(text, pc, "unknown opcode 0x%02x", text->insns[pc].code);
}

int program_refuse_field(const struct program_text *text, uint32_t pc)
{
	return program_refuse(text, pc, "a field that is not used is not 0");
}

int program_form_of_length(const struct program_text *text)
{
	if (text->nb_insns < 2 || text->nb_insns > PROGRAM_MAX_INSNS) {
		snprintf(text->error, text->error_size, "program of %u instructions: expected 2 to %u", text->nb_insns,
			 PROGRAM_MAX_INSNS);
		return -1;
	}
	return 0;
}

static int form_of_swap(const struct program_text *text, uint32_t pc)
{
	const struct ebpf_insn *insn = &text->insns[pc];

	if (BPF_CLASS(insn->code) != BPF_ALU)
		return program_refuse_opcode(text, pc);
	if (insn->src_reg != 0 || insn->off != 0)
		return program_refuse_field(text, pc);
	if (insn->imm != 16 && insn->imm != 32 && insn->imm != 64)
		return program_refuse(text, pc, "a byte swap of %d bits: expected 16, 32 or 64", insn->imm);
	return 0;
}

int program_form_of_alu(const struct program_text *text, uint32_t pc)
{
	const struct ebpf_insn *insn = &text->insns[pc];
	const int32_t most = BPF_CLASS(insn->code) == EBPF_ALU64 ? 63 : 31;
	const bool constant = BPF_SRC(insn->code) == BPF_K;
	const uint8_t operation = BPF_OP(insn->code);
	const bool divides = operation == BPF_DIV || operation == BPF_MOD;
	const bool shifts = operation == BPF_LSH || operation == BPF_RSH || operation == EBPF_ARSH;

	if (operation == EBPF_END)
		return form_of_swap(text, pc);
	if (operation > EBPF_END || (operation == BPF_NEG && !constant))
		return program_refuse_opcode(text, pc);
	if (insn->off != 0 || (constant ? insn->src_reg != 0 : insn->imm != 0) ||
	    (operation == BPF_NEG && insn->imm != 0))
		return program_refuse_field(text, pc);
	if (constant && divides && insn->imm == 0)
		return program_refuse(text, pc, "division by a constant 0");
	if (!constant && divides && insn->src_reg == insn->dst_reg)
		return program_refuse(text, pc, "r%u divided by itself", insn->dst_reg);
	if (constant && shifts && (insn->imm < 0 || insn->imm > most))
		return program_refuse(text, pc, "a shift by %d bits: expected 0 to %d", insn->imm, most);
	return 0;
}

static int form_of_exit(const struct program_text *text, uint32_t pc)
{
	const struct ebpf_insn *insn = &text->insns[pc];

	if (pc != text->nb_insns - 1)
		return program_refuse(text, pc, "an exit before the end of the program");
	if (insn->dst_reg != 0 || insn->src_reg != 0 || insn->off != 0 || insn->imm != 0)
		return program_refuse_field(text, pc);
	return 0;
}

int program_form_of_jump(const struct program_text *text, uint32_t pc)
{
	const struct ebpf_insn *insn = &text->insns[pc];
	const bool constant = BPF_SRC(insn->code) == BPF_K;
	const bool always = insn->code == (BPF_JMP | BPF_JA);

	if (insn->code == (BPF_JMP | EBPF_EXIT))
		return form_of_exit(text, pc);
	if (BPF_OP(insn->code) > EBPF_JSLE || BPF_OP(insn->code) == EBPF_CALL || BPF_OP(insn->code) == EBPF_EXIT ||
	    (BPF_OP(insn->code) == BPF_JA && !always))
		return program_refuse_opcode(text, pc);
	if ((constant ? insn->src_reg != 0 : insn->imm != 0) || (always && (insn->dst_reg != 0 || insn->imm != 0)))
		return program_refuse_field(text, pc);
	if (BPF_OP(insn->code) == BPF_JSET && constant && insn->imm >= INT8_MIN && insn->imm <= INT8_MAX)
		return program_refuse(text, pc,
				      "a bit test with %d: expected a constant outside -128 to 127, or a register",
				      insn->imm);
	if (insn->off < 0 || pc + 1 + (uint32_t)insn->off >= text->nb_insns)
		return program_refuse(text, pc, "a jump by %d: expected forward and inside the program", insn->off);
	return 0;
}

int program_form_of_slot(const struct program_text *text, uint32_t pc, int16_t offset, uint32_t bytes)
{
	if (offset < -STACK_BYTES || offset + (int32_t)bytes > 0 || offset % (int32_t)bytes != 0)
		return program_refuse(text, pc, "%u bytes at %d: expected an aligned place in the %d bytes of stack",
				      bytes, offset, STACK_BYTES);
	return 0;
}

uint32_t program_access_bytes(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}
