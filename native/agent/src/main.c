/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loading: with LD_PRELOAD, by EAL's -d, or by dlopen from a debugger. The constructor may run before the EAL
 * exists, and in processes without DPDK, where the agent does nothing at all. All work is done by one thread.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "server.h"

struct agent agent = { .listener = -1 };

static void take_bpf(void)
{
	agent.program_api = (struct program_api){
		.load = agent.dpdk.rte_bpf_load,
		.destroy = agent.dpdk.rte_bpf_destroy,
		.get_jit = agent.dpdk.rte_bpf_get_jit,
		.exec = agent.dpdk.rte_bpf_exec,
		.error = dpdk_errno,
	};
}

void agent_find_bpf(void)
{
	if (agent.dpdk.rte_bpf_load == NULL)
		dpdk_load_bpf(&agent.dpdk);
	take_bpf();
}

static int on_port_released(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	(void)type;
	(void)arg;
	(void)ret;
	if (port_id < RTE_MAX_ETHPORTS)
		hooks_forget_port(port_id);
	return 0;
}

bool agent_ready(void)
{
	uint64_t tsc_hz = agent.dpdk.rte_get_tsc_hz();

	if (tsc_hz == 0)
		return false;
	if (!agent.clock_started)
		clock_start(&agent.clock, tsc_hz);
	else
		clock_update(&agent.clock);
	agent.clock_started = true;
	if (!agent.watching_ports)
		agent.watching_ports = agent.dpdk.rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY,
										on_port_released, NULL) == 0;
	return agent.watching_ports;
}

/* The thread of the EAL that serves interrupts runs where control work belongs: on no lcore's processor. */
static bool affinity_of_control(cpu_set_t *cpus)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	bool found = false;

	while (tasks != NULL && !found && (task = readdir(tasks)) != NULL) {
		char path[64], name[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", task->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fgets(name, sizeof(name), file) != NULL &&
		    (strncmp(name, "eal-intr-thread", 15) == 0 || strncmp(name, "dpdk-intr", 9) == 0))
			found = sched_getaffinity(atoi(task->d_name), sizeof(*cpus), cpus) == 0;
		fclose(file);
	}
	if (tasks != NULL)
		closedir(tasks);
	return found;
}

static void leave_the_lcores(void)
{
	cpu_set_t cpus;

	if (!affinity_of_control(&cpus))
		memset(&cpus, 0xff, sizeof(cpus));
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static void *control(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "hone-agent");
	leave_the_lcores();
	clock_open(&agent.clock);
	writers_open(&agent.writers);
	reclaim_open(&agent.reclaim, &agent.writers);
	if (server_open() != 0) {
		fprintf(stderr, "hone: no control socket: %m\n");
		return NULL;
	}
	server_run();
	return NULL;
}

/* A child of fork has no control thread and no rings: it must not capture, nor hold our connections open. */
static void in_child(void)
{
	for (struct hook *hook = atomic_load(&agent.hooks.first); hook != NULL; hook = hook->next) {
		atomic_store(&hook->plan, NULL);
		atomic_store(&hook->traces.plan, NULL);
	}
	trace_points_forget(&agent.points);
	for (uint32_t i = 0; i < NB_OBSERVED; i++)
		atomic_store(&agent.observer.gates[i].plan, NULL);
	for (int i = 0; i < HONE_MAX_CLIENTS; i++)
		if (agent.clients[i] != NULL && agent.clients[i]->fd >= 0)
			close(agent.clients[i]->fd);
	if (agent.listener >= 0)
		close(agent.listener);
	agent.pid = 0;
}

static void start_thread(void)
{
	sigset_t all, before;
	pthread_t thread;

	/* The application's signal handlers never run on our thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, control, NULL) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((constructor)) static void load(void)
{
	if (!dpdk_resolve(&agent.dpdk))
		return;
	take_bpf();
	agent.pid = getpid();
	pthread_atfork(NULL, NULL, in_child);
	start_thread();
}

__attribute__((destructor)) static void unload(void)
{
	if (agent.pid == getpid() && agent.path[0] != '\0')
		unlink(agent.path);
}
