/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole state of the agent, in one place. Fields without a word on it belong to the control thread. */
#ifndef HONE_AGENT_H
#define HONE_AGENT_H

#include <sys/un.h>

#include "adapter.h"
#include "clock.h"
#include "dpdk.h"
#include "dpdk_trace.h"
#include "hook.h"
#include "observe.h"
#include "reclaim.h"
#include "session.h"
#include "trace.h"
#include "trace_point.h"
#include "writer.h"

struct agent {
	struct writers writers;	  /* any thread */
	struct clock clock;	  /* any thread reads */
	struct adapters adapters; /* any thread reads */
	struct hooks hooks;	  /* any thread reads */
	struct dpdk dpdk;	  /* constant after loading */
	struct program_api program_api;
	struct reclaim reclaim;
	struct session *sessions;
	struct trace *traces;
	struct trace_points points;
	struct observer observer; /* its gates: any thread reads */
	struct dpdk_trace dpdk_trace;
	struct client *clients[HONE_MAX_CLIENTS];
	bool clock_started;
	bool watching_ports; /* told of every port that is released */
	int listener;
	pid_t pid;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

extern struct agent agent;

/* Readies what needs a running EAL: the clock, the notice of released ports. False: the EAL is not up yet. */
bool agent_ready(void);

/* Makes librte_bpf's functions known, loading it if the application has not. */
void agent_find_bpf(void);

#endif
