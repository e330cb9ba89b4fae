/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine for processes without librte_bpf. Relies on program_check() or trace_check(): registers, stack, mbuf fields, the
 * context and the numbers of helpers need no look here; loads from the packet are checked against the segments that are
 * really there.
 */
#include <string.h>

#include "program.h"

#define NB_REGISTERS 11
#define STACK_BYTES 512

/* Up to 4 bytes of a packet in network byte order; false when they do not all lie inside. */
static bool load_packet(const struct rte_mbuf *mbuf, uint64_t offset, uint32_t bytes, uint64_t *value)
{
	const struct rte_mbuf *segment = mbuf;
	uint64_t result = 0;

	if (offset + bytes > mbuf->pkt_len)
		return false;
	while (segment != NULL && offset >= segment->data_len) {
		offset -= segment->data_len;
		segment = segment->next;
	}
	while (bytes != 0) {
		if (segment == NULL)
			return false;
		if (offset == segment->data_len) {
			segment = segment->next;
			offset = 0;
			continue;
		}
		result = result << 8 | *rte_pktmbuf_mtod_offset(segment, const uint8_t *, offset);
		offset++;
		bytes--;
	}
	*value = result;
	return true;
}

static uint64_t load_memory(const uint8_t *from, uint8_t size)
{
	union {
		uint8_t b;
		uint16_t h;
		uint32_t w;
		uint64_t d;
	} value;

	switch (size) {
	case BPF_B:
		return *from;
	case BPF_H:
		memcpy(&value.h, from, sizeof(value.h));
		return value.h;
	case BPF_W:
		memcpy(&value.w, from, sizeof(value.w));
		return value.w;
	default:
		memcpy(&value.d, from, sizeof(value.d));
		return value.d;
	}
}

static void store_memory(uint8_t *to, uint8_t size, uint64_t value)
{
	const uint16_t h = (uint16_t)value;
	const uint32_t w = (uint32_t)value;

	switch (size) {
	case BPF_B:
		*to = (uint8_t)value;
		break;
	case BPF_H:
		memcpy(to, &h, sizeof(h));
		break;
	case BPF_W:
		memcpy(to, &w, sizeof(w));
		break;
	default:
		memcpy(to, &value, sizeof(value));
	}
}

static uint64_t swap_bytes(uint64_t value, int32_t bits, bool to_big_endian)
{
	bool swap = to_big_endian == (RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN);

	switch (bits) {
	case 16:
		return swap ? __builtin_bswap16((uint16_t)value) : (uint16_t)value;
	case 32:
		return swap ? __builtin_bswap32((uint32_t)value) : (uint32_t)value;
	default:
		return swap ? __builtin_bswap64(value) : value;
	}
}

/* The operations that are the same in 32 and 64 bits once the operands are cut; division by 0 was dealt with. */
static uint64_t operate(uint8_t operation, uint64_t a, uint64_t b)
{
	switch (operation) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_MOD:
		return a % b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_NEG:
		return -a;
	default:
		return b;
	}
}

static uint64_t shift(uint8_t operation, uint64_t a, uint64_t b, bool wide)
{
	b &= wide ? 63 : 31;
	switch (operation) {
	case BPF_LSH:
		return a << b;
	case BPF_RSH:
		return a >> b;
	default:
		return wide ? (uint64_t)((int64_t)a >> b) : (uint32_t)((int32_t)(uint32_t)a >> b);
	}
}

/* False for a division by zero. */
static bool alu(const struct ebpf_insn *insn, uint64_t *registers)
{
	bool wide = BPF_CLASS(insn->code) == EBPF_ALU64;
	uint8_t operation = BPF_OP(insn->code);
	uint64_t a = registers[insn->dst_reg];
	uint64_t b = BPF_SRC(insn->code) == BPF_X ? registers[insn->src_reg] : (uint64_t)(int64_t)insn->imm;
	uint64_t result;

	if (operation == EBPF_END) {
		registers[insn->dst_reg] = swap_bytes(a, insn->imm, BPF_SRC(insn->code) == EBPF_TO_BE);
		return true;
	}
	if (!wide) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	if ((operation == BPF_DIV || operation == BPF_MOD) && b == 0)
		return false;
	if (operation == BPF_LSH || operation == BPF_RSH || operation == EBPF_ARSH)
		result = shift(operation, a, b, wide);
	else
		result = operate(operation, a, b);
	registers[insn->dst_reg] = wide ? result : (uint32_t)result;
	return true;
}

static bool holds(uint8_t operation, uint64_t a, uint64_t b)
{
	switch (operation) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == b;
	case EBPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case EBPF_JLT:
		return a < b;
	case EBPF_JLE:
		return a <= b;
	case BPF_JSET:
		return (a & b) != 0;
	case EBPF_JSGT:
		return (int64_t)a > (int64_t)b;
	case EBPF_JSGE:
		return (int64_t)a >= (int64_t)b;
	case EBPF_JSLT:
		return (int64_t)a < (int64_t)b;
	default:
		return (int64_t)a <= (int64_t)b;
	}
}

/* From the packet of the mbuf in r6 into r0; false when it is not there. */
static bool load_absolute(const struct ebpf_insn *insn, uint64_t *registers)
{
	const struct rte_mbuf *mbuf = (const struct rte_mbuf *)(uintptr_t)registers[EBPF_REG_6];
	uint32_t bytes = BPF_SIZE(insn->code) == BPF_B ? 1 : BPF_SIZE(insn->code) == BPF_H ? 2 : 4;
	uint64_t offset = (uint32_t)insn->imm;

	if (BPF_MODE(insn->code) == BPF_IND)
		offset += registers[insn->src_reg];
	return load_packet(mbuf, offset, bytes, &registers[EBPF_REG_0]);
}

static uint8_t *address_of(const uint64_t *registers, uint8_t base, int16_t offset)
{
	return (uint8_t *)(uintptr_t)registers[base] + offset;
}

uint64_t program_interpret(const struct ebpf_insn *insns, void *argument, const program_helper *helpers)
{
	uint64_t registers[NB_REGISTERS] = { 0 };
	uint64_t stack[STACK_BYTES / 8];

	registers[EBPF_REG_1] = (uintptr_t)argument;
	registers[EBPF_REG_10] = (uintptr_t)stack + STACK_BYTES;
	for (const struct ebpf_insn *insn = insns;; insn++) {
		uint64_t operand =
			BPF_SRC(insn->code) == BPF_X ? registers[insn->src_reg] : (uint64_t)(int64_t)insn->imm;

		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			if (BPF_MODE(insn->code) == BPF_IMM) {
				registers[insn->dst_reg] = (uint32_t)insn->imm | (uint64_t)(uint32_t)insn[1].imm << 32;
				insn++;
			} else if (!load_absolute(insn, registers)) {
				return 0;
			}
			break;
		case BPF_LDX:
			registers[insn->dst_reg] =
				load_memory(address_of(registers, insn->src_reg, insn->off), BPF_SIZE(insn->code));
			break;
		case BPF_ST:
			store_memory(address_of(registers, insn->dst_reg, insn->off), BPF_SIZE(insn->code),
				     (uint64_t)(int64_t)insn->imm);
			break;
		case BPF_STX:
			store_memory(address_of(registers, insn->dst_reg, insn->off), BPF_SIZE(insn->code),
				     registers[insn->src_reg]);
			break;
		case BPF_JMP:
			if (insn->code == (BPF_JMP | EBPF_EXIT))
				return registers[EBPF_REG_0];
			if (insn->code == (BPF_JMP | EBPF_CALL))
				registers[EBPF_REG_0] = helpers[insn->imm](registers[EBPF_REG_1], registers[EBPF_REG_2],
									   registers[EBPF_REG_3], registers[EBPF_REG_4],
									   registers[EBPF_REG_5]);
			else if (holds(BPF_OP(insn->code), registers[insn->dst_reg], operand))
				insn += insn->off;
			break;
		default:
			if (!alu(insn, registers))
				return 0;
		}
	}
}
