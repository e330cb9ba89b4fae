/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <link.h>

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
