/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "dpdk_trace.h"
#include "server.h"

/* Threads that were inside of a point when it was turned off have left it by then, unless they were taken off their processor. */
#define PAUSE_NS 2000000

#define MOST_POINTS \
	((HONE_MAX_MESSAGE - sizeof(struct hone_msg) - sizeof(struct hone_dpdk_points)) / sizeof(struct hone_dpdk_point))

static const char unusable[] =
	"rte_trace is not in reach: the application's DPDK does not export it (link it with --export-dynamic)";

static bool is_usable(struct client *client, uint32_t request)
{
	const struct dpdk *dpdk = &agent.dpdk;

	if (dpdk->rte_trace_dump == NULL || dpdk->rte_trace_point_lookup == NULL || dpdk->rte_trace_point_enable == NULL ||
	    dpdk->rte_trace_point_disable == NULL || dpdk->rte_trace_save == NULL) {
		client_error(client, request, ENOTSUP, unusable);
		return false;
	}
	if (agent_ready())
		return true;
	client_error(client, request, EAGAIN, "the application has not initialised its EAL yet");
	return false;
}

/* What rte_trace_dump says: the only public function that names every point. Freed by the caller; NULL without memory. */
static char *dump(void)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	if (stream == NULL)
		return NULL;
	agent.dpdk.rte_trace_dump(stream);
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

/* "\tid 7, lib.eal.mem.free, size is 16, disabled": false for any other line. */
static bool parse_line(const char *line, struct hone_dpdk_point *point)
{
	char name[sizeof(point->name)], state[9];

	memset(point, 0, sizeof(*point));
	if (line[0] != '\t' || sscanf(line, "\tid %*u, %111[^, \n], size is %*u, %8[a-z]", name, state) != 2)
		return false;
	snprintf(point->name, sizeof(point->name), "%s", name);
	if (strcmp(state, "enabled") == 0)
		point->flags = HONE_DPDK_POINT_ENABLED;
	return true;
}

static struct dpdk_trace_user *user_of(const rte_trace_point_t *point)
{
	for (uint32_t i = 0; i < agent.dpdk_trace.count; i++)
		if (agent.dpdk_trace.users[i].point == point)
			return &agent.dpdk_trace.users[i];
	return NULL;
}

/* Every point of the dump; how many there are. `points` may be NULL to count them. */
static uint32_t parse_points(const char *text, struct hone_dpdk_point *points, uint32_t room)
{
	struct hone_dpdk_point point;
	uint32_t count = 0;

	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (count == room || !parse_line(line, &point))
			continue;
		if (points != NULL)
			points[count] = point;
		count++;
	}
	return count;
}

void dpdk_trace_list(struct client *client, uint32_t request)
{
	struct hone_dpdk_points *list;
	struct hone_dpdk_point *points;
	uint32_t count;
	char *text;

	if (!is_usable(client, request))
		return;
	text = dump();
	count = text == NULL ? 0 : parse_points(text, NULL, MOST_POINTS);
	list = text == NULL ? NULL : calloc(1, sizeof(*list) + count * sizeof(*points));
	if (list == NULL) {
		free(text);
		client_error(client, request, ENOMEM, "no memory for the list of DPDK's trace points");
		return;
	}
	points = (struct hone_dpdk_point *)(list + 1);
	list->count = parse_points(text, points, count);
	if (agent.dpdk.rte_trace_mode_get != NULL && agent.dpdk.rte_trace_mode_get() == RTE_TRACE_MODE_DISCARD)
		list->flags = HONE_DPDK_TRACE_DISCARDS;
	for (uint32_t i = 0; i < list->count; i++)
		if (user_of(agent.dpdk.rte_trace_point_lookup(points[i].name)) != NULL)
			points[i].flags |= HONE_DPDK_POINT_OURS;
	client_send(client, HONE_MSG_DPDK_POINTS, request, list, (uint32_t)(sizeof(*list) + count * sizeof(*points)), -1);
	free(list);
	free(text);
}

static bool hold_has(const struct dpdk_trace_hold *hold, const rte_trace_point_t *point)
{
	for (uint32_t i = 0; i < hold->count; i++)
		if (hold->points[i] == point)
			return true;
	return false;
}

/* A place for one more user. */
static struct dpdk_trace_user *add_user(rte_trace_point_t *point)
{
	struct dpdk_trace *trace = &agent.dpdk_trace;

	if (trace->count == trace->room) {
		const uint32_t room = trace->room == 0 ? 64 : 2 * trace->room;
		struct dpdk_trace_user *more = realloc(trace->users, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		trace->users = more;
		trace->room = room;
	}
	trace->users[trace->count] = (struct dpdk_trace_user){ .point = point };
	return &trace->users[trace->count++];
}

static void drop_user(struct dpdk_trace_user *user)
{
	agent.dpdk.rte_trace_point_disable(user->point);
	*user = agent.dpdk_trace.users[--agent.dpdk_trace.count];
}

/* Turns the point on for this client; `hold` has room. What the application has turned on is left to it. */
static bool take_point(struct dpdk_trace_hold *hold, rte_trace_point_t *point, bool is_on)
{
	struct dpdk_trace_user *user = user_of(point);

	if (hold_has(hold, point) || (user == NULL && is_on))
		return true;
	if (user == NULL)
		user = add_user(point);
	if (user == NULL)
		return false;
	if (user->holders == 0 && agent.dpdk.rte_trace_point_enable(point) != 0) {
		drop_user(user);
		return true;
	}
	user->holders++;
	hold->points[hold->count++] = point;
	return true;
}

/* -1 without memory; the points that were turned on till then are the client's. */
static int take_matching(struct dpdk_trace_hold *hold, const char *pattern, struct hone_dpdk_enabled *result)
{
	char *text = dump();
	const uint32_t count = text == NULL ? 0 : parse_points(text, NULL, MOST_POINTS);
	struct hone_dpdk_point *points = calloc(count + 1, sizeof(*points));
	rte_trace_point_t **room = realloc(hold->points, (hold->count + count + 1) * sizeof(*room));
	int status = -1;

	if (room != NULL)
		hold->points = room;
	if (text == NULL || points == NULL || room == NULL)
		goto out;
	parse_points(text, points, count);
	for (uint32_t i = 0; i < count; i++) {
		rte_trace_point_t *point;

		if (fnmatch(pattern, points[i].name, 0) != 0)
			continue;
		point = agent.dpdk.rte_trace_point_lookup(points[i].name);
		if (point == NULL)
			continue;
		result->matched++;
		if (!take_point(hold, point, points[i].flags & HONE_DPDK_POINT_ENABLED))
			goto out;
	}
	result->held = hold->count;
	status = 0;
out:
	free(points);
	free(text);
	return status;
}

void dpdk_trace_enable(struct client *client, uint32_t request, const uint8_t *body, uint32_t bytes)
{
	struct hone_dpdk_enable wanted;
	struct hone_dpdk_enabled result = { 0 };

	if (bytes != sizeof(wanted)) {
		client_error(client, request, EBADMSG, "a pattern of trace points has another size");
		return;
	}
	memcpy(&wanted, body, sizeof(wanted));
	if (wanted.pattern[0] == '\0' || memchr(wanted.pattern, '\0', sizeof(wanted.pattern)) == NULL) {
		client_error(client, request, EBADMSG, "a pattern of trace points is no text");
		return;
	}
	if (!is_usable(client, request))
		return;
	if (take_matching(&client->dpdk_trace, wanted.pattern, &result) != 0) {
		dpdk_trace_release(&client->dpdk_trace);
		client_error(client, request, ENOMEM, "no memory to turn on DPDK's trace points");
		return;
	}
	client_send(client, HONE_MSG_DPDK_ENABLED, request, &result, sizeof(result), -1);
}

/* Before anything is written, rte_trace names the folder in which it would make one of its own. */
static bool has_trace(const char *path)
{
	char file[PATH_MAX + sizeof("/metadata")];

	snprintf(file, sizeof(file), "%s/metadata", path);
	return access(file, F_OK) == 0;
}

/* Where rte_trace has saved, as an absolute path; false when it has not. */
static bool find_folder(char path[PATH_MAX])
{
	char *text = dump();
	char *line = text == NULL ? NULL : strstr(text, "\ndir = ");
	bool found = false;

	if (line != NULL) {
		line += strlen("\ndir = ");
		line[strcspn(line, "\n")] = '\0';
		found = realpath(line, path) != NULL && has_trace(path);
	}
	free(text);
	return found;
}

/*
 * rte_trace holds the lock of its memory while it writes files, and a thread that meets its first event waits for that: our points
 * are off meanwhile, so that no thread comes to it because of us, and no event is half written.
 */
static int save_quietly(const struct dpdk_trace_hold *hold)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int status;

	for (uint32_t i = 0; i < hold->count; i++)
		agent.dpdk.rte_trace_point_disable(hold->points[i]);
	nanosleep(&pause, NULL);
	status = agent.dpdk.rte_trace_save();
	for (uint32_t i = 0; i < hold->count; i++)
		agent.dpdk.rte_trace_point_enable(hold->points[i]);
	return status;
}

void dpdk_trace_save(struct client *client, uint32_t request)
{
	char path[PATH_MAX], text[128];
	int status;

	if (!is_usable(client, request))
		return;
	if (client->dpdk_trace.count == 0) {
		client_error(client, request, EINVAL, "this connection has turned on none of DPDK's trace points");
		return;
	}
	status = save_quietly(&client->dpdk_trace);
	if (status < 0) {
		snprintf(text, sizeof(text), "rte_trace_save() in the application: %s", strerror(-status));
		client_error(client, request, -status, text);
		return;
	}
	/* rte_trace writes nothing as long as no thread has met an event. */
	if (!find_folder(path))
		path[0] = '\0';
	client_send(client, HONE_MSG_DPDK_SAVED, request, path, (uint32_t)strlen(path), -1);
}

void dpdk_trace_release(struct dpdk_trace_hold *hold)
{
	for (uint32_t i = 0; i < hold->count; i++) {
		struct dpdk_trace_user *user = user_of(hold->points[i]);

		if (user != NULL && --user->holders == 0)
			drop_user(user);
	}
	free(hold->points);
	*hold = (struct dpdk_trace_hold){ 0 };
}
