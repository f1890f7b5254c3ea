/* SPDX-License-Identifier: MIT
 *
 * What well-known clients would make of the chain that an inspection saw, by audit/client_table. */
#ifndef PROXY_INSPECT_INSPECT_CLIENTS_H
#define PROXY_INSPECT_INSPECT_CLIENTS_H

#include "audit/client_table.h"
#include "proxy/inspect/inspection.h"

enum arrival { ARRIVES_WHOLE, ARRIVES_CHANGED, ARRIVES_NOT };

struct client_outcome {
	enum arrival arrival;
	char text[160]; /* "arrives as GET, without its content (changed by the 302)" */
};

void inspect_client(const struct inspection *in, const struct client_row *client, struct client_outcome *out);

#endif
