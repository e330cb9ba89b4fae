/* SPDX-License-Identifier: BSD-3-Clause */
/* What a harness is given on its standard input: numbers and bytes in the order in which it takes them. */
#ifndef HONE_HARNESS_INPUT_H
#define HONE_HARNESS_INPUT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void take(void *to, size_t bytes)
{
	if (bytes != 0 && fread(to, bytes, 1, stdin) != 1) {
		fprintf(stderr, "harness: the input ends early\n");
		exit(1);
	}
}

static uint32_t take32(void)
{
	uint32_t value;

	take(&value, sizeof(value));
	return value;
}

#endif
