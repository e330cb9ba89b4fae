/* SPDX-License-Identifier: BSD-3-Clause */

/* The provider forwarder of LTTng-UST, to be compiled into the application. Generated from points.json: change that. */

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE

#include "forwarder-lttng.h"
