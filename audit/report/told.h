/* SPDX-License-Identifier: MIT
 *
 * Private to the reader of events: lines that told of exchanges, as text, until a line names them. Of those that
 * --record-all wrote, most are never named. Bounded: past TOLD_MAX the oldest is forgotten. */
#ifndef AUDIT_REPORT_TOLD_H
#define AUDIT_REPORT_TOLD_H

#include "audit/report/id_map.h"
#include "parser/bytes.h"

#define TOLD_MAX 16384

struct told_line {
	uint64_t exchange;
	size_t len;
	char text[];
};

/* A ring. A value; zero it to begin. */
struct told {
	struct id_map lines;
	struct told_line **ring; /* owned, as what is in it; NULL until there is one */
	unsigned next;
	bool failed; /* memory was short */
};

void told_free(struct told *t);
void told_add(struct told *t, uint64_t exchange, struct bytes line);

/* Lives until the next one is added; the empty view where there is none. */
struct bytes told_find(const struct told *t, uint64_t exchange);

#endif
