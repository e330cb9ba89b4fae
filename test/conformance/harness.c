/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs programs over packets with each of the agent's engines, for engines.test.ts. Reads one little-endian stream:
 *
 *   u32 programs;  each: u32 instructions, then 8 bytes each
 *   u32 packets;   each: u64 ol_flags, u16 vlan_tci, u16 vlan_tci_outer, u32 bytes of a segment (0: one segment),
 *                  u32 length, then the bytes
 *
 * Writes for each program one line: "ok", "ok with direct loads" or the agent's refusal; then, after all lines, for each accepted program one
 * byte a packet: bit 0 JIT, bit 1 librte_bpf's interpreter, bit 2 our own, bit 3 JIT with direct loads where it can,
 * bit 4 that in a loop over a burst.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "harness-input.h"

#define NB_ENGINES 3
#define QUICK 3
#define LOOP 4
#define MAX_BURST 64

#if defined(__x86_64__)
#define HAS_LOOPS true
#else
#define HAS_LOOPS false
#endif
#define MAX_SEGMENTS 64

struct packet {
	uint64_t ol_flags;
	uint16_t vlan_tci;
	uint16_t vlan_tci_outer;
	uint32_t segment_bytes;
	uint32_t length;
	uint8_t *bytes;
};

static void *get(size_t bytes)
{
	void *memory = calloc(1, bytes == 0 ? 1 : bytes);

	if (memory == NULL)
		abort();
	return memory;
}

static struct packet take_packet(void)
{
	struct packet packet;

	take(&packet.ol_flags, sizeof(packet.ol_flags));
	take(&packet.vlan_tci, sizeof(packet.vlan_tci));
	take(&packet.vlan_tci_outer, sizeof(packet.vlan_tci_outer));
	packet.segment_bytes = take32();
	packet.length = take32();
	packet.bytes = get(packet.length);
	take(packet.bytes, packet.length);
	return packet;
}

/* A chain of mbufs over the packet's bytes; each segment lies at the end of its own allocation, so that address
 * sanitizer and valgrind see a read beyond it. */
static struct rte_mbuf *make_mbuf(const struct packet *packet)
{
	uint32_t step = packet->segment_bytes == 0 ? packet->length : packet->segment_bytes;
	struct rte_mbuf *first = get(sizeof(*first));
	struct rte_mbuf *last = first;
	uint32_t at = 0;

	if (step * (MAX_SEGMENTS - 1) < packet->length)
		step = packet->length;
	for (;;) {
		uint32_t bytes = RTE_MIN(step, packet->length - at);
		uint8_t *data = get(bytes);

		memcpy(data, packet->bytes + at, bytes);
		last->buf_addr = data;
		last->data_len = (uint16_t)bytes;
		first->nb_segs++;
		at += bytes;
		if (at == packet->length)
			break;
		last->next = get(sizeof(*last));
		last = last->next;
	}
	first->pkt_len = packet->length;
	first->ol_flags = packet->ol_flags;
	first->vlan_tci = packet->vlan_tci;
	first->vlan_tci_outer = packet->vlan_tci_outer;
	return first;
}

/* As the data path does. */
static uint64_t run_quick(const struct program *program, struct rte_mbuf *mbuf)
{
	uint64_t verdict = program->quick(mbuf);

	return verdict == PROGRAM_UNDECIDED ? program_run(program, mbuf) : verdict;
}

/* The packets that the loop selects, in bursts of 1 to MAX_BURST packets, get their bit. */
static void run_loop(const struct program *program, struct rte_mbuf **mbufs, uint32_t nb_packets, uint8_t *verdicts)
{
	const loop_select select = (loop_select)program->loop.entry;
	struct rte_mbuf *chosen[MAX_BURST];
	uint8_t order[MAX_BURST];
	uint32_t burst = 0;

	for (uint32_t first = 0; first < nb_packets; first += burst) {
		uint16_t found;

		burst = RTE_MIN(burst % MAX_BURST + 1, nb_packets - first);
		found = select(mbufs + first, mbufs + first + burst, chosen, order, program);
		for (uint16_t i = 0; i < found; i++) {
			if (chosen[i] != mbufs[first + order[i]] || (i > 0 && order[i] <= order[i - 1])) {
				fprintf(stderr, "harness: the loop gives packets and places that do not belong together\n");
				exit(1);
			}
			verdicts[first + order[i]] |= 1 << LOOP;
		}
	}
}

int main(void)
{
	const struct program_api apis[NB_ENGINES] = {
		{ .load = rte_bpf_load, .destroy = rte_bpf_destroy, .get_jit = rte_bpf_get_jit, .exec = rte_bpf_exec },
		{ .load = rte_bpf_load, .destroy = rte_bpf_destroy, .exec = rte_bpf_exec },
		{ 0 },
	};
	static const enum program_engine engines[NB_ENGINES] = {
		PROGRAM_JIT, PROGRAM_RTE_INTERPRETER, PROGRAM_OWN_INTERPRETER
	};
	uint32_t nb_programs = take32();
	struct program *(*programs)[NB_ENGINES] = get(nb_programs * sizeof(*programs));
	uint32_t nb_packets;
	struct rte_mbuf **mbufs;
	uint8_t *verdicts;

	for (uint32_t i = 0; i < nb_programs; i++) {
		uint32_t nb_insns = take32();
		/* One byte off: the agent gets its programs unaligned. */
		uint8_t *insns = (uint8_t *)get(nb_insns * 8 + 1) + 1;
		char error[256] = "ok";

		take(insns, nb_insns * 8);
		for (uint32_t j = 0; j < NB_ENGINES; j++) {
			if (program_load(&apis[j], insns, nb_insns, &programs[i][j], error, sizeof(error)) != 0) {
				programs[i][j] = NULL;
				break;
			}
			if (program_engine(programs[i][j]) != engines[j]) {
				snprintf(error, sizeof(error), "engine %u is not there", j);
				break;
			}
		}
		puts(strcmp(error, "ok") == 0 && programs[i][0]->quick != programs[i][0]->jit ? "ok with direct loads" : error);
		if (strcmp(error, "ok") != 0)
			programs[i][0] = NULL;
		if (HAS_LOOPS && programs[i][0] != NULL && programs[i][0]->loop.entry == 0) {
			fprintf(stderr, "harness: there is no loop of program %u\n", i);
			return 1;
		}
	}
	nb_packets = take32();
	mbufs = get(nb_packets * sizeof(*mbufs));
	for (uint32_t i = 0; i < nb_packets; i++) {
		struct packet packet = take_packet();

		mbufs[i] = make_mbuf(&packet);
	}
	verdicts = get(nb_packets);
	for (uint32_t i = 0; i < nb_programs; i++) {
		if (programs[i][0] == NULL)
			continue;
		for (uint32_t k = 0; k < nb_packets; k++) {
			verdicts[k] = 0;
			for (uint32_t j = 0; j < NB_ENGINES; j++)
				verdicts[k] |= (program_run(programs[i][j], mbufs[k]) != 0) << j;
			verdicts[k] |= (run_quick(programs[i][0], mbufs[k]) != 0) << QUICK;
			if (!HAS_LOOPS)
				verdicts[k] |= (verdicts[k] >> QUICK) << LOOP;
		}
		if (HAS_LOOPS)
			run_loop(programs[i][0], mbufs, nb_packets, verdicts);
		fwrite(verdicts, 1, nb_packets, stdout);
	}
	return 0;
}
