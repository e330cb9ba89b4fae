/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "ports.h"
#include "server.h"

#define WARMING_NS 25000000ull
#define FRONT_BYTES (4u << 20)
#define PAGE 4096
#define MEMORY_BYTES ((sizeof(struct hone_session_memory) + PAGE - 1) & ~(size_t)(PAGE - 1))

static void free_session(struct session *session)
{
	for (uint32_t i = 0; i < session->nb_programs; i++)
		program_free(&agent.program_api, session->programs[i]);
	for (uint32_t i = 0; i < session->nb_rings; i++)
		ring_close(session->rings[i]);
	if (session->memory != NULL)
		munmap(session->memory, MEMORY_BYTES);
	if (session->memory_fd >= 0)
		close(session->memory_fd);
	free(session);
}

static int open_memory(struct session *session)
{
	session->memory_fd = shared_memory_open("hone-session", MEMORY_BYTES);
	if (session->memory_fd < 0)
		return -1;
	session->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			       session->memory_fd, 0);
	if (session->memory == MAP_FAILED) {
		session->memory = NULL;
		return -1;
	}
	session->memory->magic = HONE_MAGIC;
	session->memory->abi_version = HONE_ABI_VERSION;
	return 0;
}

uint32_t abi_engine(enum program_engine engine)
{
	static const uint32_t engines[] = {
		[PROGRAM_JIT] = HONE_ENGINE_JIT,
		[PROGRAM_RTE_INTERPRETER] = HONE_ENGINE_RTE_INTERPRETER,
		[PROGRAM_OWN_INTERPRETER] = HONE_ENGINE_OWN_INTERPRETER,
	};

	return engines[engine];
}

static int refuse(char *error, size_t error_size, const char *text)
{
	snprintf(error, error_size, "%s", text);
	errno = EINVAL;
	return -1;
}

static int check_start(const struct hone_start *start, uint32_t bytes, char *error, size_t error_size)
{
	const uint32_t known = HONE_START_META | HONE_START_HOST_CLOCK;

	if (bytes < sizeof(*start))
		return refuse(error, error_size, "START is shorter than its fixed part");
	if (start->ring_bytes < HONE_MIN_RING_BYTES || start->ring_bytes > HONE_MAX_RING_BYTES ||
	    (start->ring_bytes & (start->ring_bytes - 1)) != 0)
		return refuse(error, error_size, "START: ring_bytes must be a power of two from 64 KiB to 1 GiB");
	if ((start->flags & ~known) != 0)
		return refuse(error, error_size, "START: unknown flags");
	if (start->nb_ports == 0 || start->nb_ports > HONE_MAX_SESSION_PORTS ||
	    start->nb_programs > HONE_MAX_PROGRAMS ||
	    bytes - sizeof(*start) < start->nb_ports * sizeof(struct hone_start_port))
		return refuse(error, error_size, "START: wrong number of ports or programs");
	return 0;
}

static int check_port(const struct hone_start *start, const struct hone_start_port *port, bool last, char *error,
		      size_t error_size)
{
	bool any = port->port_id == HONE_ANY_PORT;

	if (any ? !last : port->port_id >= RTE_MAX_ETHPORTS)
		return refuse(error, error_size, "START: no such port id");
	if (port->directions == 0 || port->directions > (HONE_DIRECTION_IN | HONE_DIRECTION_OUT))
		return refuse(error, error_size, "START: directions must be 1, 2 or 3");
	if (port->snaplen == 0 || port->snaplen > HONE_MAX_SNAPLEN)
		return refuse(error, error_size, "START: snaplen must be 1 to 262144");
	if ((port->program_in != HONE_NO_PROGRAM && port->program_in >= start->nb_programs) ||
	    (port->program_out != HONE_NO_PROGRAM && port->program_out >= start->nb_programs))
		return refuse(error, error_size, "START: no such program");
	return 0;
}

static int load_programs(struct session *session, uint32_t count, const uint8_t *at, uint32_t bytes, char *error,
			 size_t error_size)
{
	if (count != 0)
		agent_find_bpf();
	for (uint32_t i = 0; i < count; i++) {
		struct hone_start_program head;

		if (bytes < sizeof(head))
			return refuse(error, error_size, "START ends inside its programs");
		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		bytes -= sizeof(head);
		if (head.nb_insns == 0 || head.nb_insns > HONE_MAX_INSNS || bytes / 8 < head.nb_insns)
			return refuse(error, error_size, "START: wrong number of instructions");
		if (program_load(&agent.program_api, at, head.nb_insns, &session->programs[i], error, error_size) != 0) {
			errno = EINVAL;
			return -1;
		}
		session->nb_programs++;
		at += head.nb_insns * 8;
		bytes -= head.nb_insns * 8;
	}
	if (bytes != 0)
		return refuse(error, error_size, "START has bytes after its last program");
	return 0;
}

static bool port_name(uint16_t port_id, char name[RTE_ETH_NAME_MAX_LEN])
{
	return agent.dpdk.rte_eth_find_next(port_id) == port_id &&
	       agent.dpdk.rte_eth_dev_get_name_by_port(port_id, name) == 0;
}

static bool send_port_event(struct session *session, uint32_t what, const struct session_port *port,
			    const char *text)
{
	struct hone_port_event event = { .what = what, .interface = port->interface };

	if (session->client == NULL)
		return false;
	if (what == HONE_PORT_ADDED)
		port_describe(port->port_id, &event.port);
	event.port.port_id = port->port_id;
	memcpy(event.port.name, port->name, sizeof(event.port.name));
	snprintf(event.text, sizeof(event.text), "%s", text);
	return client_send(session->client, HONE_MSG_PORT, 0, &event, sizeof(event), -1);
}

static bool attach_hook(struct session *session, const struct session_port *port, struct hook *hook)
{
	const bool in = hook->direction == HONE_DIRECTION_IN;
	const uint32_t program = in ? port->wanted.program_in : port->wanted.program_out;
	struct attachment attachment = {
		.session = session,
		.program = program == HONE_NO_PROGRAM ? NULL : session->programs[program],
		.source = block_source(hook->direction, hook->queue_id),
		.interface = port->interface,
		.number = session->nb_hooks,
		.snaplen = port->wanted.snaplen,
		.direction = hook->direction,
		.tag_flags = block_tag_flags(hook->direction),
		.hash_flag = block_hash_flag(hook->direction),
		.meta = (session->flags & HONE_START_META) != 0,
		.adapter_clock = in && (session->flags & HONE_START_HOST_CLOCK) == 0,
	};

	if (session->nb_hooks == HONE_MAX_HOOKS)
		return false;
	session->memory->hooks[session->nb_hooks] = (struct hone_hook){
		.interface = port->interface,
		.port_id = hook->port_id,
		.queue_id = hook->queue_id,
		.direction = hook->direction,
	};
	session->hooks[session->nb_hooks] = hook;
	session->unplaced[session->nb_hooks] = atomic_load(&hook->unplaced);
	session->nb_hooks++;
	__atomic_store_n(&session->memory->nb_hooks, session->nb_hooks, __ATOMIC_RELEASE);
	atomic_store(&hook->warming, session->state == SESSION_WARMING);
	return hook_attach(hook, &attachment) == 0;
}

/* All queues that the port has now; queues that it gets later are found at the next look. */
static void attach_queues(struct session *session, struct session_port *port)
{
	static const uint32_t directions[2] = { HONE_DIRECTION_IN, HONE_DIRECTION_OUT };

	for (int i = 0; i < 2; i++) {
		if ((port->wanted.directions & directions[i]) == 0)
			continue;
		while (port->queues[i] < RTE_MAX_QUEUES_PER_PORT) {
			struct hook *hook = hook_install(port->port_id, port->queues[i], directions[i]);

			if (hook == NULL)
				break;
			port->queues[i]++;
			if (!attach_hook(session, port, hook)) {
				send_port_event(session, HONE_PORT_REFUSED, port,
						"no room for more queues in one session: not all are captured");
				return;
			}
		}
	}
}

static bool attach_port(struct session *session, struct session_port *port, uint16_t port_id)
{
	char name[RTE_ETH_NAME_MAX_LEN] = "";

	if (!port_name(port_id, name))
		return false;
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->port_id = port_id;
	port->closings = atomic_load(&agent.hooks.closings[port_id]);
	port->queues[0] = 0;
	port->queues[1] = 0;
	port->interface = session->interfaces++;
	port->attached = true;
	adapter_update(&agent.adapters, &agent.dpdk, &agent.clock, port_id);
	return true;
}

static int attach_ports(struct session *session, char *error, size_t error_size)
{
	for (uint32_t i = 0; i < session->nb_ports; i++) {
		struct session_port *port = &session->ports[i];

		if (port->wanted.port_id == HONE_ANY_PORT)
			continue;
		if (!attach_port(session, port, port->wanted.port_id)) {
			snprintf(error, error_size, "no port %u", port->wanted.port_id);
			errno = ENODEV;
			return -1;
		}
	}
	for (uint32_t i = 0; i < session->nb_ports; i++)
		if (session->ports[i].attached)
			attach_queues(session, &session->ports[i]);
	return 0;
}

static void link_session(struct session *session)
{
	session->next = agent.sessions;
	agent.sessions = session;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

struct session *session_start(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes,
			      char *error, size_t error_size)
{
	const struct hone_start *start = (const struct hone_start *)body;
	const struct hone_start_port *ports = (const struct hone_start_port *)(start + 1);
	struct session *session;

	if (check_start(start, bytes, error, error_size) != 0)
		return NULL;
	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return NULL;
	session->memory_fd = -1;
	session->client = client;
	session->request = request;
	session->flags = start->flags;
	session->ring_bytes = start->ring_bytes;
	session->nb_ports = start->nb_ports;
	for (uint32_t i = 0; i < start->nb_ports; i++) {
		session->ports[i].wanted = ports[i];
		if (check_port(start, &ports[i], i + 1 == start->nb_ports, error, error_size) != 0)
			goto fail;
	}
	bytes -= sizeof(*start) + start->nb_ports * sizeof(*ports);
	if (load_programs(session, start->nb_programs, (const uint8_t *)(ports + start->nb_ports), bytes, error,
			  error_size) != 0)
		goto fail;
	if (open_memory(session) != 0) {
		snprintf(error, error_size, "no shared memory for the session: %s", strerror(errno));
		goto fail;
	}
	link_session(session);
	if (attach_ports(session, error, error_size) != 0) {
		session->client = NULL;
		session_stop(session, 0);
		return NULL;
	}
	session->live_at_ns = now_ns() + WARMING_NS;
	return session;
fail:
	free_session(session);
	return NULL;
}

/* In the order they were made; the host has each before the tick ends in which it was made. */
static void announce_rings(struct session *session)
{
	for (; session->announced < session->nb_rings; session->announced++) {
		const struct ring *ring = session->rings[session->announced];
		struct hone_ring_event event = {
			.ring = ring->number,
			.tid = ring->shared->tid,
			.data_bytes = ring->mask + 1,
			.index_entries = ring->index_mask + 1,
		};

		if (session->client != NULL)
			client_send(session->client, HONE_MSG_RING, 0, &event, sizeof(event), ring->fd);
	}
}

static struct ring *add_one(struct session *session, uint32_t bytes)
{
	struct ring *ring;

	if (session->nb_rings == HONE_MAX_RINGS)
		return NULL;
	ring = ring_open(session->nb_rings, bytes);
	if (ring != NULL)
		session->rings[session->nb_rings++] = ring;
	return ring;
}

/*
 * The rings of one writer. A host that keeps up lets the writer use the same few megabytes over and over, which stay
 * in the cache; the large ring is for when it does not. The front ring comes first: a burst that
 * is split over both is in order by the rings' numbers.
 */
static struct ring *add_ring(struct session *session)
{
	struct ring *ring;

	if (session->ring_bytes <= FRONT_BYTES)
		return add_one(session, session->ring_bytes);
	ring = add_one(session, FRONT_BYTES);
	if (ring != NULL)
		ring->overflow = add_one(session, session->ring_bytes);
	return ring == NULL || ring->overflow == NULL ? NULL : ring;
}

/* Rings in advance for threads that have not polled yet: they must not wait for one. */
static uint32_t spares_wanted(uint32_t with_ring)
{
	uint32_t lcores = agent.dpdk.rte_lcore_count == NULL ? 1 : agent.dpdk.rte_lcore_count();

	if (lcores <= with_ring)
		return 1;
	return RTE_MIN(lcores - with_ring, (uint32_t)SESSION_MAX_SPARES);
}

static void refill_spares(struct session *session, uint32_t wanted)
{
	for (uint32_t i = 0; i < wanted; i++) {
		struct ring *ring;

		if (atomic_load(&session->spares[i]) != NULL)
			continue;
		ring = add_ring(session);
		if (ring == NULL)
			return;
		atomic_store(&session->spares[i], ring);
	}
}

static bool give_rings(struct session *session)
{
	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++) {
		struct ring *ring;

		if (!atomic_load(&session->wanted[i]))
			continue;
		ring = add_ring(session);
		if (ring == NULL)
			return false;
		for (struct ring *one = ring; one != NULL; one = one->overflow)
			one->shared->tid = atomic_load(&agent.writers.places[i].tid);
		atomic_store(&session->by_writer[i], ring);
	}
	return true;
}

static uint32_t writers_with_ring(struct session *session)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < HONE_MAX_RINGS; i++)
		count += atomic_load(&session->by_writer[i]) != NULL;
	return count;
}

static void go_live(struct session *session)
{
	struct hone_started started = {
		.nb_interfaces = session->interfaces,
		.engine = abi_engine(program_engine_of(&agent.program_api)),
		.max_hooks = HONE_MAX_HOOKS,
	};

	if (!give_rings(session)) {
		struct client *client = session->client;

		client_error(client, session->request, ENOMEM, "not enough memory for the rings: try a smaller -B");
		session->client = NULL;
		client->session = NULL;
		session_stop(session, 0);
		return;
	}
	refill_spares(session, spares_wanted(writers_with_ring(session)));
	session->state = SESSION_LIVE;
	for (uint32_t i = 0; i < session->nb_hooks; i++)
		atomic_store(&session->hooks[i]->warming, false);
	/* Before the answer: whoever has it may rely on every packet from now on. */
	atomic_store(&session->live, true);
	client_send(session->client, HONE_MSG_STARTED, session->request, &started, sizeof(started),
		    session->memory_fd);
	announce_rings(session);
}

/* What threads without a place let pass was seen and lost: whether it matched is unknown, so it counts as matched. */
static void count_unplaced(struct session *session)
{
	for (uint32_t i = 0; i < session->nb_hooks; i++) {
		uint64_t now = atomic_load(&session->hooks[i]->unplaced);
		uint64_t more = now - session->unplaced[i];

		if (more == 0)
			continue;
		session->unplaced[i] = now;
		__atomic_fetch_add(&session->memory->orphans[i].seen, more, __ATOMIC_RELAXED);
		__atomic_fetch_add(&session->memory->orphans[i].matched, more, __ATOMIC_RELAXED);
		__atomic_fetch_add(&session->memory->orphans[i].dropped, more, __ATOMIC_RELAXED);
	}
}

static void finish(void *arg)
{
	struct session *session = arg;
	struct session **at = &agent.sessions;

	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	count_unplaced(session);
	if (session->client != NULL) {
		session->client->session = NULL;
		client_send(session->client, HONE_MSG_STOPPED, session->request, NULL, 0, -1);
	}
	free_session(session);
}

void session_stop(struct session *session, uint32_t request)
{
	if (session->state == SESSION_ENDING)
		return;
	session->state = SESSION_ENDING;
	session->request = request;
	for (uint32_t i = 0; i < session->nb_hooks; i++)
		hook_detach(session->hooks[i], session);
	reclaim_defer(&agent.reclaim, finish, session);
}

void session_abandon(struct session *session)
{
	session->client = NULL;
	session_stop(session, 0);
}

static struct session_port *port_named(struct session *session, const char *name)
{
	for (uint32_t i = 0; i < session->nb_ports; i++)
		if (strcmp(session->ports[i].name, name) == 0)
			return &session->ports[i];
	return NULL;
}

/* The entry for ports that appear is the last of the request; entries made from it come after. */
static const struct session_port *any_port(const struct session *session)
{
	for (uint32_t i = 0; i < session->nb_ports; i++)
		if (session->ports[i].wanted.port_id == HONE_ANY_PORT && session->ports[i].name[0] == '\0')
			return &session->ports[i];
	return NULL;
}

static void look_for_new_ports(struct session *session)
{
	const struct session_port *any = any_port(session);

	for (uint16_t id = agent.dpdk.rte_eth_find_next(0); id < RTE_MAX_ETHPORTS;
	     id = agent.dpdk.rte_eth_find_next(id + 1)) {
		char name[RTE_ETH_NAME_MAX_LEN] = "";
		struct session_port *port;

		if (!port_name(id, name) || name[0] == '\0')
			continue;
		port = port_named(session, name);
		if (port == NULL && any != NULL && session->nb_ports < HONE_MAX_SESSION_PORTS) {
			port = &session->ports[session->nb_ports++];
			*port = (struct session_port){ .wanted = any->wanted };
		}
		if (port == NULL || port->attached || !attach_port(session, port, id))
			continue;
		send_port_event(session, HONE_PORT_ADDED, port, "");
		attach_queues(session, port);
	}
}

static void look_at_attached(struct session *session)
{
	for (uint32_t i = 0; i < session->nb_ports; i++) {
		struct session_port *port = &session->ports[i];

		if (!port->attached)
			continue;
		if (atomic_load(&agent.hooks.closings[port->port_id]) != port->closings) {
			port->attached = false;
			send_port_event(session, HONE_PORT_REMOVED, port, "");
			continue;
		}
		attach_queues(session, port);
		adapter_update(&agent.adapters, &agent.dpdk, &agent.clock, port->port_id);
	}
}

void session_tick(struct session *session, uint64_t now, bool look_at_ports)
{
	if (session->state == SESSION_WARMING && now >= session->live_at_ns)
		go_live(session);
	if (session->state != SESSION_LIVE)
		return;
	count_unplaced(session);
	refill_spares(session, 1);
	announce_rings(session);
	if (!look_at_ports)
		return;
	look_at_attached(session);
	look_for_new_ports(session);
}
