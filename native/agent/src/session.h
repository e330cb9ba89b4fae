/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture session of one client. It starts in two steps: for some milliseconds its hooks only note which
 * threads poll (warming), then those threads get their rings and it goes live. It ends with STOP or
 * with its client; what it held is freed after a grace period.
 */
#ifndef HONE_SESSION_H
#define HONE_SESSION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <hone/abi.h>

#include "program.h"
#include "ring.h"
#include "writer.h"

#define SESSION_MAX_SPARES 4

struct client;

struct session_port {
	struct hone_start_port wanted;
	char name[64];
	bool attached;
	uint32_t interface;
	uint32_t closings; /* of the port id, when it was attached */
	uint16_t queues[2]; /* hooks installed, rx and tx */
	uint16_t port_id;
};

enum session_state {
	SESSION_WARMING,
	SESSION_LIVE,
	SESSION_ENDING,
};

struct session {
	/* The data path reads these. */
	_Atomic bool live;
	struct hone_session_memory *memory;
	_Atomic(struct ring *) by_writer[HONE_MAX_RINGS];
	_Atomic(struct ring *) spares[SESSION_MAX_SPARES];
	_Atomic bool wanted[HONE_MAX_RINGS]; /* writers seen polling while warming */

	/* The control thread's. */
	struct session *next;
	struct client *client; /* NULL once it is gone */
	enum session_state state;
	uint32_t request;
	uint64_t live_at_ns;
	uint32_t flags;
	uint32_t ring_bytes;
	uint32_t interfaces;
	uint32_t nb_hooks;
	int memory_fd;
	uint32_t nb_rings;
	uint32_t announced;
	struct ring *rings[HONE_MAX_RINGS];
	uint32_t nb_programs;
	struct program *programs[HONE_MAX_PROGRAMS];
	uint32_t nb_ports;
	struct session_port ports[HONE_MAX_SESSION_PORTS];
	uint64_t unplaced[HONE_MAX_HOOKS]; /* of each hook, when it was attached or last moved to the memory */
	struct hook *hooks[HONE_MAX_HOOKS];
};

/* HONE_ENGINE_... */
uint32_t abi_engine(enum program_engine engine);

/* The body of a START message. NULL with errno and a text for people when it cannot be done. */
struct session *session_start(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes,
			      char *error, size_t error_size);

/* Detaches at once; frees, and answers `request` with STOPPED, after the grace period. */
void session_stop(struct session *session, uint32_t request);

/* The client is gone: end without an answer. */
void session_abandon(struct session *session);

/* Every 10 ms while there are sessions. */
void session_tick(struct session *session, uint64_t now_ns, bool look_at_ports);

#endif
