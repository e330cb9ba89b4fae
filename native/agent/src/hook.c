/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <rte_errno.h>

#include "agent.h"

/* A call that captures, traces or both may want to see. Apart from on_rx(), which pays for nothing while nobody looks. */
static __attribute__((noinline)) uint16_t look(struct rte_mbuf **packets, uint16_t count, uint16_t max, struct hook *hook)
{
	bool captures = atomic_load_explicit(&hook->plan, memory_order_relaxed) != NULL &&
			(count != 0 || atomic_load_explicit(&hook->warming, memory_order_relaxed));
	bool traces = atomic_load_explicit(&hook->traces.plan, memory_order_relaxed) != NULL &&
		      (count != 0 || atomic_load_explicit(&hook->traces.empty_too, memory_order_relaxed));
	struct writer *writer;
	uint64_t captured_ns = 0;

	if (!captures && !traces)
		return count;
	writer = writer_claim(&agent.writers);
	if (captures)
		captured_ns = hook_run(hook, writer, packets, count);
	if (traces)
		trace_run_burst(hook, writer, packets, count, max, captured_ns);
	/* After both: they see the same numbers on the same packets. */
	if (likely(writer != NULL))
		writer->packets += count;
	return count;
}

static uint16_t on_rx(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **packets, uint16_t count,
		      uint16_t max, void *arg)
{
	struct hook *hook = arg;

	(void)port_id;
	(void)queue_id;
	if (likely(atomic_load_explicit(&hook->plan, memory_order_relaxed) == NULL &&
		   atomic_load_explicit(&hook->traces.plan, memory_order_relaxed) == NULL))
		return count;
	return look(packets, count, max, hook);
}

static uint16_t on_tx(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **packets, uint16_t count, void *arg)
{
	return on_rx(port_id, queue_id, packets, count, count, arg);
}

static struct hook *find(uint16_t port_id, uint16_t queue_id, uint32_t direction)
{
	for (struct hook *hook = atomic_load(&agent.hooks.first); hook != NULL; hook = hook->next)
		if (hook->port_id == port_id && hook->queue_id == queue_id && hook->direction == direction &&
		    !atomic_load(&hook->removed))
			return hook;
	return NULL;
}

static void unlink_callback(struct hook *hook)
{
	if (hook->direction == HONE_DIRECTION_IN)
		agent.dpdk.rte_eth_remove_rx_callback(hook->port_id, hook->queue_id, hook->callback);
	else
		agent.dpdk.rte_eth_remove_tx_callback(hook->port_id, hook->queue_id, hook->callback);
}

struct hook *hook_install(uint16_t port_id, uint16_t queue_id, uint32_t direction)
{
	uint32_t closings = atomic_load(&agent.hooks.closings[port_id]);
	struct hook *hook = find(port_id, queue_id, direction);

	if (hook != NULL)
		return hook;
	hook = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(sizeof(*hook), RTE_CACHE_LINE_SIZE));
	if (hook == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	*hook = (struct hook){ .port_id = port_id, .queue_id = queue_id, .direction = direction };
	if (direction == HONE_DIRECTION_IN)
		hook->callback = agent.dpdk.rte_eth_add_first_rx_callback(port_id, queue_id, on_rx, hook);
	else
		hook->callback = agent.dpdk.rte_eth_add_tx_callback(port_id, queue_id, on_tx, hook);
	if (hook->callback == NULL) {
		free(hook);
		errno = EINVAL;
		return NULL;
	}
	hook->next = atomic_load(&agent.hooks.first);
	atomic_store(&agent.hooks.first, hook);
	/* The application may have closed the port meanwhile: its next user must not find our callback. */
	if (atomic_load(&agent.hooks.closings[port_id]) != closings && !atomic_exchange(&hook->removed, true)) {
		unlink_callback(hook);
		errno = ENODEV;
		return NULL;
	}
	return hook;
}

void hooks_forget_port(uint16_t port_id)
{
	atomic_fetch_add(&agent.hooks.closings[port_id], 1);
	for (struct hook *hook = atomic_load(&agent.hooks.first); hook != NULL; hook = hook->next)
		if (hook->port_id == port_id && !atomic_exchange(&hook->removed, true))
			unlink_callback(hook);
}

static void replace(struct hook *hook, struct plan *plan)
{
	struct plan *old = atomic_exchange(&hook->plan, plan);

	if (old != NULL)
		reclaim_defer(&agent.reclaim, free, old);
}

static struct plan *plan_copy(const struct plan *from, const struct session *without, uint32_t more)
{
	uint32_t count = from == NULL ? 0 : from->count;
	size_t bytes = offsetof(struct plan, attachments) + (count + more) * sizeof(from->attachments[0]);
	struct plan *plan = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(bytes, (size_t)RTE_CACHE_LINE_SIZE));

	if (plan == NULL)
		return NULL;
	*plan = (struct plan){ .count = 0 };
	for (uint32_t i = 0; i < count; i++)
		if (from->attachments[i].session != without)
			plan->attachments[plan->count++] = from->attachments[i];
	return plan;
}

int hook_attach(struct hook *hook, const struct attachment *attachment)
{
	struct plan *plan = plan_copy(atomic_load(&hook->plan), NULL, 1);

	if (plan == NULL)
		return -1;
	plan->attachments[plan->count++] = *attachment;
	replace(hook, plan);
	return 0;
}

static bool plan_has(const struct plan *plan, const struct session *session)
{
	for (uint32_t i = 0; plan != NULL && i < plan->count; i++)
		if (plan->attachments[i].session == session)
			return true;
	return false;
}

void hook_detach(struct hook *hook, const struct session *session)
{
	struct plan *old = atomic_load(&hook->plan);
	struct plan *plan = NULL;

	if (!plan_has(old, session))
		return;
	if (old->count > 1)
		plan = plan_copy(old, session, 0);
	/* Without memory for the copy, the other sessions of this hook lose it too: better than a dangling one. */
	replace(hook, plan);
}
