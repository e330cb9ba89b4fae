/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "agent.h"

static bool wants_empty(const struct trace_at *at)
{
	return at->of_empty || !trace_is_live(at->trace);
}

void trace_gate_settle(struct trace_gate *gate)
{
	const struct trace_plan *plan = atomic_load(&gate->plan);
	bool wanted = false;

	for (uint32_t i = 0; plan != NULL && i < plan->count; i++)
		wanted = wanted || wants_empty(&plan->ats[i]);
	atomic_store(&gate->empty_too, wanted);
}

static void replace(struct trace_gate *gate, struct trace_plan *plan)
{
	struct trace_plan *old = atomic_exchange(&gate->plan, plan);

	if (old != NULL)
		reclaim_defer(&agent.reclaim, free, old);
	trace_gate_settle(gate);
}

static struct trace_plan *copy(const struct trace_plan *from, const struct trace *without, uint32_t more)
{
	uint32_t count = from == NULL ? 0 : from->count;
	size_t bytes = offsetof(struct trace_plan, ats) + (count + more) * sizeof(from->ats[0]);
	struct trace_plan *plan = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(bytes, (size_t)RTE_CACHE_LINE_SIZE));

	if (plan == NULL)
		return NULL;
	*plan = (struct trace_plan){ .count = 0 };
	for (uint32_t i = 0; i < count; i++)
		if (from->ats[i].trace != without)
			plan->ats[plan->count++] = from->ats[i];
	return plan;
}

int trace_gate_add(struct trace_gate *gate, const struct trace_at *ats, uint32_t count)
{
	struct trace_plan *plan = copy(atomic_load(&gate->plan), NULL, count);

	if (plan == NULL)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		plan->ats[plan->count++] = ats[i];
	replace(gate, plan);
	return 0;
}

bool trace_gate_has(const struct trace_gate *gate, const struct trace *trace)
{
	const struct trace_plan *plan = atomic_load(&gate->plan);

	for (uint32_t i = 0; plan != NULL && i < plan->count; i++)
		if (plan->ats[i].trace == trace)
			return true;
	return false;
}

void trace_gate_remove(struct trace_gate *gate, const struct trace *trace)
{
	struct trace_plan *plan;

	if (!trace_gate_has(gate, trace))
		return;
	/* Without memory for the copy, the other traces lose this gate too: better than a dangling one. */
	plan = copy(atomic_load(&gate->plan), trace, 0);
	if (plan != NULL && plan->count == 0) {
		free(plan);
		plan = NULL;
	}
	replace(gate, plan);
}
