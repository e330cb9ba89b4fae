/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trace points of an application, for C (GNU C11) and C++ (C++11), x86-64 and arm64. Nothing else of hone is needed, at
 * build time or at run time:
 *
 *	HONE_TRACE(forwarder, drop, port, reason, packet->len);
 *
 * marks a place in the program: a provider, a name, both plain words, and up to 12 arguments: integers, enumerations, booleans,
 * pointers, and texts (char *, of which hone takes 63 bytes; the first four of a point). Each argument is called what the
 * last word of its expression says, here port, reason and len. An expression must not contain %, { or }: give it a name before.
 *
 * What it makes:
 * - a USDT probe as <sys/sdt.h> does, without a semaphore: bpftrace, perf, gdb and LTTng find it;
 * - a hook for hone's agent: `hone trace -e 'app:forwarder:drop { @[args.reason] = count(); }'`. When nobody listens that is
 *   one load and one branch. Arguments are computed in any case.
 *
 * `hone tracepoints` lists the points of running applications and of files: they are in the ELF notes named "hone", type 1:
 *
 *	int64_t   where the hook's pointer is, from here
 *	uint8_t   number of arguments, then 12 bytes, the type of each: its size, + 16 when it is signed, + 32 for text
 *	char[]    provider, name, arguments as they are written: three strings, each with a zero byte at its end
 */
#ifndef HONE_TRACE_POINT_H
#define HONE_TRACE_POINT_H

#include <stdint.h>

/* The agent's side of a hook; `values` are the arguments, widened to 64 bits, for the time of the call. */
struct hone_trace_sink {
	void (*run)(struct hone_trace_sink *sink, const uint64_t *values);
};

#define HONE_TRACE(provider, name, ...) \
	HONE_TRACE_CHOOSE_(HONE_TRACE_COUNT_(name, ##__VA_ARGS__))(provider, name, #__VA_ARGS__, ##__VA_ARGS__)

#define HONE_TRACE_COUNT_(first, ...) \
	HONE_TRACE_14TH_(first, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define HONE_TRACE_14TH_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, ...) n
#define HONE_TRACE_CHOOSE_(count) HONE_TRACE_JOIN_(HONE_TRACE_, count)
#define HONE_TRACE_JOIN_(a, b) HONE_TRACE_JOIN_2_(a, b)
#define HONE_TRACE_JOIN_2_(a, b) a##b

/* A string's text as the assembler takes it, in quotes. */
#define HONE_TRACE_TEXT_(text) HONE_TRACE_TEXT_2_(text)
#define HONE_TRACE_TEXT_2_(text) #text

/* Size, signedness and kind of a value, as a constant. */
#ifdef __cplusplus
template <typename T> struct hone_trace_type {
	enum { value = sizeof(T) + (T(-1) < T(1) ? 16 : 0) };
};
template <typename T> struct hone_trace_type<T *> {
	enum { value = sizeof(T *) };
};
template <> struct hone_trace_type<bool> {
	enum { value = sizeof(bool) };
};
template <> struct hone_trace_type<char *> {
	enum { value = sizeof(char *) + 32 };
};
template <> struct hone_trace_type<const char *> {
	enum { value = sizeof(char *) + 32 };
};
#define HONE_TRACE_TYPE_(x) (int)hone_trace_type<decltype(x)>::value
#define HONE_TRACE_LET_(variable, x) auto variable = (x);
#else
#define HONE_TRACE_TYPE_(x) \
	(int)_Generic((x), \
		char *: sizeof(char *) + 32, const char *: sizeof(char *) + 32, \
		char: (char)-1 < 0 ? 17 : 1, signed char: 17, short: 18, int: 20, long: sizeof(long) + 16, \
		long long: 24, default: sizeof(x))
#define HONE_TRACE_LET_(variable, x) __extension__ __auto_type variable = (x);
#endif

/* N of USDT's "N@operand": the size, negative for signed values. */
#define HONE_TRACE_SIZE_(x) \
	(HONE_TRACE_TYPE_(x) & 16 ? -(HONE_TRACE_TYPE_(x) & 15) : (HONE_TRACE_TYPE_(x) & 15))

#if defined(__x86_64__)
#define HONE_TRACE_LOAD_ "movq 995b(%%rip), %[hone_hook]\n"
#define HONE_TRACE_ANY_ "nor"
#elif defined(__aarch64__)
#define HONE_TRACE_LOAD_ "adrp %[hone_hook], 995b\n\tldr %[hone_hook], [%[hone_hook], #:lo12:995b]\n"
#define HONE_TRACE_ANY_ "nr"
#else
#error "hone/trace.h: x86-64 and arm64 only"
#endif

/*
 * 990 is the probe, 995 the hook's pointer. Section flags end in "?": in a function that the linker may drop, as C++ has them,
 * they go with it.
 */
#define HONE_TRACE_ASM_(provider, name, text, operands, nb_args, types_0, types_4, types_8, ...) \
	__asm__ __volatile__( \
		"990:\tnop\n" \
		"\t.pushsection .note.stapsdt,\"?\",\"note\"\n" \
		"\t.balign 4\n" \
		"\t.4byte 992f-991f, 994f-993f, 3\n" \
		"991:\t.asciz \"stapsdt\"\n" \
		"992:\t.balign 4\n" \
		"993:\t.8byte 990b, _.stapsdt.base, 0\n" \
		"\t.asciz \"" #provider "\", \"" #name "\", \"" operands "\"\n" \
		"994:\t.balign 4\n" \
		"\t.popsection\n" \
		"\t.ifndef _.stapsdt.base\n" \
		"\t.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
		"\t.weak _.stapsdt.base\n" \
		"\t.hidden _.stapsdt.base\n" \
		"_.stapsdt.base:\t.space 1\n" \
		"\t.size _.stapsdt.base, 1\n" \
		"\t.popsection\n" \
		"\t.endif\n" \
		"\t.pushsection .data.hone_hooks,\"aw?\",\"progbits\"\n" \
		"\t.balign 8\n" \
		"995:\t.8byte 0\n" \
		"\t.popsection\n" \
		"\t.pushsection .note.hone,\"a?\",\"note\"\n" \
		"\t.balign 4\n" \
		"\t.4byte 997f-996f, 999f-998f, 1\n" \
		"996:\t.asciz \"hone\"\n" \
		"997:\t.balign 4\n" \
		"998:\t.8byte 995b - .\n" \
		"\t.byte " #nb_args "\n" \
		"\t.4byte %c[hone_types_0], %c[hone_types_4], %c[hone_types_8]\n" \
		"\t.asciz \"" #provider "\", \"" #name "\", " HONE_TRACE_TEXT_(text) "\n" \
		"999:\t.balign 4\n" \
		"\t.popsection\n" \
		"\t" HONE_TRACE_LOAD_ \
		: [hone_hook] "=r"(hone_hook) \
		: [hone_types_0] "n"(types_0), [hone_types_4] "n"(types_4), [hone_types_8] "n"(types_8) __VA_ARGS__);

/* What the assembler takes of one argument: its size and its value. */
#define HONE_TRACE_IN_(i) , [hone_s##i] "n"(HONE_TRACE_SIZE_(hone_a##i)), [hone_a##i] HONE_TRACE_ANY_(hone_a##i)
#define HONE_TRACE_OPERAND_(i) "%c[hone_s" #i "]@%[hone_a" #i "]"
#define HONE_TRACE_TYPE_OF_(i) +(HONE_TRACE_TYPE_(hone_a##i) << (8 * (i % 4)))
#define HONE_TRACE_VALUE_(i) (uint64_t)hone_a##i

#define HONE_TRACE_CALL_(...) \
	if (__builtin_expect(hone_hook != 0, 0)) { \
		const uint64_t hone_values[] = { __VA_ARGS__ }; \
		hone_hook->run(hone_hook, hone_values); \
	}

#define HONE_TRACE_0(provider, name, text) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_ASM_(provider, name, text, "", 0, \
				0, 0, 0, \
				) \
		HONE_TRACE_CALL_(0) \
	} while (0)

#define HONE_TRACE_1(provider, name, text, x0) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0), 1, \
				HONE_TRACE_TYPE_OF_(0), 0, 0, \
				HONE_TRACE_IN_(0)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0)) \
	} while (0)

#define HONE_TRACE_2(provider, name, text, x0, x1) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1), 2, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1), 0, 0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1)) \
	} while (0)

#define HONE_TRACE_3(provider, name, text, x0, x1, x2) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2), 3, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2), 0, 0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2)) \
	} while (0)

#define HONE_TRACE_4(provider, name, text, x0, x1, x2, x3) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3), 4, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), 0, 0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3)) \
	} while (0)

#define HONE_TRACE_5(provider, name, text, x0, x1, x2, x3, x4) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4), 5, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4), \
				0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4)) \
	} while (0)

#define HONE_TRACE_6(provider, name, text, x0, x1, x2, x3, x4, x5) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5), 6, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5), \
				0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5)) \
	} while (0)

#define HONE_TRACE_7(provider, name, text, x0, x1, x2, x3, x4, x5, x6) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6), 7, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6), \
				0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6)) \
	} while (0)

#define HONE_TRACE_8(provider, name, text, x0, x1, x2, x3, x4, x5, x6, x7) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) HONE_TRACE_LET_(hone_a7, x7) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6) " " HONE_TRACE_OPERAND_(7), 8, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6) HONE_TRACE_TYPE_OF_(7), \
				0, \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6) HONE_TRACE_IN_(7)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6), HONE_TRACE_VALUE_(7)) \
	} while (0)

#define HONE_TRACE_9(provider, name, text, x0, x1, x2, x3, x4, x5, x6, x7, x8) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) HONE_TRACE_LET_(hone_a7, x7) HONE_TRACE_LET_(hone_a8, x8) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6) " " HONE_TRACE_OPERAND_(7) " " HONE_TRACE_OPERAND_(8), 9, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6) HONE_TRACE_TYPE_OF_(7), \
				HONE_TRACE_TYPE_OF_(8), \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6) HONE_TRACE_IN_(7) \
				HONE_TRACE_IN_(8)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6), HONE_TRACE_VALUE_(7), \
				HONE_TRACE_VALUE_(8)) \
	} while (0)

#define HONE_TRACE_10(provider, name, text, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) HONE_TRACE_LET_(hone_a7, x7) HONE_TRACE_LET_(hone_a8, x8) \
		HONE_TRACE_LET_(hone_a9, x9) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6) " " HONE_TRACE_OPERAND_(7) " " HONE_TRACE_OPERAND_(8) \
				" " HONE_TRACE_OPERAND_(9), 10, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6) HONE_TRACE_TYPE_OF_(7), \
				HONE_TRACE_TYPE_OF_(8) HONE_TRACE_TYPE_OF_(9), \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6) HONE_TRACE_IN_(7) \
				HONE_TRACE_IN_(8) HONE_TRACE_IN_(9)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6), HONE_TRACE_VALUE_(7), \
				HONE_TRACE_VALUE_(8), HONE_TRACE_VALUE_(9)) \
	} while (0)

#define HONE_TRACE_11(provider, name, text, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) HONE_TRACE_LET_(hone_a7, x7) HONE_TRACE_LET_(hone_a8, x8) \
		HONE_TRACE_LET_(hone_a9, x9) HONE_TRACE_LET_(hone_a10, x10) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6) " " HONE_TRACE_OPERAND_(7) " " HONE_TRACE_OPERAND_(8) \
				" " HONE_TRACE_OPERAND_(9) " " HONE_TRACE_OPERAND_(10), 11, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6) HONE_TRACE_TYPE_OF_(7), \
				HONE_TRACE_TYPE_OF_(8) HONE_TRACE_TYPE_OF_(9) HONE_TRACE_TYPE_OF_(10), \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6) HONE_TRACE_IN_(7) \
				HONE_TRACE_IN_(8) HONE_TRACE_IN_(9) HONE_TRACE_IN_(10)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6), HONE_TRACE_VALUE_(7), \
				HONE_TRACE_VALUE_(8), HONE_TRACE_VALUE_(9), HONE_TRACE_VALUE_(10)) \
	} while (0)

#define HONE_TRACE_12(provider, name, text, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11) \
	do { \
		struct hone_trace_sink *hone_hook; \
		HONE_TRACE_LET_(hone_a0, x0) HONE_TRACE_LET_(hone_a1, x1) HONE_TRACE_LET_(hone_a2, x2) \
		HONE_TRACE_LET_(hone_a3, x3) HONE_TRACE_LET_(hone_a4, x4) HONE_TRACE_LET_(hone_a5, x5) \
		HONE_TRACE_LET_(hone_a6, x6) HONE_TRACE_LET_(hone_a7, x7) HONE_TRACE_LET_(hone_a8, x8) \
		HONE_TRACE_LET_(hone_a9, x9) HONE_TRACE_LET_(hone_a10, x10) HONE_TRACE_LET_(hone_a11, x11) \
		HONE_TRACE_ASM_(provider, name, text, HONE_TRACE_OPERAND_(0) " " HONE_TRACE_OPERAND_(1) " " HONE_TRACE_OPERAND_(2) \
				" " HONE_TRACE_OPERAND_(3) " " HONE_TRACE_OPERAND_(4) " " HONE_TRACE_OPERAND_(5) \
				" " HONE_TRACE_OPERAND_(6) " " HONE_TRACE_OPERAND_(7) " " HONE_TRACE_OPERAND_(8) \
				" " HONE_TRACE_OPERAND_(9) " " HONE_TRACE_OPERAND_(10) " " HONE_TRACE_OPERAND_(11), 12, \
				HONE_TRACE_TYPE_OF_(0) HONE_TRACE_TYPE_OF_(1) HONE_TRACE_TYPE_OF_(2) HONE_TRACE_TYPE_OF_(3), \
				HONE_TRACE_TYPE_OF_(4) HONE_TRACE_TYPE_OF_(5) HONE_TRACE_TYPE_OF_(6) HONE_TRACE_TYPE_OF_(7), \
				HONE_TRACE_TYPE_OF_(8) HONE_TRACE_TYPE_OF_(9) HONE_TRACE_TYPE_OF_(10) HONE_TRACE_TYPE_OF_(11), \
				HONE_TRACE_IN_(0) HONE_TRACE_IN_(1) HONE_TRACE_IN_(2) HONE_TRACE_IN_(3) \
				HONE_TRACE_IN_(4) HONE_TRACE_IN_(5) HONE_TRACE_IN_(6) HONE_TRACE_IN_(7) \
				HONE_TRACE_IN_(8) HONE_TRACE_IN_(9) HONE_TRACE_IN_(10) HONE_TRACE_IN_(11)) \
		HONE_TRACE_CALL_(HONE_TRACE_VALUE_(0), HONE_TRACE_VALUE_(1), HONE_TRACE_VALUE_(2), HONE_TRACE_VALUE_(3), \
				HONE_TRACE_VALUE_(4), HONE_TRACE_VALUE_(5), HONE_TRACE_VALUE_(6), HONE_TRACE_VALUE_(7), \
				HONE_TRACE_VALUE_(8), HONE_TRACE_VALUE_(9), HONE_TRACE_VALUE_(10), HONE_TRACE_VALUE_(11)) \
	} while (0)

#endif
