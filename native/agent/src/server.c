/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "ports.h"
#include "server.h"

#define TICK_MS 10
#define RECLAIM_MS 1
#define TICKS_A_LOOK 10 /* ports and clocks: every 100 ms */

static int folder(char *path, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat status;
	int length;

	if (geteuid() == 0)
		length = snprintf(path, size, "/run/hone");
	else if (runtime != NULL && runtime[0] == '/')
		length = snprintf(path, size, "%s/hone", runtime);
	else
		length = snprintf(path, size, "/tmp/hone-%u", geteuid());
	if (length < 0 || (size_t)length >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	if (lstat(path, &status) != 0)
		return -1;
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & 022) != 0) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

/* A socket of this pid that nobody answers is left from a dead process; one that answers is another agent. */
static int clear_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -1;
	result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	close(fd);
	if (result == 0) {
		errno = EADDRINUSE;
		return -1;
	}
	return unlink(address->sun_path);
}

int server_open(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[sizeof(address.sun_path) - 16];

	if (folder(path, sizeof(path)) != 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.sock", path, (int)agent.pid);
	agent.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (agent.listener < 0)
		return -1;
	/* Before bind: the mode of the socket is there from its first moment, whatever the umask. */
	if (fchmod(agent.listener, 0600) != 0)
		goto fail;
	if (bind(agent.listener, (struct sockaddr *)&address, sizeof(address)) != 0 &&
	    (errno != EADDRINUSE || clear_stale(&address) != 0 ||
	     bind(agent.listener, (struct sockaddr *)&address, sizeof(address)) != 0))
		goto fail;
	if (listen(agent.listener, HONE_MAX_CLIENTS) != 0)
		goto fail;
	memcpy(agent.path, address.sun_path, sizeof(agent.path));
	return 0;
fail:
	close(agent.listener);
	agent.listener = -1;
	return -1;
}

void client_close(struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	client->fd = -1;
	if (client->session != NULL)
		session_abandon(client->session);
	if (client->trace != NULL)
		trace_abandon(client->trace);
	dpdk_trace_release(&client->dpdk_trace);
	client->session = NULL;
	client->trace = NULL;
}

bool client_send(struct client *client, uint32_t type, uint32_t request, const void *body, uint32_t bytes, int fd)
{
	struct hone_msg head = { .length = (uint32_t)sizeof(head) + bytes, .type = type, .request = request };
	struct iovec parts[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)body, bytes } };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (client->fd < 0)
		return false;
	if (fd >= 0) {
		struct cmsghdr *rights;

		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	if (sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)head.length)
		return true;
	client_close(client);
	return false;
}

bool client_error(struct client *client, uint32_t request, int code, const char *text)
{
	struct {
		struct hone_error error;
		char text[256];
	} body = { .error = { .code = (uint32_t)code } };
	size_t length = strnlen(text, sizeof(body.text));

	memcpy(body.text, text, length);
	return client_send(client, HONE_MSG_ERROR, request, &body, (uint32_t)(sizeof(body.error) + length), -1);
}

static void welcome(struct client *client, uint32_t request)
{
	struct hone_welcome body = { .abi_version = HONE_ABI_VERSION, .kind = HONE_KIND_DPDK };
	const char *folder_of_eal = NULL;
	const char *last;

	body.pid = (uint32_t)agent.pid;
	body.engine = abi_engine(program_engine_of(&agent.program_api));
	body.tsc_hz = agent.dpdk.rte_get_tsc_hz();
	snprintf(body.version, sizeof(body.version), "%s", agent.dpdk.rte_version());
	if (agent.dpdk.rte_eal_get_runtime_dir != NULL)
		folder_of_eal = agent.dpdk.rte_eal_get_runtime_dir();
	last = folder_of_eal == NULL ? NULL : strrchr(folder_of_eal, '/');
	snprintf(body.file_prefix, sizeof(body.file_prefix), "%s", last == NULL ? "" : last + 1);
	snprintf(body.build, sizeof(body.build), "%s", HONE_BUILD);
	client_send(client, HONE_MSG_WELCOME, request, &body, sizeof(body), -1);
}

static void greet(struct client *client, const struct hone_msg *head, const uint8_t *body)
{
	const struct hone_hello *hello = (const struct hone_hello *)body;
	char text[96];

	if (head->type != HONE_MSG_HELLO || head->length != sizeof(*head) + sizeof(*hello) ||
	    hello->magic != HONE_MAGIC) {
		client_close(client);
		return;
	}
	if (hello->abi_version != HONE_ABI_VERSION) {
		snprintf(text, sizeof(text), "this agent speaks protocol version %d, not %u", HONE_ABI_VERSION,
			 hello->abi_version);
		client_error(client, head->request, EPROTONOSUPPORT, text);
		client_close(client);
		return;
	}
	client->greeted = true;
	welcome(client, head->request);
}

static void list_ports(struct client *client, uint32_t request)
{
	struct {
		struct hone_list list;
		struct hone_port ports[RTE_MAX_ETHPORTS];
	} *body = calloc(1, sizeof(*body));
	uint16_t id;

	if (body == NULL) {
		client_error(client, request, ENOMEM, "no memory for the list of ports");
		return;
	}
	for (id = agent.dpdk.rte_eth_find_next(0); id < RTE_MAX_ETHPORTS; id = agent.dpdk.rte_eth_find_next(id + 1))
		port_describe(id, &body->ports[body->list.count++]);
	client_send(client, HONE_MSG_PORTS, request, body,
		    (uint32_t)(sizeof(body->list) + body->list.count * sizeof(body->ports[0])), -1);
	free(body);
}

static void list_points(struct client *client, uint32_t request)
{
	const uint32_t most = (HONE_MAX_MESSAGE - sizeof(struct hone_msg) - sizeof(struct hone_list)) /
			      sizeof(struct hone_point);
	struct hone_list *list;

	trace_points_find(&agent.points);
	list = calloc(1, sizeof(*list) + RTE_MIN(agent.points.count, most) * sizeof(struct hone_point));
	if (list == NULL) {
		client_error(client, request, ENOMEM, "no memory for the list of trace points");
		return;
	}
	list->count = trace_points_list(&agent.points, (struct hone_point *)(list + 1), most);
	client_send(client, HONE_MSG_POINTS, request, list,
		    (uint32_t)(sizeof(*list) + list->count * sizeof(struct hone_point)), -1);
	free(list);
}

/* START or TRACE. */
static void start(struct client *client, const struct hone_msg *head, const uint8_t *body)
{
	const uint32_t bytes = head->length - (uint32_t)sizeof(*head);
	char error[256] = "";

	if (client->session != NULL || client->trace != NULL) {
		client_error(client, head->request, EBUSY, "this connection has a session already");
		return;
	}
	if (!agent_ready()) {
		client_error(client, head->request, EAGAIN, "the application has not initialised its EAL yet");
		return;
	}
	if (head->type == HONE_MSG_START)
		client->session = session_start(client, head->request, body, bytes, error, sizeof(error));
	else
		client->trace = trace_start(client, head->request, body, bytes, error, sizeof(error));
	if (client->session == NULL && client->trace == NULL) {
		int code = errno;

		client_error(client, head->request, code, error[0] != '\0' ? error : strerror(code));
	}
}

static void stop(struct client *client, uint32_t request)
{
	if (client->session != NULL)
		session_stop(client->session, request);
	else if (client->trace != NULL)
		trace_stop(client->trace, request);
	else
		client_error(client, request, EINVAL, "there is no session to stop");
}

static void serve(struct client *client, const struct hone_msg *head, const uint8_t *body)
{
	char text[64];

	switch (head->type) {
	case HONE_MSG_LIST_PORTS:
		list_ports(client, head->request);
		break;
	case HONE_MSG_START:
	case HONE_MSG_TRACE:
		start(client, head, body);
		break;
	case HONE_MSG_STOP:
		stop(client, head->request);
		break;
	case HONE_MSG_SNAPSHOT:
		if (client->trace == NULL)
			client_error(client, head->request, EINVAL, "there is no trace to take a snapshot of");
		else
			trace_snapshot(client->trace, head->request);
		break;
	case HONE_MSG_LIST_POINTS:
		list_points(client, head->request);
		break;
	case HONE_MSG_LIST_DPDK_POINTS:
		dpdk_trace_list(client, head->request);
		break;
	case HONE_MSG_DPDK_ENABLE:
		dpdk_trace_enable(client, head->request, body, head->length - (uint32_t)sizeof(*head));
		break;
	case HONE_MSG_DPDK_SAVE:
		dpdk_trace_save(client, head->request);
		break;
	default:
		snprintf(text, sizeof(text), "unknown message type %u", head->type);
		client_error(client, head->request, EBADMSG, text);
		break;
	}
}

static bool well_formed(const struct hone_msg *head)
{
	return head->length >= sizeof(*head) && head->length <= HONE_MAX_MESSAGE && head->request != 0 &&
	       head->reserved == 0;
}

static bool make_room(struct client *client, uint32_t bytes)
{
	uint8_t *more;

	if (bytes <= client->room)
		return true;
	more = realloc(client->bytes, bytes);
	if (more == NULL)
		return false;
	client->bytes = more;
	client->room = bytes;
	return true;
}

/* One message at a time: never reads beyond the end of the one that is coming in. */
static void receive(struct client *client)
{
	struct hone_msg head = { .length = sizeof(head) };
	ssize_t got;

	if (client->have >= sizeof(head))
		memcpy(&head, client->bytes, sizeof(head));
	if (!make_room(client, head.length)) {
		client_close(client);
		return;
	}
	got = recv(client->fd, client->bytes + client->have, head.length - client->have, MSG_DONTWAIT);
	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			client_close(client);
		return;
	}
	client->have += (uint32_t)got;
	if (client->have < sizeof(head))
		return;
	memcpy(&head, client->bytes, sizeof(head));
	if (!well_formed(&head)) {
		client_close(client);
		return;
	}
	if (client->have < head.length)
		return;
	client->have = 0;
	if (client->greeted)
		serve(client, &head, client->bytes + sizeof(head));
	else
		greet(client, &head, client->bytes + sizeof(head));
}

static bool is_trusted(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static void take_client(void)
{
	const int room = HONE_MAX_MESSAGE;
	struct client client = { .fd = accept4(agent.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) };

	if (client.fd < 0)
		return;
	setsockopt(client.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	if (!is_trusted(client.fd)) {
		client_error(&client, 0, EPERM, "only the application's user and root may talk to this agent");
		client_close(&client);
		return;
	}
	for (int i = 0; i < HONE_MAX_CLIENTS; i++) {
		if (agent.clients[i] != NULL)
			continue;
		agent.clients[i] = malloc(sizeof(client));
		if (agent.clients[i] == NULL)
			break;
		*agent.clients[i] = client;
		return;
	}
	client_error(&client, 0, EUSERS, "this agent has as many clients as it takes (16)");
	client_close(&client);
}

static void free_closed_clients(void)
{
	for (int i = 0; i < HONE_MAX_CLIENTS; i++) {
		struct client *client = agent.clients[i];

		if (client == NULL || client->fd >= 0)
			continue;
		free(client->bytes);
		free(client);
		agent.clients[i] = NULL;
	}
}

static void wait_and_receive(int timeout_ms)
{
	struct pollfd fds[1 + HONE_MAX_CLIENTS];
	struct client *clients[1 + HONE_MAX_CLIENTS];
	nfds_t count = 1;

	fds[0] = (struct pollfd){ .fd = agent.listener, .events = POLLIN };
	for (int i = 0; i < HONE_MAX_CLIENTS; i++) {
		if (agent.clients[i] == NULL)
			continue;
		clients[count] = agent.clients[i];
		fds[count++] = (struct pollfd){ .fd = agent.clients[i]->fd, .events = POLLIN };
	}
	if (poll(fds, count, timeout_ms) <= 0)
		return;
	for (nfds_t i = 1; i < count; i++)
		if (fds[i].revents != 0 && clients[i]->fd >= 0)
			receive(clients[i]);
	if (fds[0].revents != 0)
		take_client();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void tick(uint64_t now, bool look)
{
	if (look) {
		clock_update(&agent.clock);
		writers_take_back_dead(&agent.writers);
	}
	for (struct session *session = agent.sessions; session != NULL; session = session->next)
		session_tick(session, now, look);
	for (struct trace *trace = agent.traces; trace != NULL; trace = trace->next)
		trace_tick(trace, now, look);
	if (look)
		observe_wake();
}

void server_run(void)
{
	uint64_t next_ns = 0;
	uint32_t ticks = 0;

	for (;;) {
		bool reclaiming = reclaim_run(&agent.reclaim);
		bool busy = agent.sessions != NULL || agent.traces != NULL;
		uint64_t now = now_ns();

		if (busy && now >= next_ns) {
			tick(now, ticks++ % TICKS_A_LOOK == 0);
			next_ns = now + TICK_MS * 1000000ull;
		}
		free_closed_clients();
		wait_and_receive(reclaiming ? RECLAIM_MS : busy ? TICK_MS : -1);
	}
}
