/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looks through the native code that librte_bpf made of a program: every jump must lead to the start of an instruction.
 * It does not show that the code is right.
 *
 * librte_bpf's x86 JIT passes over a program until the code's length stays the same, and chooses between jumps of 2 and of
 * 5 or 6 bytes by what the pass before had. When one jump gets shorter and another longer in the same pass, the length stays
 * the same although places moved: jumps then lead into the middle of instructions. `geneve or ip` was such a program.
 * Code with an instruction that is not known here counts as bad, so that the program runs in an interpreter instead.
 */
#include <stdlib.h>
#include <string.h>

#include "program.h"

#if defined(__x86_64__)

struct code {
	const uint8_t *bytes;
	size_t size;
};

/* Bytes of ModRM, SIB and displacement at `at`. */
static size_t operand_bytes(const struct code *code, size_t at)
{
	uint8_t modrm = code->bytes[at];
	uint8_t mod = modrm >> 6, rm = modrm & 7;
	size_t bytes = 1;

	if (mod == 3)
		return bytes;
	if (rm == 4) {
		bytes++;
		if (mod == 0 && (code->bytes[at + 1] & 7) == 5)
			bytes += 4;
	} else if (mod == 0 && rm == 5) {
		return code->size; /* relative to where the code stands: librte_bpf makes none, so it counts as unknown */
	}
	return bytes + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* Gives the length of the instruction at `at`, 0 for an unknown one, and how many of its last bytes are a jump's way. */
static size_t insn_bytes(const struct code *code, size_t start, size_t *way)
{
	size_t at = start;
	bool short_operand = false, wide = false;
	uint8_t opcode;

	*way = 0;
	while (code->bytes[at] == 0x66 || code->bytes[at] == 0xf0)
		short_operand |= code->bytes[at++] == 0x66;
	if ((code->bytes[at] & 0xf0) == 0x40)
		wide = (code->bytes[at++] & 8) != 0;
	opcode = code->bytes[at++];
	if (opcode == 0x0f) {
		opcode = code->bytes[at++];
		if ((opcode & 0xf0) == 0x80) {
			*way = 4;
			return at + 4 - start;
		}
		if ((opcode & 0xf8) == 0xc8) /* bswap */
			return at - start;
		if ((opcode & 0xf0) == 0x40 || (opcode & 0xf6) == 0xb6 || opcode == 0xb0 || opcode == 0xb1 ||
		    opcode == 0xc0 || opcode == 0xc1)
			return at + operand_bytes(code, at) - start;
		return 0;
	}
	if ((opcode & 0xf0) == 0x70 || opcode == 0xeb) {
		*way = 1;
		return at + 1 - start;
	}
	if (opcode == 0xe9) {
		*way = 4;
		return at + 4 - start;
	}
	if ((opcode & 0xf0) == 0x50 || opcode == 0xc3 || opcode == 0x90) /* push, pop, ret, nop */
		return at - start;
	if ((opcode & 0xf8) == 0xb8)
		return at + (wide ? 8 : 4) - start;
	switch (opcode) {
	case 0x80: /* an operation with 8 bits */
	case 0x83:
	case 0xc0: /* shifts */
	case 0xc1:
	case 0xc6: /* a store */
		return at + operand_bytes(code, at) + 1 - start;
	case 0x81:
	case 0xc7:
		return at + operand_bytes(code, at) + (short_operand ? 2 : 4) - start;
	case 0xf7: /* test has a constant; not, neg, mul and div have none */
		return at + operand_bytes(code, at) + ((code->bytes[at] & 0x30) == 0 ? 4 : 0) - start;
	case 0x63:
	case 0x84:
	case 0x85:
	case 0x86:
	case 0x87:
	case 0x88:
	case 0x89:
	case 0x8a:
	case 0x8b:
	case 0x8d:
	case 0xd1:
	case 0xd3:
	case 0xff:
		return at + operand_bytes(code, at) - start;
	default: /* add, or, and, sub, xor, cmp between registers and memory */
		return opcode < 0x40 && (opcode & 7) < 4 ? at + operand_bytes(code, at) - start : 0;
	}
}

static int64_t way_of(const struct code *code, size_t end, size_t bytes)
{
	int32_t way;

	if (bytes == 1)
		return (int8_t)code->bytes[end - 1];
	memcpy(&way, &code->bytes[end - 4], sizeof(way));
	return way;
}

/* Two looks at a copy with zeros behind it, so that a broken last instruction is not read beyond. */
static bool targets_are_starts(const struct code *code, uint8_t *starts)
{
	size_t length, way;

	for (size_t at = 0; at < code->size; at += length) {
		length = insn_bytes(code, at, &way);
		if (length == 0 || length > code->size - at)
			return false;
		starts[at] = 1;
	}
	for (size_t at = 0; at < code->size; at += length) {
		length = insn_bytes(code, at, &way);
		if (way != 0) {
			int64_t target = (int64_t)(at + length) + way_of(code, at + length, way);

			if (target < 0 || target >= (int64_t)code->size || starts[target] == 0)
				return false;
		}
	}
	return true;
}

#define LONGEST_INSN 16
#define RET 0xc3

static bool has_good_targets(const struct rte_bpf_jit *jit)
{
	uint8_t *copy = calloc(2, jit->sz + LONGEST_INSN);
	const struct code code = { .bytes = copy, .size = jit->sz };
	bool good;

	if (copy == NULL)
		return false;
	memcpy(copy, (const void *)(uintptr_t)jit->func, jit->sz);
	good = targets_are_starts(&code, copy + jit->sz + LONGEST_INSN);
	free(copy);
	return good;
}

/* A return, or a jump to an address in a register or in memory. */
static bool leaves(const struct code *code, size_t at)
{
	while (code->bytes[at] == 0x66 || code->bytes[at] == 0xf0)
		at++;
	if ((code->bytes[at] & 0xf0) == 0x40)
		at++;
	return code->bytes[at] == RET || (code->bytes[at] == 0xff && (code->bytes[at + 1] & 0x38) >= 0x20 &&
					  (code->bytes[at + 1] & 0x38) <= 0x28);
}

size_t program_native_body(const struct rte_bpf_jit *jit)
{
	const struct code code = { .bytes = (const uint8_t *)(uintptr_t)jit->func, .size = jit->sz };
	const size_t body = jit->sz - 1;
	size_t length, way;

	for (size_t at = 0; at < body; at += length) {
		length = insn_bytes(&code, at, &way);
		if (length == 0 || length > body - at || leaves(&code, at))
			return 0;
	}
	return code.bytes[body] == RET ? body : 0;
}

#else

size_t program_native_body(const struct rte_bpf_jit *jit)
{
	(void)jit;
	return 0;
}

static bool has_good_targets(const struct rte_bpf_jit *jit)
{
	(void)jit;
	return true;
}

#endif

struct rte_bpf_jit program_native(const struct program_api *api, const struct rte_bpf *bpf)
{
	struct rte_bpf_jit jit = { 0 };

	if (api->get_jit == NULL || api->get_jit(bpf, &jit) != 0 || jit.func == NULL || !has_good_targets(&jit))
		return (struct rte_bpf_jit){ 0 };
	return jit;
}
