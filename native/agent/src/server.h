/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket: one Unix stream socket a process, mode 0600, peers of the same user or root only. Clients
 * never make the agent wait: one that does not read its answers is disconnected.
 */
#ifndef HONE_SERVER_H
#define HONE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "dpdk_trace.h"

struct session;
struct trace;

struct client {
	int fd;
	bool greeted;
	struct session *session; /* at most one of these two */
	struct trace *trace;
	struct dpdk_trace_hold dpdk_trace;
	uint32_t have;
	uint32_t room;
	uint8_t *bytes;
};

/* The path of this process's socket, its folder made and checked. -1 with errno when there is no safe place. */
int server_open(void);

/* Serves until the process ends. */
void server_run(void);

/* False: the client was disconnected. `body` may be NULL when bytes is 0; fd -1: none. */
bool client_send(struct client *client, uint32_t type, uint32_t request, const void *body, uint32_t bytes, int fd);
bool client_error(struct client *client, uint32_t request, int code, const char *text);
void client_close(struct client *client);

#endif
