/* SPDX-License-Identifier: MIT
 *
 * What a client did in one case of the guided lab, as the simulator saw it, and how that is put in words. Pure. */
#ifndef PROXY_LAB_DEED_H
#define PROXY_LAB_DEED_H

#include "proxy/lab/cases.h"
#include "proxy/lab/simulator.h"

/* One request, as far as it matters. */
struct deed_request {
	char method[16];
	char path[120];  /* behind "/case/TOKEN", as it was sent */
	char query[120]; /* likewise */
	uint64_t length;
	uint8_t sha256[32];
	bool complete;
	enum lab_page page;
	enum lab_site site;
	bool secure;
	bool done;        /* the page is final because its query says so */
	unsigned secrets; /* enum lab_secret: those of the lab */
};

/* All requests of one case. A value; zero it to begin. */
struct deed {
	unsigned requests;
	struct deed_request first;
	struct deed_request last;
	unsigned carried; /* secrets of requests to other origins than the first one's */
};

/* Adds a request. */
void deed_add(struct deed *d, const struct lab_seen *seen);

/* Was the first request what the case asks for: its method, and content where that is due? */
bool deed_is_of_case(const struct deed *d, const struct lab_case *c) NODISCARD;

/* "POST with content", "stops", "takes X-Api-Key", "follows 20, then stops", as the case's group asks. */
void deed_words(const struct deed *d, const struct lab_case *c, char *out, size_t size);

/* Does the Fetch standard do the same? False where there is no claim. */
bool deed_is_as_fetch(const struct deed *d, const struct lab_case *c) NODISCARD;

#endif
