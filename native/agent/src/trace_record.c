/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recording: hits that match become finished CTF events in the ring of the calling thread. Never blocks, never allocates,
 * never logs. What is written by one call is published at once.
 */
#include "trace_moment.h"
#include "trace_record.h"

/* Where one call of one attachment writes. */
struct appender {
	const struct trace_record *record; /* NULL: hits are only counted */
	struct record_ring *ring;
	struct trace_moment *moment;
	uint64_t head;
	uint64_t ns; /* 0: not yet read */
	uint32_t last_bytes;
	uint32_t matched;
	uint32_t lost;
};

int trace_record_plan(struct trace_record *record, const struct hone_trace_attachment *attachment)
{
	uint32_t at = TRACE_RECORD_HEAD;

	if (attachment->nb_fields > HONE_MAX_RECORD_FIELDS)
		return -1;
	*record = (struct trace_record){ .event_id = attachment->event_id, .nb_fields = (uint8_t)attachment->nb_fields };
	for (uint32_t i = 0; i < attachment->nb_fields; i++) {
		const uint8_t argument = attachment->field_arguments[i];
		const uint8_t bytes = attachment->field_bytes[i];
		const bool is_text = bytes == HONE_FIELD_TEXT;

		if (argument >= HONE_MAX_TRACE_ARGS || (!is_text && bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8))
			return -1;
		record->fields[i].argument = argument;
		record->fields[i].bytes = bytes;
		record->fields[i].at = (uint16_t)at;
		record->arguments |= TRACE_BIT(argument);
		record->texts |= is_text ? TRACE_BIT(argument) : 0;
		at += bytes;
	}
	record->has_texts = record->texts != 0;
	record->bytes = (uint16_t)at;
	return 0;
}
static_assert(TRACE_RECORD_HEAD + HONE_MAX_RECORD_FIELDS * HONE_FIELD_TEXT <= UINT16_MAX, "length of a record");

bool trace_record_fits(const struct trace_record *record, uint32_t nb_args, uint32_t texts)
{
	for (uint32_t i = 0; i < record->nb_fields; i++) {
		const uint8_t argument = record->fields[i].argument;
		const bool is_text = record->fields[i].bytes == HONE_FIELD_TEXT;

		if (argument >= nb_args || is_text != ((texts & TRACE_BIT(argument)) != 0))
			return false;
	}
	return true;
}

/* Each byte is read once: a text that another thread changes meanwhile still ends where the record says. */
static uint32_t copy_text(uint8_t *to, uint64_t address)
{
	const volatile char *text = (const volatile char *)(uintptr_t)address;
	uint32_t length = 0;

	for (; text != NULL && length < HONE_FIELD_TEXT - 1; length++) {
		const char byte = text[length];

		if (byte == '\0')
			break;
		to[length] = (uint8_t)byte;
	}
	to[length] = '\0';
	return length + 1;
}

static __attribute__((noinline)) uint32_t copy_mixed(uint8_t *record_start, const struct trace_record *record,
						     const uint64_t *args)
{
	uint8_t *to = record_start + TRACE_RECORD_HEAD;

	for (uint32_t i = 0; i < record->nb_fields; i++) {
		const uint64_t value = args[record->fields[i].argument];

		if (record->fields[i].bytes == HONE_FIELD_TEXT) {
			to += copy_text(to, value);
		} else {
			memcpy(to, &value, sizeof(value));
			to += record->fields[i].bytes;
		}
	}
	return (uint32_t)(to - record_start);
}

/*
 * What is captured and recorded has one time. Not that of programs: their events are put in order by a time that is read when their
 * ring is marked as active.
 */
static inline uint64_t record_time(struct trace_moment *moment)
{
	return moment->captured_ns != 0 ? moment->captured_ns : trace_time(moment);
}

/* One hit that matched, with its arguments. */
static __rte_always_inline void append(struct appender *appender, const uint64_t *args)
{
	const struct trace_record *record = appender->record;
	uint32_t bytes;
	uint8_t *to;

	appender->matched++;
	if (record == NULL)
		return;
	bytes = record->bytes;
	if (unlikely(!record_ring_has_room(appender->ring, appender->head, bytes))) {
		appender->lost++;
		return;
	}
	if (appender->ns == 0)
		appender->ns = record_ring_time(appender->ring, record_time(appender->moment));
	to = record_ring_at(appender->ring, appender->head);
	memcpy(to, &record->event_id, sizeof(record->event_id));
	memcpy(to + sizeof(record->event_id), &appender->ns, sizeof(appender->ns));
	if (likely(!record->has_texts)) {
		/* Each store reaches over what the next ones write, the last one into the ring's slack. */
		for (uint32_t i = 0; i < record->nb_fields; i++)
			memcpy(to + record->fields[i].at, &args[record->fields[i].argument], sizeof(*args));
	} else {
		bytes = copy_mixed(to, record, args);
	}
	appender->head += bytes;
	appender->last_bytes = bytes;
}

static void record_burst(const struct trace_at *at, struct trace_context *context, struct appender *appender)
{
	uint64_t args[NB_BURST_ARGUMENTS];

	if (trace_program_is(&at->program)) {
		trace_fill_burst(context->args, at, appender->moment);
		if (trace_program_run(&at->program, context) == 0)
			return;
	}
	trace_fill_burst(args, at, appender->moment);
	append(appender, args);
}

static void record_packets(const struct trace_at *at, struct trace_context *context, struct appender *appender)
{
	const struct trace_moment *moment = appender->moment;
	const bool has_program = trace_program_is(&at->program);

	for (uint16_t i = 0; i < moment->count; i++) {
		context->args[PORT] = at->port_id;
		context->args[QUEUE] = at->queue_id;
		trace_fill_packet(context->args, at->arguments, moment, i);
		if (at->packet_bytes != 0)
			trace_copy_head(context, moment->packets[i], at->packet_bytes);
		if (!has_program || trace_program_run(&at->program, context) != 0)
			append(appender, context->args);
	}
}

static void record_point(const struct trace_at *at, struct trace_context *context, struct appender *appender)
{
	if (trace_program_is(&at->program)) {
		trace_fill_point(context, appender->moment);
		if (trace_program_run(&at->program, context) == 0)
			return;
	}
	append(appender, appender->moment->args);
}

void trace_record_hits(const struct trace_at *at, struct trace_writer *own, struct trace_context *context,
		       struct trace_moment *moment)
{
	struct record_ring *ring = own->records;
	struct appender appender = { .record = at->record, .ring = ring, .moment = moment, .head = ring->head };

	switch (at->point) {
	case HONE_POINT_RX_POLL:
	case HONE_POINT_RX_BURST:
	case HONE_POINT_TX_BURST:
		record_burst(at, context, &appender);
		break;
	case HONE_POINT_RX_PACKET:
	case HONE_POINT_TX_PACKET:
		record_packets(at, context, &appender);
		break;
	default:
		record_point(at, context, &appender);
		break;
	}
	own->shared->costs[at->number].matched += appender.matched;
	own->shared->lost_events += appender.lost;
	if (appender.last_bytes != 0)
		record_ring_publish(ring, appender.head, appender.last_bytes);
}
