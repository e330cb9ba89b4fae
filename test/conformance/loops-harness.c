/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's loops over a burst with native code that calls back here, which sees what each turn gives a program: packets
 * of every shape, with and without their length. Each buffer ends where a page begins that nobody may touch, and registers that
 * a function keeps for its caller hold known values. Writes how many turns it has seen, or what was wrong and ends with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guarded-packet.h"
#include "program.h"
#include "trace_writer.h"

#define NB_PACKETS 40
#define LONGEST_COUNTED 100
#define LONGEST 700
#define ROUNDS 60

static struct guarded_packet packets[NB_PACKETS];
static struct rte_mbuf *burst[LONGEST_COUNTED];
static struct trace_context *context;
static uint32_t wanted_bytes, turn;
static bool with_length;
static uint64_t turns;

static void fail(const char *what)
{
	printf("%s, at turn %u of %u bytes\n", what, turn, wanted_bytes);
	exit(1);
}

/* A program may change every register that a function may. */
static void spoil(void)
{
	asm volatile("mov $-1, %%rax\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n mov %%rax, %%rsi\n mov %%rax, %%rdi\n"
		     "mov %%rax, %%r8\n mov %%rax, %%r9\n mov %%rax, %%r10\n mov %%rax, %%r11\n pcmpeqd %%xmm0, %%xmm0\n" ::
			     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "memory");
}

static void check_call(const void *given)
{
	if (((uintptr_t)__builtin_frame_address(0) & 15) != 0)
		fail("the stack is not aligned");
	if (given != context)
		fail("another context");
	turns++;
}

static uint64_t count(struct trace_context *given)
{
	check_call(given);
	turn++;
	spoil();
	return 0;
}

static uint64_t look(struct trace_context *given)
{
	const struct guarded_packet *packet = &packets[turn];
	uint32_t bytes = RTE_MIN(packet->length, wanted_bytes);

	check_call(given);
	if (context->packet_bytes != bytes)
		fail("another number of bytes");
	if (memcmp(context->packet, packet->bytes, bytes) != 0)
		fail("other bytes");
	if (context->args[LEN] != (with_length ? packet->length : UINT64_MAX))
		fail("another length");
	memset(context->packet, 0xee, sizeof(context->packet));
	context->args[LEN] = UINT64_MAX;
	turn++;
	spoil();
	return 0;
}

/* sub $8, %rsp; movabs $function, %rax; call *%rax; add $8, %rsp; ret */
static struct rte_bpf_jit calling(uint64_t (*function)(struct trace_context *))
{
	static const uint8_t text[] = { 0x48, 0x83, 0xec, 8,	0x48, 0xb8, 0,	  0,	0, 0,	0,
					0,    0,    0,	  0xff, 0xd0, 0x48, 0x83, 0xc4, 8, 0xc3 };
	uint8_t *code = mmap(NULL, GUARD_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t address = (uintptr_t)function;

	memcpy(code, text, sizeof(text));
	memcpy(code + 6, &address, sizeof(address));
	return (struct rte_bpf_jit){ .func = (uint64_t(*)(void *))(uintptr_t)code, .sz = sizeof(text) };
}

/* Calls entry(a, b, c) with known values in what it has to keep; 0: they are what they were. */
extern uint64_t call_kept(uintptr_t entry, uintptr_t a, uintptr_t b, uintptr_t c);
asm(".pushsection .text\n"
    "call_kept:\n"
    "	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n	sub $8, %rsp\n"
    "	mov %rdi, %rax\n	mov %rsi, %rdi\n	mov %rdx, %rsi\n	mov %rcx, %rdx\n"
    "	mov $1, %ebx\n	mov $2, %ebp\n	mov $3, %r12d\n	mov $4, %r13d\n	mov $5, %r14d\n	mov $6, %r15d\n"
    "	call *%rax\n"
    "	mov %rbx, %rax\n	xor $1, %rax\n	xor $2, %rbp\n	or %rbp, %rax\n	xor $3, %r12\n	or %r12, %rax\n"
    "	xor $4, %r13\n	or %r13, %rax\n	xor $5, %r14\n	or %r14, %rax\n	xor $6, %r15\n	or %r15, %rax\n"
    "	add $8, %rsp\n	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n	ret\n"
    ".popsection\n");

static void make_packet(struct guarded_packet *packet)
{
	uint32_t nb_segments = below(3) == 0 ? 1 + below(GUARDED_MOST_SEGMENTS) : 1;

	guarded_packet_make(packet, below(2) == 0 ? below(100) : below(LONGEST), nb_segments, 299);
}

/* As the agent's. */
static void gather(struct trace_context *given, const struct rte_mbuf *mbuf, uint32_t packet_bytes,
		   uint64_t (*jit)(void *context))
{
	const uint32_t whole = mbuf->pkt_len;

	if (((uintptr_t)__builtin_frame_address(0) & 15) != 0)
		fail("the stack is not aligned for the gathering");
	given->packet_bytes = RTE_MIN(packet_bytes, mbuf->pkt_len);
	for (uint32_t at = 0; at < given->packet_bytes; mbuf = mbuf->next) {
		uint32_t part = RTE_MIN(given->packet_bytes - at, (uint32_t)mbuf->data_len);

		memcpy(given->packet + at, rte_pktmbuf_mtod(mbuf, const uint8_t *), part);
		at += part;
	}
	if (with_length)
		given->args[LEN] = whole;
	jit(given);
	spoil();
}

static void run(const struct program_loop *loop, uintptr_t b, uintptr_t c, uint32_t expected)
{
	if (loop->entry == 0)
		fail("no loop");
	turn = 0;
	if (call_kept(loop->entry, (uintptr_t)context, b, c) != 0)
		fail("a register was not kept");
	if (turn != expected)
		fail("another number of turns");
}

int main(void)
{
	const struct rte_bpf_jit counting = calling(count), looking = calling(look);
	struct program_loop counted = program_loop_counted(&counting);

	context = aligned_alloc(64, sizeof(*context));
	for (uint32_t n = 1; n <= LONGEST_COUNTED; n++)
		run(&counted, (uintptr_t)burst, (uintptr_t)(burst + n), n);
	program_loop_free(&counted);
	context->args[LEN] = UINT64_MAX;
	for (uint32_t i = 0; i <= 2 * HONE_MAX_TRACE_PACKET / 32 + 1; i++) {
		struct program_loop loop;

		wanted_bytes = i / 2 * 32;
		with_length = i % 2 != 0;
		loop = program_loop_of_heads(&looking, wanted_bytes, with_length, gather);
		for (uint32_t round = 0; round < ROUNDS; round++) {
			uint32_t n = 1 + below(NB_PACKETS);

			for (uint32_t k = 0; k < n; k++) {
				make_packet(&packets[k]);
				burst[k] = &packets[k].segments[0];
			}
			run(&loop, (uintptr_t)burst, (uintptr_t)(burst + n), n);
		}
		program_loop_free(&loop);
	}
	printf("%lu turns\n", turns);
	return 0;
}
