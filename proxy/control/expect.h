/* SPDX-License-Identifier: MIT
 *
 * What a test expects of its chains, as JSON, held against the chains that there are. Pure. */
#ifndef PROXY_CONTROL_EXPECT_H
#define PROXY_CONTROL_EXPECT_H

#include <jansson.h>

#include "audit/event.h"

#define EXPECT_STATUSES_MAX 16

/* Which chains are meant (`from`; all, where it is NULL), how many there must be, and what holds for each of them.
 * Strings are borrowed from the JSON. -1: does not matter. */
struct expect {
	const char *from; /* URL of the first request, or its path and query; * stands for anything */
	const char *to;   /* likewise: where the last redirect led */
	const char *method;
	const char *outcome;
	int64_t count; /* -1: one at least */
	int64_t min_hops, max_hops;
	int64_t final_status;
	int64_t statuses[EXPECT_STATUSES_MAX]; /* each hop's is one of them */
	unsigned status_count;
	enum severity worst;
	bool has_worst;
};

/* Reads {"from","to","method","outcome","count","min_hops","max_hops","final_status","status","verdict"}. False, with a
 * reason that names the member. */
bool expect_read(const json_t *spec, struct expect *e, char *error, size_t error_size) NODISCARD;

/* Looks at one chain, as the API tells it (a summary): counts it in `*found` if it is meant, and appends to the array
 * `why` what is not as expected. */
void expect_look(const struct expect *e, const json_t *chain, uint64_t *found, json_t *why);

/* All chains were looked at. */
void expect_finish(const struct expect *e, uint64_t found, json_t *why);

/* Does the URL match the pattern? */
bool expect_url_matches(const char *pattern, const char *url) NODISCARD;

#endif
