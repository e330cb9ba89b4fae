/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's own trace points (rte_trace): listed, turned on for as long as a client stays, saved. rte_trace writes them itself, into
 * memory that each thread gets on the first event that it meets (1 MiB unless the application was started with another
 * --trace-bufsz), and which it keeps. That first event allocates on whatever thread it is, an lcore, too; later ones do not.
 */
#ifndef HONE_DPDK_TRACE_H
#define HONE_DPDK_TRACE_H

#include <stdint.h>

#include <rte_trace_point.h>

struct client;

/* What one client has turned on. */
struct dpdk_trace_hold {
	rte_trace_point_t **points;
	uint32_t count;
};

/* Points that are on because clients want them; those that the application turned on are not among them. */
struct dpdk_trace {
	struct dpdk_trace_user {
		rte_trace_point_t *point;
		uint32_t holders;
	} *users;
	uint32_t count;
	uint32_t room;
};

/* Control thread, all of these: each answers the request. */
void dpdk_trace_list(struct client *client, uint32_t request);
void dpdk_trace_enable(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes);
void dpdk_trace_save(struct client *client, uint32_t request);

/* Turns off what only this client has turned on. */
void dpdk_trace_release(struct dpdk_trace_hold *hold);

#endif
