/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HONE_PORTS_H
#define HONE_PORTS_H

#include <hone/abi.h>

/* Everything that a PORTS message says of one port. Asks the driver: only on behalf of a client's request. */
void port_describe(uint16_t port_id, struct hone_port *port);

#endif
