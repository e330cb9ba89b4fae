/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "agent.h"
#include "server.h"

#define WARMING_NS 10000000ull
#define PAGE 4096
#define MAX_BYTES (UINT64_C(1) << 30) /* of all writers of one trace */
#define NB_TIMINGS 64

static void free_trace(struct trace *trace)
{
	for (uint32_t i = 0; i < trace->nb_attachments; i++)
		program_loop_free(&trace->loops[i]);
	for (uint32_t i = 0; i < trace->nb_programs; i++)
		trace_program_unload(&agent.program_api, &trace->programs[i]);
	for (uint32_t i = 0; i < trace->nb_writers; i++)
		trace_writer_close(trace->writers[i]);
	if (trace->memory != NULL)
		munmap(trace->memory, PAGE);
	if (trace->memory_fd >= 0)
		close(trace->memory_fd);
	free(trace->initial_state);
	free(trace);
}

static int open_memory(struct trace *trace)
{
	trace->memory_fd = shared_memory_open("hone-trace-session", PAGE);
	if (trace->memory_fd < 0)
		return -1;
	trace->memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, trace->memory_fd, 0);
	if (trace->memory == MAP_FAILED) {
		trace->memory = NULL;
		return -1;
	}
	trace->memory->magic = HONE_MAGIC;
	trace->memory->abi_version = HONE_ABI_VERSION;
	return 0;
}

/* What two readings of the TSC take with nothing in between; the least of many, as some are interrupted. */
static uint64_t measure_timing(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < NB_TIMINGS; i++) {
		uint64_t begin = rte_rdtsc();
		uint64_t ticks = rte_rdtsc() - begin;

		least = RTE_MIN(least, ticks);
	}
	return least;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static struct trace_at at_of(struct trace *trace, uint32_t number)
{
	const struct hone_trace_attachment *wanted = &trace->attachments[number];
	struct trace_at at = {
		.trace = trace,
		.program = wanted->program == HONE_NO_PROGRAM ? (struct trace_program){ 0 } :
								trace->programs[wanted->program],
		.record = wanted->flags & HONE_TRACE_RECORDS ? &trace->records[number] : NULL,
		.records = trace->shape.records,
		.point = wanted->point,
		.number = number,
		.arguments = wanted->arguments_used | trace->records[number].arguments,
		.port_id = wanted->port_id,
		.queue_id = wanted->queue_id,
		.packet_bytes = (uint16_t)wanted->packet_bytes,
		.of_packets = wanted->point == HONE_POINT_RX_PACKET || wanted->point == HONE_POINT_TX_PACKET,
		.of_empty = wanted->point == HONE_POINT_RX_POLL || wanted->point == HONE_POINT_TX_BURST,
		.needs_time = (wanted->flags & HONE_TRACE_NEEDS_TIME) != 0,
	};

	if (trace->loops[number].entry == 0)
		trace->loops[number] = trace_loop_of(&at);
	at.loop = trace->loops[number].entry;
	at.run = trace_run_of(&at);
	return at;
}

static bool is_of(const struct hone_trace_attachment *wanted, uint32_t direction)
{
	switch (wanted->point) {
	case HONE_POINT_RX_POLL:
	case HONE_POINT_RX_BURST:
	case HONE_POINT_RX_PACKET:
		return direction == HONE_DIRECTION_IN;
	case HONE_POINT_TX_BURST:
	case HONE_POINT_TX_PACKET:
		return direction == HONE_DIRECTION_OUT;
	default:
		return false;
	}
}

static bool wants(const struct trace *trace, uint16_t port_id, uint32_t direction)
{
	for (uint32_t i = 0; i < trace->nb_attachments; i++) {
		const struct hone_trace_attachment *wanted = &trace->attachments[i];

		if (is_of(wanted, direction) && (wanted->port_id == HONE_ANY_PORT || wanted->port_id == port_id))
			return true;
	}
	return false;
}

static int attach_hook(struct trace *trace, struct hook *hook)
{
	struct trace_at ats[HONE_MAX_TRACE_ATTACHMENTS];
	uint32_t count = 0;

	if (trace_gate_has(&hook->traces, trace))
		return 0;
	for (uint32_t i = 0; i < trace->nb_attachments; i++) {
		const struct hone_trace_attachment *wanted = &trace->attachments[i];

		if (!is_of(wanted, hook->direction) ||
		    (wanted->port_id != HONE_ANY_PORT && wanted->port_id != hook->port_id) ||
		    (wanted->queue_id != HONE_ANY_QUEUE && wanted->queue_id != hook->queue_id))
			continue;
		ats[count] = at_of(trace, i);
		ats[count].port_id = hook->port_id;
		ats[count++].queue_id = hook->queue_id;
	}
	return count == 0 ? 0 : trace_gate_add(&hook->traces, ats, count);
}

/* All queues that the port has now. */
static int attach_port(struct trace *trace, uint16_t port_id)
{
	static const uint32_t directions[2] = { HONE_DIRECTION_IN, HONE_DIRECTION_OUT };

	for (int i = 0; i < 2; i++) {
		if (!wants(trace, port_id, directions[i]))
			continue;
		for (uint16_t queue = 0; queue < RTE_MAX_QUEUES_PER_PORT; queue++) {
			struct hook *hook = hook_install(port_id, queue, directions[i]);

			if (hook == NULL)
				break;
			if (attach_hook(trace, hook) != 0)
				return -1;
		}
	}
	return 0;
}

static int attach_observed(struct trace *trace, uint32_t point)
{
	struct trace_gate *gate = observe_gate(point);
	struct trace_at ats[HONE_MAX_TRACE_ATTACHMENTS];
	uint32_t count = 0;

	if (trace_gate_has(gate, trace))
		return 0;
	for (uint32_t i = 0; i < trace->nb_attachments; i++)
		if (trace->attachments[i].point == point)
			ats[count++] = at_of(trace, i);
	if (count == 0)
		return 0;
	return trace_gate_add(gate, ats, count) != 0 || observe_begin() != 0 ? -1 : 0;
}

/* Ports, queues and points of the application that are there now and were not before. */
static int attach_all(struct trace *trace)
{
	for (uint16_t id = agent.dpdk.rte_eth_find_next(0); id < RTE_MAX_ETHPORTS;
	     id = agent.dpdk.rte_eth_find_next(id + 1))
		if (attach_port(trace, id) != 0)
			return -1;
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		if (attach_observed(trace, OBSERVED_FIRST + i) != 0)
			return -1;
	for (uint32_t i = 0; i < trace->nb_attachments; i++) {
		const struct hone_trace_attachment *wanted = &trace->attachments[i];
		struct trace_at at = at_of(trace, i);

		if (wanted->point == HONE_POINT_APP && trace_point_attach(&agent.points, wanted->name, &at) != 0 &&
		    errno == ENOMEM)
			return -1;
	}
	return 0;
}

/* Whether the point has what the attachment writes of it. Points do not change their arguments. */
static bool has_fields(const struct trace *trace, uint32_t number)
{
	const struct hone_trace_attachment *wanted = &trace->attachments[number];
	uint32_t nb_args = 0, texts = 0;

	if (wanted->point == HONE_POINT_APP)
		trace_points_arguments(&agent.points, wanted->name, &nb_args, &texts);
	else
		nb_args = trace_arguments_of(wanted->point, &texts);
	return trace_record_fits(&trace->records[number], nb_args, texts);
}

/* What the trace names has to be there when it starts; what is there may go away and come back. */
static int check_names(const struct trace *trace, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < trace->nb_attachments; i++) {
		const struct hone_trace_attachment *wanted = &trace->attachments[i];

		if (wanted->point == HONE_POINT_APP && !trace_points_have(&agent.points, wanted->name)) {
			snprintf(error, error_size, "the application has no trace point %.100s", wanted->name);
			errno = ENOENT;
			return -1;
		}
		if (!has_fields(trace, i)) {
			snprintf(error, error_size, "TRACE: attachment %u records what its point does not have", i);
			errno = EINVAL;
			return -1;
		}
		if (wanted->point != HONE_POINT_APP && wanted->port_id != HONE_ANY_PORT &&
		    agent.dpdk.rte_eth_find_next(wanted->port_id) != wanted->port_id) {
			snprintf(error, error_size, "no port %u", wanted->port_id);
			errno = ENODEV;
			return -1;
		}
	}
	return 0;
}

struct trace *trace_start(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes, char *error,
			  size_t error_size)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (trace == NULL)
		return NULL;
	trace->memory_fd = -1;
	trace->client = client;
	trace->request = request;
	trace->ns_a_tick = (uint64_t)((double)NS_PER_S / (double)agent.dpdk.rte_get_tsc_hz() * 4294967296.0);
	trace->timing_ticks = measure_timing();
	agent_find_bpf();
	trace_points_find(&agent.points);
	if (trace_take_message(trace, body, bytes, error, error_size) != 0 ||
	    check_names(trace, error, error_size) != 0)
		goto fail;
	if (open_memory(trace) != 0) {
		snprintf(error, error_size, "no shared memory for the trace: %s", strerror(errno));
		goto fail;
	}
	trace->next = agent.traces;
	agent.traces = trace;
	if (attach_all(trace) != 0) {
		trace->client = NULL;
		trace_stop(trace, 0);
		errno = ENOMEM;
		return NULL;
	}
	trace->live_at_ns = now_ns() + WARMING_NS;
	return trace;
fail:
	free_trace(trace);
	return NULL;
}

/* The EAL names its threads after their lcores: "lcore-worker-3", "dpdk-worker3"; the main one is the process's first. */
static uint32_t lcore_of(uint32_t tid, const char comm[16])
{
	const char *digits;

	if (tid == (uint32_t)agent.pid && agent.dpdk.rte_get_main_lcore != NULL)
		return agent.dpdk.rte_get_main_lcore();
	digits = strstr(comm, "-worker");
	if (digits == NULL)
		return HONE_NO_LCORE;
	digits += strlen("-worker");
	digits += *digits == '-';
	return isdigit((unsigned char)*digits) ? (uint32_t)strtoul(digits, NULL, 10) : HONE_NO_LCORE;
}

void trace_writer_introduce(struct trace_writer *writer, uint32_t tid, const char comm[16])
{
	uint32_t lcore = lcore_of(tid, comm);

	for (int bank = 0; bank < 2; bank++) {
		struct trace_context *context = writer->banks[bank];

		context->tid = tid;
		context->pid = (uint32_t)agent.pid;
		context->lcore = lcore;
		memcpy(context->comm, comm, sizeof(context->comm));
	}
	writer->shared->lcore = lcore;
	memcpy(writer->shared->name, comm, sizeof(writer->shared->name));
	__atomic_store_n(&writer->shared->tid, tid, __ATOMIC_RELEASE);
}

static void read_comm(uint32_t tid, char comm[16])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%u/comm", tid);
	file = fopen(path, "re");
	memset(comm, 0, 16);
	if (file == NULL)
		return;
	if (fgets(comm, 16, file) != NULL)
		comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
}

static struct trace_writer *add_writer(struct trace *trace)
{
	struct trace_writer *writer;
	uint8_t *state;

	if (trace->nb_writers == HONE_MAX_TRACE_WRITERS ||
	    (trace->nb_writers + 1) * trace_writer_bytes(&trace->shape) > MAX_BYTES)
		return NULL;
	writer = trace_writer_open(&trace->shape, trace->nb_writers);
	if (writer == NULL)
		return NULL;
	state = (uint8_t *)writer->banks[0] + trace->shape.state_offset;
	if (trace->initial_state != NULL)
		memcpy(state, trace->initial_state, trace->shape.context_bytes - trace->shape.state_offset);
	trace->writers[trace->nb_writers++] = writer;
	return writer;
}

static bool give_writers(struct trace *trace)
{
	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		struct trace_writer *writer;
		uint32_t tid;
		char comm[16];

		if (!atomic_load(&trace->wanted[i]))
			continue;
		writer = add_writer(trace);
		if (writer == NULL)
			return false;
		tid = atomic_load(&agent.writers.places[i].tid);
		read_comm(tid, comm);
		trace_writer_introduce(writer, tid, comm);
		atomic_store(&trace->by_writer[i], writer);
	}
	return true;
}

static void refill_spares(struct trace *trace, uint32_t wanted)
{
	for (uint32_t i = 0; i < wanted; i++) {
		struct trace_writer *writer;

		if (atomic_load(&trace->spares[i]) != NULL)
			continue;
		writer = add_writer(trace);
		if (writer == NULL)
			return;
		atomic_store(&trace->spares[i], writer);
	}
}

static uint32_t spares_wanted(const struct trace *trace)
{
	uint32_t lcores = agent.dpdk.rte_lcore_count == NULL ? 1 : agent.dpdk.rte_lcore_count();

	if (lcores <= trace->nb_writers)
		return 1;
	return RTE_MIN(lcores - trace->nb_writers, (uint32_t)TRACE_MAX_SPARES);
}

static void announce_ring(struct client *client, const struct trace_writer *writer)
{
	const struct ring *ring = writer->ring;
	const struct hone_ring_event event = {
		.ring = writer->number,
		.data_bytes = writer->shape->ring_bytes,
		.index_entries = ring == NULL ? 0 : ring->index_mask + 1,
	};

	if (client != NULL && event.data_bytes != 0)
		client_send(client, HONE_MSG_RING, 0, &event, sizeof(event), ring == NULL ? writer->records->fd : ring->fd);
}

/* In the order they were made; the host has each before the tick ends in which it was made. */
static void announce_writers(struct trace *trace)
{
	for (; trace->announced < trace->nb_writers; trace->announced++) {
		const struct trace_writer *writer = trace->writers[trace->announced];
		const struct hone_writer_event event = { .writer = writer->number };
		if (trace->client != NULL)
			client_send(trace->client, HONE_MSG_WRITER, 0, &event, sizeof(event), writer->fd);
		announce_ring(trace->client, writer);
	}
}

static void each_gate(void (*visit)(struct trace_gate *gate, const struct trace *trace), const struct trace *trace)
{
	for (struct hook *hook = atomic_load(&agent.hooks.first); hook != NULL; hook = hook->next)
		if (trace_gate_has(&hook->traces, trace))
			visit(&hook->traces, trace);
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		if (trace_gate_has(&agent.observer.gates[i], trace))
			visit(&agent.observer.gates[i], trace);
}

static bool observes(const struct trace *trace)
{
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		if (trace_gate_has(&agent.observer.gates[i], trace))
			return true;
	return false;
}

static void settle(struct trace_gate *gate, const struct trace *trace)
{
	(void)trace;
	trace_gate_settle(gate);
}

static void go_live(struct trace *trace)
{
	const struct hone_tracing tracing = { .engine = abi_engine(program_engine_of(&agent.program_api)) };

	if (!give_writers(trace)) {
		struct client *client = trace->client;

		client_error(client, trace->request, ENOMEM,
			     "not enough memory for the maps of each thread: all together may take 1 GiB");
		trace->client = NULL;
		client->trace = NULL;
		trace_stop(trace, 0);
		return;
	}
	refill_spares(trace, spares_wanted(trace));
	trace->state = TRACE_LIVE;
	/* Before the answer: whoever has it may rely on every hit from now on. */
	atomic_store(&trace->live, true);
	each_gate(settle, trace);
	if (observes(trace))
		observe_begin();
	client_send(trace->client, HONE_MSG_TRACING, trace->request, &tracing, sizeof(tracing), trace->memory_fd);
	announce_writers(trace);
}

static struct trace **link_to(const struct trace *trace)
{
	struct trace **at = &agent.traces;

	while (*at != trace)
		at = &(*at)->next;
	return at;
}

static void finish(void *arg)
{
	struct trace *trace = arg;

	*link_to(trace) = trace->next;
	if (trace->client != NULL) {
		trace->client->trace = NULL;
		client_send(trace->client, HONE_MSG_STOPPED, trace->request, NULL, 0, -1);
	}
	free_trace(trace);
}

void trace_stop(struct trace *trace, uint32_t request)
{
	if (trace->state == TRACE_ENDING)
		return;
	trace->state = TRACE_ENDING;
	trace->request = request;
	each_gate(trace_gate_remove, trace);
	trace_points_detach(&agent.points, trace);
	reclaim_defer(&agent.reclaim, finish, trace);
}

void trace_abandon(struct trace *trace)
{
	trace->client = NULL;
	trace_stop(trace, 0);
}

/* Runs before finish() of the same trace, as deferred work runs in the order of the calls. */
static void snapped(void *arg)
{
	struct trace *trace = arg;
	const struct hone_snapped answer = { .quiet_bank = 1 - atomic_load(&trace->bank) };
	uint32_t request = trace->snapshot;

	trace->snapshot = 0;
	if (trace->client != NULL)
		client_send(trace->client, HONE_MSG_SNAPPED, request, &answer, sizeof(answer), -1);
}

void trace_snapshot(struct trace *trace, uint32_t request)
{
	if (trace->state != TRACE_LIVE || trace->snapshot != 0) {
		client_error(trace->client, request, EBUSY, "no trace is running, or its banks are being exchanged");
		return;
	}
	/* The host has all writers that can have run on the bank that becomes quiet. */
	announce_writers(trace);
	if (trace->client == NULL)
		return;
	trace->snapshot = request;
	atomic_store(&trace->bank, 1 - atomic_load(&trace->bank));
	if (reclaim_defer(&agent.reclaim, snapped, trace) == 0)
		return;
	trace->snapshot = 0;
	client_error(trace->client, request, ENOMEM, "no memory to exchange the banks");
}

/* A thread's place may have gone to another thread, which goes on in the same context. */
static void follow_threads(struct trace *trace)
{
	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		struct trace_writer *writer = atomic_load(&trace->by_writer[i]);
		uint32_t tid = atomic_load(&agent.writers.places[i].tid);
		char comm[16];

		if (writer == NULL || tid == 0 || tid == writer->shared->tid)
			continue;
		read_comm(tid, comm);
		trace_writer_introduce(writer, tid, comm);
	}
}

static void count_unplaced(struct trace *trace)
{
	uint64_t more = 0;

	for (struct hook *hook = atomic_load(&agent.hooks.first); hook != NULL; hook = hook->next)
		if (trace_gate_has(&hook->traces, trace))
			more += atomic_exchange(&hook->traces.unplaced, 0);
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		if (trace_gate_has(&agent.observer.gates[i], trace))
			more += atomic_exchange(&agent.observer.gates[i].unplaced, 0);
	more += trace_points_take_unplaced(&agent.points, trace);
	if (more != 0)
		__atomic_fetch_add(&trace->memory->unplaced, more, __ATOMIC_RELAXED);
}

void trace_tick(struct trace *trace, uint64_t now, bool look)
{
	if (trace->state == TRACE_WARMING && now >= trace->live_at_ns)
		go_live(trace);
	if (trace->state != TRACE_LIVE)
		return;
	count_unplaced(trace);
	refill_spares(trace, 1);
	announce_writers(trace);
	if (!look)
		return;
	follow_threads(trace);
	trace_points_find(&agent.points);
	attach_all(trace);
}
