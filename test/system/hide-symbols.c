/* Preloaded into an application: dlsym() finds nothing whose name begins with $HIDDEN_SYMBOLS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

void *dlsym(void *restrict handle, const char *restrict name)
{
	const char *hidden = getenv("HIDDEN_SYMBOLS");
	void *(*found)(void *, const char *) = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");

	if (found == NULL)
		found = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
	return hidden != NULL && strncmp(name, hidden, strlen(hidden)) == 0 ? NULL : found(handle, name);
}
