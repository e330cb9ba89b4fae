/* Preloaded into an application: a librte_bpf that takes no program. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

struct rte_bpf;
struct rte_bpf_prm;

struct rte_bpf *rte_bpf_load(const struct rte_bpf_prm *parameters)
{
	int *error = dlsym(RTLD_DEFAULT, "per_lcore__rte_errno");

	(void)parameters;
	*error = ENOTSUP;
	return NULL;
}
