/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What instructions must look like in every program that the agent takes, whatever their registers hold, and how a program
 * is refused. What registers and memory hold is for program_check.c and trace_check.c.
 */
#ifndef HONE_PROGRAM_FORM_H
#define HONE_PROGRAM_FORM_H

#include <stddef.h>
#include <stdint.h>

#include "program.h"

#define STACK EBPF_REG_10
#define STACK_BYTES 512
#define NB_VALUES 10 /* r0 to r9 */

/* A program that is checked, and where to say why it is refused. */
struct program_text {
	const struct ebpf_insn *insns;
	uint32_t nb_insns;
	char *error;
	size_t error_size;
};

/* All of these give 0, or -1 with a line of text. */

__attribute__((format(printf, 3, 4))) int program_refuse(const struct program_text *text, uint32_t pc,
							 const char *format, ...);
/* librte_bpf's load() gave no program just now. Its reason in words goes to the log of the application alone. */
int program_refuse_of_library(const struct program_text *text, const struct program_api *api);
int program_refuse_opcode(const struct program_text *text, uint32_t pc);
int program_refuse_field(const struct program_text *text, uint32_t pc);

/* How many instructions there are. */
int program_form_of_length(const struct program_text *text);

/* Arithmetic, moves and byte swaps. */
int program_form_of_alu(const struct program_text *text, uint32_t pc);

/* Jumps and the exit, calls aside. A jump's target is an instruction behind it. */
int program_form_of_jump(const struct program_text *text, uint32_t pc);

/* An access of so many bytes to the stack. */
int program_form_of_slot(const struct program_text *text, uint32_t pc, int16_t offset, uint32_t bytes);

/* Of a load or a store. */
uint32_t program_access_bytes(uint8_t code);

#endif
