/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "dpdk.h"

struct lookup {
	const char *name;
	void *address;
};

/* A plugin that the application opened with RTLD_LOCAL (VPP's) is not in the global scope: ask each object. */
static int look_in_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct lookup *lookup = arg;
	void *object;

	(void)size;
	if (info->dlpi_name == NULL || info->dlpi_name[0] == '\0')
		return 0;
	object = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
	if (object == NULL)
		return 0;
	lookup->address = dlsym(object, lookup->name);
	dlclose(object);
	return lookup->address != NULL;
}

static void *find(const char *name, bool everywhere)
{
	struct lookup lookup = { .name = name, .address = dlsym(RTLD_DEFAULT, name) };

	if (lookup.address == NULL && everywhere)
		dl_iterate_phdr(look_in_object, &lookup);
	return lookup.address;
}

bool dpdk_resolve(struct dpdk *dpdk)
{
	bool local = dlsym(RTLD_DEFAULT, "rte_eal_init") == NULL;
	bool complete = true;

	if (local && find("rte_eal_init", true) == NULL)
		return false;
#define DPDK_FIND(function) *(void **)&dpdk->function = find(#function, local);
	DPDK_REQUIRED(DPDK_FIND)
	DPDK_OPTIONAL(DPDK_FIND)
#undef DPDK_FIND
#define DPDK_CHECK(function) complete = complete && dpdk->function != NULL;
	DPDK_REQUIRED(DPDK_CHECK)
#undef DPDK_CHECK
	return complete;
}

const int *dpdk_errno(void)
{
	return find("per_lcore__rte_errno", true);
}

void dpdk_load_bpf(struct dpdk *dpdk)
{
	static const char eal[] = "librte_eal.so";
	char path[PATH_MAX];
	const char *name;
	void *library;
	Dl_info info;

	if (dladdr(dpdk->rte_version, &info) == 0 || info.dli_fname == NULL)
		return;
	name = strstr(info.dli_fname, eal);
	if (name == NULL)
		return;
	snprintf(path, sizeof(path), "%.*slibrte_bpf.so%s", (int)(name - info.dli_fname), info.dli_fname,
		 name + strlen(eal));
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return;
	*(void **)&dpdk->rte_bpf_load = dlsym(library, "rte_bpf_load");
	*(void **)&dpdk->rte_bpf_destroy = dlsym(library, "rte_bpf_destroy");
	*(void **)&dpdk->rte_bpf_get_jit = dlsym(library, "rte_bpf_get_jit");
	*(void **)&dpdk->rte_bpf_exec = dlsym(library, "rte_bpf_exec");
}
