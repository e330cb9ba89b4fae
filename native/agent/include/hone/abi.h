/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every layout that the agent (C, inside the application) and the host (TypeScript) share, and nothing else.
 * `scripts/generate-abi.mjs` makes src/target/abi.ts from this file; a test fails when the two differ.
 *
 * What is promised
 * - Little-endian, natural alignment, no hidden padding: each struct's size is asserted below.
 * - A change of any layout or meaning raises HONE_ABI_VERSION. Both sides refuse another version.
 * - Nothing here is trusted: each side checks every length, index and enumerator that the other one wrote.
 *
 * The control connection
 * A Unix stream socket. Each message is one struct hone_msg, then a body of (length - 16) bytes. The first
 * message of a client must be HELLO. A request carries a non-zero number that its one answer repeats: the
 * message named beside it, or ERROR. Events carry 0. One connection holds at most one session, a capture or a
 * trace, which ends with the connection. A message that breaks the rules ends the connection.
 *
 * Session memory and rings
 * Memory is anonymous (memfd), sealed against resizing, made by the agent and passed with SCM_RIGHTS beside
 * the message that announces it. A ring has one writer, a thread of the application, and one reader, the host;
 * a writer may have two rings, a small one that stays in the cache and a large one for when that is full: a burst
 * that is split over both begins in the one with the lower number.
 * `head` and `tail` count bytes since the start and only grow; the data area is a power of two, so that
 * position & (size - 1) is an offset. The writer publishes whole blocks with a release store of `head`; the
 * reader gives space back with a release store of `tail`. The index area holds one entry a published burst, in
 * the same way; an entry is published before the bytes that it describes, so a reader that has seen
 * the bytes has the entry.
 *
 * Order in time over several rings
 * All blocks of one index entry belong to one burst. Entries of a ring do not go back in time while the
 * clock is not stepped. A writer raises `active` before it reads the clock for a burst and clears
 * it after publishing: a reader that finds `active` even at a time T knows that whatever comes later on that
 * ring is not older than T, less the time that a store takes to be seen: readers allow a millisecond. A ring's
 * very first burst is written before `active` was ever raised. Of a writer that has two rings only the first, that with the lower
 * number, is marked: a reader looks at it before the other.
 *
 * Traces
 * Programs run on a flat memory, the trace context (src/bpf/context/context-layout.ts says what lies where in it). Each
 * writer, a thread of the application, has a memory of its own:
 *
 *	0                   struct hone_trace_writer
 *	HONE_TRACE_BANKS    bank 0: the first state_offset bytes of a context
 *	+ state_offset      bank 1, likewise
 *	+ state_offset      the rest of the context, whole pages: both banks see it
 *
 * Programs of one session use one bank at a time. SNAPSHOT exchanges them; once it is answered no thread uses
 * the quiet bank, and the host may read and zero it until its next SNAPSHOT. Counters of the writer only grow.
 *
 * A writer that emits events has a ring with the writer's number. A record is { u32 bytes of the whole record, a multiple of 8,
 * at least 64; u32 0; the event, then zeros }, and each is a burst of its own.
 *
 * Recordings
 * A trace whose attachments have HONE_TRACE_RECORDS writes events as they stand in CTF streams, back to back:
 *
 *	u16 event_id, u64 time in ns since 1970, never less than the one before it; then the fields in their order: an
 *	integer's lowest 1, 2, 4 or 8 bytes, or a text of at most 63 bytes with a zero byte behind it
 *
 * Its rings have no index: their data lies at HONE_RECORD_RING_DATA. `head` is not a position there but, in one word, the
 * position's lowest 48 bits and, above them, the length of the last record in 16: who loads it has whole records, and
 * knows where the last one begins. Positions go round at 2^48; `tail` is one of 64 bits. A record for which there is no room is
 * dropped and counted in lost_events. An attachment with a program has a hit when the program gives another number than 0:
 * those are counted as matched and, with HONE_TRACE_RECORDS, written; without a program every hit matches.
 *
 * Numbers of packets
 * Each thread of the application counts the packets that pass its hooks while anybody captures or traces there. A packet's number
 * is that count before it, with (the thread's place in the agent + 1) << 48 added: epb_packetid of captured packets and the argument
 * packet_id of trace points are that number.
 */
#ifndef HONE_ABI_H
#define HONE_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define HONE_ABI_VERSION 4
#define HONE_MAGIC 0x656e6f68u /* "hone" in memory */

#define HONE_MAX_MESSAGE 1048576
#define HONE_MAX_CLIENTS 16
#define HONE_MAX_HOOKS 1024
#define HONE_MAX_RINGS 256
#define HONE_MAX_SESSION_PORTS 256
#define HONE_MAX_PROGRAMS 64
#define HONE_MAX_INSNS 4096
#define HONE_MIN_RING_BYTES 65536
#define HONE_MAX_RING_BYTES 1073741824
#define HONE_MAX_SNAPLEN 262144
#define HONE_MAX_TRACE_WRITERS 64
#define HONE_MAX_TRACE_ATTACHMENTS 256
#define HONE_MAX_TRACE_MAPS 64
#define HONE_MAX_TRACE_CONTEXT 268435456
#define HONE_MAX_TRACE_PACKET 256
#define HONE_MAX_TRACE_ARGS 16
#define HONE_MAX_POINT_ARGS 12 /* of a point that an application declares: its note has a byte for each */

/* Message types: C is client to agent, A is agent to client. */
#define HONE_MSG_HELLO 1      /* C: struct hone_hello        -> WELCOME */
#define HONE_MSG_WELCOME 2    /* A: struct hone_welcome */
#define HONE_MSG_ERROR 3      /* A: struct hone_error, then the text in UTF-8 up to the end */
#define HONE_MSG_LIST_PORTS 4 /* C: no body                  -> PORTS */
#define HONE_MSG_PORTS 5      /* A: struct hone_list, then as many struct hone_port */
#define HONE_MSG_START 6      /* C: struct hone_start, ports, programs -> STARTED */
#define HONE_MSG_STARTED 7    /* A: struct hone_started, beside it the session memory */
#define HONE_MSG_STOP 8       /* C: no body                  -> STOPPED, when no thread can write any more */
#define HONE_MSG_STOPPED 9    /* A: no body */
#define HONE_MSG_RING 10      /* A, event: struct hone_ring_event, beside it the ring */
#define HONE_MSG_PORT 11      /* A, event: struct hone_port_event */
#define HONE_MSG_TRACE 12     /* C: struct hone_trace_start, attachments, maps, programs, state -> TRACING */
#define HONE_MSG_TRACING 13   /* A: struct hone_tracing, beside it the trace memory */
#define HONE_MSG_WRITER 14    /* A, event: struct hone_writer_event, beside it the writer's memory */
#define HONE_MSG_SNAPSHOT 15  /* C: no body                  -> SNAPPED, when no thread uses the other bank any more */
#define HONE_MSG_SNAPPED 16   /* A: struct hone_snapped */
#define HONE_MSG_LIST_POINTS 17 /* C: no body                -> POINTS */
#define HONE_MSG_POINTS 18    /* A: struct hone_list, then as many struct hone_point */

#define HONE_MSG_LIST_DPDK_POINTS 32 /* C: no body           -> DPDK_POINTS */
#define HONE_MSG_DPDK_POINTS 33  /* A: struct hone_dpdk_points, then as many struct hone_dpdk_point */
#define HONE_MSG_DPDK_ENABLE 34  /* C: struct hone_dpdk_enable -> DPDK_ENABLED; until the connection ends */
#define HONE_MSG_DPDK_ENABLED 35 /* A: struct hone_dpdk_enabled */
#define HONE_MSG_DPDK_SAVE 36    /* C: no body               -> DPDK_SAVED */
#define HONE_MSG_DPDK_SAVED 37   /* A: the folder's path up to the end, empty when nothing was recorded */

struct hone_msg {
	uint32_t length; /* of the whole message, this header included */
	uint32_t type;
	uint32_t request; /* chosen by the client, repeated in the answer; 0 in events */
	uint32_t reserved;
};

struct hone_hello {
	uint32_t magic;
	uint32_t abi_version;
};

#define HONE_KIND_DPDK 1
#define HONE_KIND_REPLAY 2

#define HONE_ENGINE_JIT 1             /* librte_bpf, native code */
#define HONE_ENGINE_RTE_INTERPRETER 2 /* librte_bpf without a JIT for this processor */
#define HONE_ENGINE_OWN_INTERPRETER 3 /* no librte_bpf in the process */

struct hone_welcome {
	uint32_t abi_version;
	uint32_t pid;
	uint32_t kind;
	uint32_t engine;
	uint64_t tsc_hz;
	char version[64];     /* rte_version(), or what a replay plays */
	char file_prefix[64]; /* last part of the EAL runtime directory */
	char build[64];       /* hash of the agent's sources */
};

struct hone_error {
	uint32_t code; /* errno(3) */
	uint32_t reserved;
};

struct hone_list {
	uint32_t count;
	uint32_t reserved;
};

#define HONE_PORT_UP 1      /* link is up */
#define HONE_PORT_STATS 2   /* the counters are known */
#define HONE_PORT_PROMISC 4 /* promiscuous mode is on */

#define HONE_SPEED_UNKNOWN 0xffffffffu

struct hone_port {
	uint16_t port_id;
	uint16_t nb_rx_queues;
	uint16_t nb_tx_queues;
	uint16_t flags;
	uint32_t speed_mbps;
	uint32_t mtu;
	int32_t numa_node;
	uint8_t mac[6];
	uint8_t reserved[6];
	uint64_t ipackets;
	uint64_t opackets;
	uint64_t ibytes;
	uint64_t obytes;
	uint64_t imissed;
	uint64_t ierrors;
	uint64_t oerrors;
	uint64_t rx_nombuf;
	char name[64];
	char driver[64];
	char firmware[64];
};

#define HONE_DIRECTION_IN 1
#define HONE_DIRECTION_OUT 2

#define HONE_START_META 1         /* a comment for what pcapng has no field for */
#define HONE_START_HOST_CLOCK 2   /* always the burst's time, never the adapter's */
#define HONE_ANY_PORT 0xffffu     /* for ports that appear after the start */
#define HONE_NO_PROGRAM 0xffffffffu /* every packet matches */

struct hone_start {
	uint32_t ring_bytes; /* data area of each ring, a power of two */
	uint32_t flags;
	uint32_t nb_ports;
	uint32_t nb_programs;
};

/* The n-th of these becomes pcapng interface n, HONE_ANY_PORT aside; at most one of that kind, the last. */
struct hone_start_port {
	uint16_t port_id;
	uint16_t directions;
	uint32_t snaplen;
	uint32_t program_in; /* index into the programs of this message, or HONE_NO_PROGRAM */
	uint32_t program_out;
};

/* Followed by nb_insns eBPF instructions of 8 bytes (RFC 9669), checked again before they are loaded. */
struct hone_start_program {
	uint32_t nb_insns;
	uint32_t reserved;
};

struct hone_started {
	uint32_t nb_interfaces;
	uint32_t engine;
	uint32_t max_hooks;
	uint32_t reserved;
};

struct hone_ring_event {
	uint32_t ring;
	uint32_t tid; /* the writing thread; 0: made before it is needed */
	uint32_t data_bytes;
	uint32_t index_entries; /* 0: a ring of records */
};

#define HONE_PORT_ADDED 1   /* captured from now on as `interface` */
#define HONE_PORT_REMOVED 2 /* closed; nothing more will come from `interface` */
#define HONE_PORT_REFUSED 3 /* cannot be captured: `text` says why */

struct hone_port_event {
	uint32_t what;
	uint32_t interface;
	struct hone_port port;
	char text[128];
};

/* One place that packets pass: one direction of one queue. */
struct hone_hook {
	uint32_t interface;
	uint16_t port_id;
	uint16_t queue_id;
	uint32_t direction;
	uint32_t reserved;
};

/* Of one hook, by one writer: matched = captured + dropped. bytes: of the captured packets, before snaplen. */
struct hone_counters {
	uint64_t seen;
	uint64_t matched;
	uint64_t captured;
	uint64_t dropped;
	uint64_t bytes;
	uint64_t reserved[3];
};

/* Session memory: the hooks, and the counters of threads that had no ring (only seen, matched, dropped). */
struct hone_session_memory {
	uint32_t magic;
	uint32_t abi_version;
	uint32_t nb_hooks; /* published with release after the entry is complete */
	uint32_t reserved[13];
	struct hone_hook hooks[HONE_MAX_HOOKS];
	struct hone_counters orphans[HONE_MAX_HOOKS];
};

#define HONE_POINT_RX_POLL 1   /* port, queue, nb_rx, max */
#define HONE_POINT_RX_BURST 2  /* the same, of polls that received packets */
#define HONE_POINT_TX_BURST 3  /* port, queue, nb_tx, max */
#define HONE_POINT_RX_PACKET 4 /* see src/tracepoints/dpdk-points.ts */
#define HONE_POINT_TX_PACKET 5
#define HONE_POINT_APP 6       /* declared with hone/trace.h */
#define HONE_POINT_PORT_STATE 7 /* this one and the next are seen by the agent's own thread, ten times a second */
#define HONE_POINT_QUEUE_STATE 8
#define HONE_POINT_PORT_STATS 9
#define HONE_POINT_MEMPOOL_LEVEL 10
#define HONE_POINT_RING_LEVEL 11

#define HONE_TRACE_NEEDS_TIME 1
#define HONE_TRACE_RECORDS 2 /* writes an event of each hit that matches */
#define HONE_MAX_RECORD_FIELDS 16
#define HONE_FIELD_TEXT 64 /* in field_bytes, in place of 1, 2, 4 or 8 */
#define HONE_ANY_QUEUE 0xffffu

struct hone_trace_start {
	uint32_t context_bytes; /* a multiple of 8 */
	uint32_t state_offset;	/* a multiple of 4096, at most context_bytes rounded up to one */
	uint32_t ring_bytes;	/* data area of each writer's ring, a power of two; 0: nothing is recorded or emitted */
	uint32_t seed;		/* of the hashes of keys */
	uint32_t nb_attachments;
	uint32_t nb_maps;
	uint32_t nb_programs;
	uint32_t nb_state_runs;
};

struct hone_trace_attachment {
	uint32_t point;
	uint32_t program;  /* index into the programs of this message; HONE_NO_PROGRAM in recordings */
	uint16_t port_id;  /* or HONE_ANY_PORT */
	uint16_t queue_id; /* or HONE_ANY_QUEUE */
	uint32_t flags;
	uint32_t packet_bytes;	 /* copied into the context */
	uint32_t arguments_used; /* bit i: the program looks at args[i] */
	uint16_t event_id;	 /* of HONE_TRACE_RECORDS, as are the fields */
	uint16_t nb_fields;
	uint8_t field_arguments[HONE_MAX_RECORD_FIELDS]; /* each is args[field_arguments[i]] */
	uint8_t field_bytes[HONE_MAX_RECORD_FIELDS];	 /* 1, 2, 4, 8 or HONE_FIELD_TEXT */
	char name[128];		 /* PROVIDER:NAME of HONE_POINT_APP, else empty */
};

/* A keyed map: slots is a power of two, at least 4; context-layout.ts says how an entry looks. */
struct hone_trace_map {
	uint32_t offset; /* in the context, a multiple of 8 */
	uint32_t slots;
	uint32_t key_bytes;
	uint32_t value_bytes;
};

/* Followed by `bytes` bytes that lie at `offset` of each writer's context at the start; the rest is zeros. */
struct hone_state_run {
	uint32_t offset;
	uint32_t bytes; /* a multiple of 8 */
};

struct hone_tracing {
	uint32_t engine;
	uint32_t reserved;
};

struct hone_writer_event {
	uint32_t writer;
	uint32_t reserved;
};

struct hone_snapped {
	uint32_t quiet_bank;
	uint32_t reserved;
};

/* Of one attachment, by one writer. */
struct hone_trace_cost {
	uint64_t hits;
	uint64_t sampled_hits; /* whose run was timed, arguments and packet bytes included */
	uint64_t sampled_ns;
	uint64_t matched; /* of recordings */
};

#define HONE_NO_LCORE 0xffffffffu

/* The head of a writer's memory. tid is 0 while no thread writes here; name and lcore follow soon after it. */
struct hone_trace_writer {
	uint32_t magic;
	uint32_t abi_version;
	uint32_t writer;
	uint32_t tid;
	uint32_t lcore;
	uint32_t reserved0;
	char name[16];
	uint64_t lost_events;
	uint64_t reserved1[2];
	uint64_t without_room[HONE_MAX_TRACE_MAPS]; /* updates of each map */
	struct hone_trace_cost costs[HONE_MAX_TRACE_ATTACHMENTS];
};

#define HONE_TRACE_BANKS 12288

struct hone_trace_memory {
	uint32_t magic;
	uint32_t abi_version;
	uint64_t unplaced; /* hits of threads that had no memory */
};

#define HONE_ARGUMENT_SIGNED 16 /* beside 1, 2, 4 or 8 bytes */
#define HONE_ARGUMENT_TEXT 32

/* A trace point that the application declared. */
struct hone_point {
	char provider[64];
	char name[64];
	uint32_t nb_args;
	uint32_t reserved;
	uint8_t types[16];
	char args[360]; /* as they were written in the source, with commas between */
};

#define HONE_DPDK_TRACE_DISCARDS 1 /* full memory keeps the oldest events; else it begins anew and loses all of them */

/* DPDK's own trace points, which rte_trace records. */
struct hone_dpdk_points {
	uint32_t count;
	uint32_t flags;
};

#define HONE_DPDK_POINT_ENABLED 1
#define HONE_DPDK_POINT_OURS 2 /* turned on by a client of the agent, not by the application */

struct hone_dpdk_point {
	char name[112];
	uint32_t flags;
	uint32_t reserved[3];
};

/* A pattern as rte_trace_pattern() takes it: fnmatch(3). */
struct hone_dpdk_enable {
	char pattern[128];
};

struct hone_dpdk_enabled {
	uint32_t matched;
	uint32_t held; /* by this connection in all; the others the application has turned on itself */
};

struct hone_index_entry {
	uint64_t timestamp_ns; /* start of the burst, since 1970-01-01 UTC */
	uint32_t bytes;	       /* of whole blocks */
	uint32_t packets;
};

/*
 * A ring: this header, the counters at 4096, index_entries of struct hone_index_entry at HONE_RING_INDEX, then
 * the data area. Header fields of one line are written by one side only.
 */
struct hone_ring {
	uint32_t magic;
	uint32_t abi_version;
	uint32_t ring;
	uint32_t data_bytes;
	uint32_t index_entries;
	uint32_t reserved0[11];
	/* written by the agent */
	uint64_t head;
	uint64_t index_head;
	uint32_t active; /* odd: a burst is being written */
	uint32_t tid;
	uint64_t reserved1[5];
	/* written by the host */
	uint64_t tail;
	uint64_t index_tail;
	uint64_t reserved2[6];
};

#define HONE_RECORD_RING_DATA 4096
#define HONE_RECORD_LENGTH_SHIFT 48
#define HONE_RING_COUNTERS 4096
#define HONE_RING_INDEX 69632 /* HONE_RING_COUNTERS + HONE_MAX_HOOKS * sizeof(struct hone_counters) */
#define HONE_RING_BYTES_PER_INDEX_ENTRY 64 /* no block is smaller, so the index cannot fill before the data */

static_assert(sizeof(struct hone_msg) == 16, "hone_msg");
static_assert(sizeof(struct hone_hello) == 8, "hone_hello");
static_assert(sizeof(struct hone_welcome) == 216, "hone_welcome");
static_assert(sizeof(struct hone_error) == 8, "hone_error");
static_assert(sizeof(struct hone_list) == 8, "hone_list");
static_assert(offsetof(struct hone_port, mac) == 20, "hone_port.mac");
static_assert(offsetof(struct hone_port, ipackets) == 32, "hone_port.ipackets");
static_assert(offsetof(struct hone_port, name) == 96, "hone_port.name");
static_assert(sizeof(struct hone_port) == 288, "hone_port");
static_assert(sizeof(struct hone_start) == 16, "hone_start");
static_assert(sizeof(struct hone_start_port) == 16, "hone_start_port");
static_assert(sizeof(struct hone_start_program) == 8, "hone_start_program");
static_assert(sizeof(struct hone_started) == 16, "hone_started");
static_assert(sizeof(struct hone_ring_event) == 16, "hone_ring_event");
static_assert(offsetof(struct hone_port_event, port) == 8, "hone_port_event.port");
static_assert(sizeof(struct hone_port_event) == 424, "hone_port_event");
static_assert(sizeof(struct hone_hook) == 16, "hone_hook");
static_assert(sizeof(struct hone_counters) == 64, "hone_counters");
static_assert(offsetof(struct hone_session_memory, hooks) == 64, "hone_session_memory.hooks");
static_assert(offsetof(struct hone_session_memory, orphans) == 16448, "hone_session_memory.orphans");
static_assert(sizeof(struct hone_session_memory) == 81984, "hone_session_memory");
static_assert(sizeof(struct hone_trace_start) == 32, "hone_trace_start");
static_assert(sizeof(struct hone_trace_attachment) == 188, "hone_trace_attachment");
static_assert(sizeof(struct hone_trace_map) == 16, "hone_trace_map");
static_assert(sizeof(struct hone_state_run) == 8, "hone_state_run");
static_assert(sizeof(struct hone_tracing) == 8, "hone_tracing");
static_assert(sizeof(struct hone_writer_event) == 8, "hone_writer_event");
static_assert(sizeof(struct hone_snapped) == 8, "hone_snapped");
static_assert(sizeof(struct hone_trace_cost) == 32, "hone_trace_cost");
static_assert(offsetof(struct hone_trace_writer, lost_events) == 40, "hone_trace_writer.lost_events");
static_assert(offsetof(struct hone_trace_writer, without_room) == 64, "hone_trace_writer.without_room");
static_assert(offsetof(struct hone_trace_writer, costs) == 576, "hone_trace_writer.costs");
static_assert(sizeof(struct hone_trace_writer) == 8768, "hone_trace_writer");
static_assert(sizeof(struct hone_trace_memory) == 16, "hone_trace_memory");
static_assert(sizeof(struct hone_point) == 512, "hone_point");
static_assert(sizeof(struct hone_dpdk_points) == 8, "hone_dpdk_points");
static_assert(sizeof(struct hone_dpdk_point) == 128, "hone_dpdk_point");
static_assert(sizeof(struct hone_dpdk_enable) == 128, "hone_dpdk_enable");
static_assert(sizeof(struct hone_dpdk_enabled) == 8, "hone_dpdk_enabled");
static_assert(sizeof(struct hone_index_entry) == 16, "hone_index_entry");
static_assert(offsetof(struct hone_ring, head) == 64, "hone_ring.head");
static_assert(offsetof(struct hone_ring, active) == 80, "hone_ring.active");
static_assert(offsetof(struct hone_ring, tail) == 128, "hone_ring.tail");
static_assert(sizeof(struct hone_ring) == 192, "hone_ring");
static_assert(HONE_RECORD_RING_DATA == 4096, "a page that holds struct hone_ring");
static_assert(HONE_RING_INDEX == HONE_RING_COUNTERS + HONE_MAX_HOOKS * sizeof(struct hone_counters), "index");

#endif
