/* SPDX-License-Identifier: BSD-3-Clause */
#include "program_loop.h"
#include "program.h"

#include <sys/mman.h>

#if defined(__x86_64__)

#include <string.h>

#include "trace_writer.h"

#define MOVE_BYTES 16
#define MAX_MOVES 16
static_assert(MAX_MOVES * MOVE_BYTES == HONE_MAX_TRACE_PACKET, "moves");

/*
 * Loops up to where the program stands: copied, not run where they are. Two begin with addresses that are filled in, as is the
 * number of bytes of each packet. Behind the program comes a jump to `next`. What outlives a turn is in registers that a
 * program keeps for its caller, and the stack is where a call of the program would have it. `next` begins a cache line: in the
 * middle of one, a filter took 138 ticks a burst in place of 118.
 */
static __attribute__((used, noinline)) void templates(void)
{
	asm volatile(
		".pushsection .rodata\n"

		".balign 64\n"
		"hone_counted_begin:\n"
		"	push %%rbx\n"
		"	push %%rbp\n"
		"	mov %%rdi, %%rbx\n" /* context */
		"	mov %%rdx, %%rbp\n"
		"	sub %%rsi, %%rbp\n"
		"	shr $3, %%rbp\n" /* packets that are left */
		"	jmp 2f\n"
		"1:	pop %%rbp\n"
		"	pop %%rbx\n"
		"	ret\n"
		".balign 64\n"
		"hone_counted_next:\n"
		"	dec %%ebp\n"
		"	je 1b\n"
		"2:	mov %%rbx, %%rdi\n"
		"hone_counted_end:\n"

		".balign 64\n"
		"hone_heads_begin:\n"
		"3:	.quad 0\n" /* gather */
		"4:	.quad 0\n" /* the program, to be called */
		"hone_heads_entry:\n"
		"	push %%rbx\n"
		"	push %%rbp\n"
		"	push %%r12\n"
		"	push %%r13\n"
		"	mov %%rdi, %%r12\n" /* context */
		"	mov %%rsi, %%rbx\n" /* packet */
		"	mov %%rdx, %%rbp\n" /* end */
		"hone_heads_bytes:\n"
		"	mov $0x7fffffff, %%r13d\n" /* bytes of each */
		"	jmp 2f\n"
		/* Fewer bytes in the segment: copying what is behind them does no harm, if it is the only segment. */
		"5:	cmp %%ecx, %c[pkt_len](%%rsi)\n"
		"	jne 6f\n"
		"	movzwl %c[buf_len](%%rsi), %%edx\n"
		"	lea (%%rax, %%r13), %%edi\n"
		"	cmp %%edx, %%edi\n"
		"	ja 6f\n"
		"	mov %%ecx, %c[packet_bytes](%%r12)\n"
		"	jmp 7f\n"
		"6:	mov %%r12, %%rdi\n"
		"	mov %%r13d, %%edx\n"
		"	mov 4b(%%rip), %%rcx\n"
		"	sub $8, %%rsp\n"
		"	call *3b(%%rip)\n"
		"	add $8, %%rsp\n"
		"	jmp hone_heads_next\n"
		"1:	pop %%r13\n"
		"	pop %%r12\n"
		"	pop %%rbp\n"
		"	pop %%rbx\n"
		"	ret\n"
		".balign 64\n"
		"hone_heads_next:\n"
		"	add $8, %%rbx\n"
		"	cmp %%rbp, %%rbx\n"
		"	je 1b\n"
		"2:	mov (%%rbx), %%rsi\n"
		"	movzwl %c[data_len](%%rsi), %%ecx\n"
		"	movzwl %c[data_off](%%rsi), %%eax\n"
		"	cmp %%r13d, %%ecx\n"
		"	jb 5b\n"
		"	mov %%r13d, %c[packet_bytes](%%r12)\n"
		"7:	add %c[buf_addr](%%rsi), %%rax\n"
		"	mov %%r12, %%rdi\n"
		"hone_heads_end:\n"
		"	mov %c[pkt_len](%%rsi), %%ecx\n"
		"	mov %%rcx, %c[length](%%r12)\n"
		"hone_heads_moves:\n"
		".set hone_heads_at, 0\n"
		".rept %c[max_moves]\n"
		"	%{disp32%} movups hone_heads_at(%%rax), %%xmm0\n"
		"	%{disp32%} movups %%xmm0, %c[packet] + hone_heads_at(%%r12)\n"
		"	.set hone_heads_at, hone_heads_at + %c[move_bytes]\n"
		".endr\n"
		"hone_heads_moves_end:\n"

		".balign 64\n"
		"hone_select_begin:\n"
		"3:	.quad 0\n" /* decide */
		"hone_select_entry:\n"
		"	push %%rbx\n"
		"	push %%rbp\n"
		"	push %%r12\n"
		"	push %%r13\n"
		"	push %%r14\n"
		"	push %%r15\n"
		"	push %%rdx\n"
		"	push %%r8\n"
		"	mov %%rdi, %%rbx\n" /* packet */
		"	mov %%rsi, %%rbp\n" /* end */
		"	mov %%rdx, %%r12\n" /* chosen */
		"	mov %%rcx, %%r13\n" /* order */
		"	mov %%rdi, %%r14\n" /* the first packet */
		"	jmp 2f\n"
		"4:	cmp $%c[undecided], %%rax\n"
		"	jne 5f\n"
		"	mov (%%rsp), %%rdi\n"
		"	mov (%%rbx), %%rsi\n"
		"	sub $8, %%rsp\n"
		"	call *3b(%%rip)\n"
		"	add $8, %%rsp\n"
		"	test %%rax, %%rax\n"
		"	je 6f\n"
		"5:	mov (%%rbx), %%rax\n"
		"	mov %%rax, (%%r12)\n"
		"	add $8, %%r12\n"
		"	mov %%ebx, %%eax\n"
		"	sub %%r14d, %%eax\n"
		"	shr $3, %%eax\n"
		"	mov %%al, (%%r13)\n"
		"	inc %%r13\n"
		"	jmp 6f\n"
		"1:	pop %%r8\n"
		"	pop %%rdx\n"
		"	mov %%r12, %%rax\n"
		"	sub %%rdx, %%rax\n"
		"	shr $3, %%eax\n"
		"	pop %%r15\n"
		"	pop %%r14\n"
		"	pop %%r13\n"
		"	pop %%r12\n"
		"	pop %%rbp\n"
		"	pop %%rbx\n"
		"	ret\n"
		".balign 64\n"
		"hone_select_next:\n"
		"	test %%rax, %%rax\n"
		"	jne 4b\n"
		"6:	add $8, %%rbx\n"
		"	cmp %%rbp, %%rbx\n"
		"	je 1b\n"
		"2:	mov (%%rbx), %%rdi\n"
		"hone_select_end:\n"

		".popsection\n"
		:
		: [pkt_len] "i"(offsetof(struct rte_mbuf, pkt_len)), [data_len] "i"(offsetof(struct rte_mbuf, data_len)),
		  [data_off] "i"(offsetof(struct rte_mbuf, data_off)), [buf_len] "i"(offsetof(struct rte_mbuf, buf_len)),
		  [buf_addr] "i"(offsetof(struct rte_mbuf, buf_addr)),
		  [packet_bytes] "i"(offsetof(struct trace_context, packet_bytes)),
		  [packet] "i"(offsetof(struct trace_context, packet)),
		  [length] "i"(offsetof(struct trace_context, args[LEN])), [max_moves] "i"(MAX_MOVES),
		  [move_bytes] "i"(MOVE_BYTES),
		  [undecided] "i"((int64_t)PROGRAM_UNDECIDED));
}

extern const uint8_t hone_counted_begin[], hone_counted_next[], hone_counted_end[];
extern const uint8_t hone_heads_begin[], hone_heads_entry[], hone_heads_bytes[], hone_heads_next[], hone_heads_end[],
	hone_heads_moves[], hone_heads_moves_end[];
extern const uint8_t hone_select_begin[], hone_select_entry[], hone_select_next[], hone_select_end[];

#define OPCODE_JMP 0xe9
#define JUMP_BYTES 5
#define OPCODE_BYTES 2 /* of the instruction at hone_heads_bytes */

struct piece {
	const uint8_t *begin, *end;
};

#define MAX_PIECES 3

/* What is copied in front of a program, the piece with entry and next first, and what is filled in. */
struct part {
	struct piece pieces[MAX_PIECES];
	const uint8_t *entry, *next;
	const uintptr_t *addresses; /* that it begins with */
	size_t nb_addresses;
	const uint8_t *constant_at; /* NULL: there is none */
	uint32_t constant;
};

static size_t bytes_of(const struct piece *piece)
{
	return (size_t)(piece->end - piece->begin);
}

static size_t bytes_before_program(const struct part *part)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < MAX_PIECES; i++)
		bytes += bytes_of(&part->pieces[i]);
	return bytes;
}

static uint8_t *append(uint8_t *to, const void *from, size_t bytes)
{
	if (bytes != 0)
		memcpy(to, from, bytes);
	return to + bytes;
}

static void fill(uint8_t *code, const struct part *part, const struct rte_bpf_jit *jit, size_t body)
{
	const uint8_t *begin = part->pieces[0].begin;
	uint8_t *to = code;
	int32_t way;

	for (uint32_t i = 0; i < MAX_PIECES; i++)
		to = append(to, part->pieces[i].begin, bytes_of(&part->pieces[i]));
	to = append(to, (const void *)(uintptr_t)jit->func, body);
	way = (int32_t)((part->next - begin) - (to + JUMP_BYTES - code));
	to = append(to, &(uint8_t){ OPCODE_JMP }, 1);
	append(to, &way, sizeof(way));
	append(code, part->addresses, part->nb_addresses * sizeof(part->addresses[0]));
	if (part->constant_at != NULL)
		append(code + (part->constant_at - begin), &part->constant, sizeof(part->constant));
}

static struct program_loop make(const struct part *part, const struct rte_bpf_jit *jit)
{
	const size_t body = jit->func == NULL ? 0 : program_native_body(jit);
	const size_t bytes = bytes_before_program(part) + body + JUMP_BYTES;
	struct program_loop loop = { .bytes = bytes };

	if (body == 0)
		return (struct program_loop){ 0 };
	loop.memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (loop.memory == MAP_FAILED)
		return (struct program_loop){ 0 };
	fill(loop.memory, part, jit, body);
	if (mprotect(loop.memory, bytes, PROT_READ | PROT_EXEC) != 0)
		program_loop_free(&loop);
	else
		loop.entry = (uintptr_t)loop.memory + (uintptr_t)(part->entry - part->pieces[0].begin);
	return loop;
}

struct program_loop program_loop_counted(const struct rte_bpf_jit *jit)
{
	const struct part part = {
		.pieces = { { hone_counted_begin, hone_counted_end } },
		.entry = hone_counted_begin,
		.next = hone_counted_next,
	};

	return make(&part, jit);
}

struct program_loop program_loop_of_heads(const struct rte_bpf_jit *jit, uint32_t packet_bytes, bool with_length,
					  loop_gather gather)
{
	const uintptr_t addresses[] = { (uintptr_t)gather, (uintptr_t)jit->func };
	const ptrdiff_t bytes_of_move = (hone_heads_moves_end - hone_heads_moves) / MAX_MOVES;
	const struct part part = {
		.pieces = {
			{ hone_heads_begin, hone_heads_end },
			{ hone_heads_end, with_length ? hone_heads_moves : hone_heads_end },
			{ hone_heads_moves, hone_heads_moves + packet_bytes / MOVE_BYTES * bytes_of_move },
		},
		.entry = hone_heads_entry,
		.next = hone_heads_next,
		.addresses = addresses,
		.nb_addresses = RTE_DIM(addresses),
		.constant_at = hone_heads_bytes + OPCODE_BYTES,
		.constant = packet_bytes,
	};

	return make(&part, jit);
}

struct program_loop program_loop_select(const struct rte_bpf_jit *jit, loop_decide decide)
{
	const uintptr_t addresses[] = { (uintptr_t)decide };
	const struct part part = {
		.pieces = { { hone_select_begin, hone_select_end } },
		.entry = hone_select_entry,
		.next = hone_select_next,
		.addresses = addresses,
		.nb_addresses = RTE_DIM(addresses),
	};

	return make(&part, jit);
}

#else

struct program_loop program_loop_counted(const struct rte_bpf_jit *jit)
{
	(void)jit;
	return (struct program_loop){ 0 };
}

struct program_loop program_loop_of_heads(const struct rte_bpf_jit *jit, uint32_t packet_bytes, bool with_length,
					  loop_gather gather)
{
	(void)jit;
	(void)packet_bytes;
	(void)with_length;
	(void)gather;
	return (struct program_loop){ 0 };
}

struct program_loop program_loop_select(const struct rte_bpf_jit *jit, loop_decide decide)
{
	(void)jit;
	(void)decide;
	return (struct program_loop){ 0 };
}

#endif

void program_loop_free(struct program_loop *loop)
{
	if (loop->memory != NULL)
		munmap(loop->memory, loop->bytes);
	*loop = (struct program_loop){ 0 };
}
