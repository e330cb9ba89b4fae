/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interpreter for processes without librte_bpf. It runs checked programs only, so addresses and jumps need no look;
 * a packet load outside the packet ends the program with 0, and so does a division by zero.
 */
#include <string.h>

#include <rte_byteorder.h>

#include "program.h"

struct machine {
	uint64_t r[11];
	uint8_t stack[512] __rte_aligned(8);
};

static bool load_packet(const struct rte_mbuf *mbuf, uint32_t offset, uint32_t bytes, uint64_t *value)
{
	uint32_t got = 0;
	uint32_t result = 0;

	if (offset > mbuf->pkt_len || mbuf->pkt_len - offset < bytes)
		return false;
	for (const struct rte_mbuf *segment = mbuf; segment != NULL && got < bytes; segment = segment->next) {
		const uint8_t *data = rte_pktmbuf_mtod(segment, const uint8_t *);

		for (; offset < segment->data_len && got < bytes; offset++, got++)
			result = result << 8 | data[offset];
		offset -= RTE_MIN(offset, (uint32_t)segment->data_len);
	}
	*value = result;
	return got == bytes;
}

static uint64_t load_memory(const void *from, uint8_t code)
{
	uint64_t value = 0;
	static const size_t bytes[] = { 4, 2, 1, 8 };

	memcpy(&value, from, bytes[(code >> 3) & 3]);
	return value;
}

static void store_memory(void *to, uint8_t code, uint64_t value)
{
	static const size_t bytes[] = { 4, 2, 1, 8 };

	memcpy(to, &value, bytes[(code >> 3) & 3]);
}

static uint64_t swap(uint64_t value, int32_t bits, bool big_endian)
{
	if (bits == 16)
		return big_endian ? rte_bswap16((uint16_t)value) : (uint16_t)value;
	if (bits == 32)
		return big_endian ? rte_bswap32((uint32_t)value) : (uint32_t)value;
	return big_endian ? rte_bswap64(value) : value;
}

/* False: division by zero. */
static bool compute(uint8_t op, bool wide, uint64_t *dst, uint64_t src)
{
	uint64_t a = wide ? *dst : (uint32_t)*dst;
	uint64_t b = wide ? src : (uint32_t)src;
	uint32_t shift = (uint32_t)b & (wide ? 63 : 31);

	switch (op) {
	case 0x00: a += b; break;
	case 0x10: a -= b; break;
	case 0x20: a *= b; break;
	case 0x30:
		if (b == 0)
			return false;
		a /= b;
		break;
	case 0x40: a |= b; break;
	case 0x50: a &= b; break;
	case 0x60: a <<= shift; break;
	case 0x70: a >>= shift; break;
	case 0x80: a = -a; break;
	case 0x90:
		if (b == 0)
			return false;
		a %= b;
		break;
	case 0xa0: a ^= b; break;
	case 0xb0: a = b; break;
	case 0xc0: a = wide ? (uint64_t)((int64_t)a >> shift) : (uint64_t)(uint32_t)((int32_t)a >> shift); break;
	}
	*dst = wide ? a : (uint32_t)a;
	return true;
}

static bool holds(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case 0x10: return a == b;
	case 0x20: return a > b;
	case 0x30: return a >= b;
	case 0x40: return (a & b) != 0;
	case 0x50: return a != b;
	case 0x60: return (int64_t)a > (int64_t)b;
	case 0x70: return (int64_t)a >= (int64_t)b;
	case 0xa0: return a < b;
	case 0xb0: return a <= b;
	case 0xc0: return (int64_t)a < (int64_t)b;
	case 0xd0: return (int64_t)a <= (int64_t)b;
	default: return true; /* ja */
	}
}

uint64_t program_interpret(const struct program *program, const struct rte_mbuf *mbuf)
{
	static const uint32_t packet_bytes[] = { 4, 2, 1 };
	struct machine m = { 0 };
	const struct program_insn *insn = program->insns;

	m.r[10] = (uintptr_t)m.stack + sizeof(m.stack);
	m.r[1] = (uintptr_t)mbuf;
	for (;; insn++) {
		uint64_t src = (insn->code & 8) != 0 ? m.r[insn->src] : (uint64_t)(int64_t)insn->imm;
		uint32_t offset = (uint32_t)insn->imm;

		switch (insn->code & 7) {
		case 0: /* packet load */
			if ((insn->code & 0xe0) == 0x40)
				offset += (uint32_t)m.r[insn->src];
			if (!load_packet(mbuf, offset, packet_bytes[(insn->code >> 3) & 3], &m.r[0]))
				return 0;
			break;
		case 1: /* LDX */
			m.r[insn->dst] = load_memory((const void *)(uintptr_t)(m.r[insn->src] + (uint64_t)insn->off),
						     insn->code);
			break;
		case 2: /* ST */
		case 3: /* STX */
			store_memory((void *)(uintptr_t)(m.r[insn->dst] + (uint64_t)insn->off), insn->code,
				     (insn->code & 7) == 3 ? m.r[insn->src] : (uint64_t)(int64_t)insn->imm);
			break;
		case 4: /* ALU */
			if ((insn->code & 0xf0) == 0xd0)
				m.r[insn->dst] = swap(m.r[insn->dst], insn->imm, (insn->code & 8) != 0);
			else if (!compute(insn->code & 0xf0, false, &m.r[insn->dst], src))
				return 0;
			break;
		case 7: /* ALU64 */
			if (!compute(insn->code & 0xf0, true, &m.r[insn->dst], src))
				return 0;
			break;
		case 5: /* JMP */
			if ((insn->code & 0xf0) == 0x90)
				return m.r[0];
			if (holds(insn->code & 0xf0, m.r[insn->dst], src))
				insn += insn->off;
			break;
		}
	}
}
