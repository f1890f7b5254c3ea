/* SPDX-License-Identifier: MIT
 *
 * An HTTP archive (HAR 1.2) of any producer, as the exchanges that it tells of, in the order of time. What producers
 * really write is tolerated: fields of HTTP/2 with a ':' in front, several Set-Cookie in one value, times that are -1,
 * content that was not captured. What is no archive is refused, and the entry named that is wrong. */
#ifndef AUDIT_REPORT_HAR_READ_H
#define AUDIT_REPORT_HAR_READ_H

#include <jansson.h>

#include "audit/record/text_buf.h"

#define HAR_BYTES_MAX ((int64_t)1 << 30)   /* of a file: it is in memory as a whole, several times its size */
#define HAR_HEAD_MAX (1u << 20)            /* of the fields of one message */
#define HAR_CONTENT_MAX ((int64_t)1 << 40) /* that an entry may claim */

/* The content of a request, as far as the archive holds it. */
enum har_content {
	HAR_CONTENT_NONE,
	HAR_CONTENT_HELD,
	HAR_CONTENT_MISSING /* there was some; `length` may be known */
};

/* One exchange. Views live as long as the archive. */
struct har_entry {
	size_t number;       /* in the file, from 1 */
	int64_t start_us;    /* Unix time: the request's beginning, ... */
	int64_t response_us; /* ... the response's head, ... */
	int64_t end_us;      /* ... and its end */
	struct bytes method;
	struct bytes url;        /* without its fragment */
	struct bytes connection; /* what the producer calls it; empty: not known */
	enum har_content content;
	struct bytes text; /* HELD; owned by the archive */
	int64_t length;    /* MISSING; -1: not known */
	int status;        /* 0: there was no response */
	char *request;     /* owned: the fields as lines, "name: value\r\n" */
	char *response;
	char *decoded; /* owned: `text`, where it was base64 or is made of parameters */
};

/* What was left out, and why. */
struct har_skipped {
	size_t other_scheme; /* not http or https */
	size_t from_cache;   /* the browser asked nobody */
	size_t internal;     /* redirects that the browser made up itself: HSTS, extensions */
};

struct har {
	json_t *document;          /* owned */
	struct har_entry *entries; /* owned */
	size_t count;
	size_t total; /* of the file */
	struct har_skipped skipped;
	struct bytes creator; /* "WebInspector 537.36"; owned by the document */
	struct bytes creator_version;
	bool has_credentials; /* some request has a cookie or an Authorization, so that they were not taken out */
};

/* False, with a one-line reason that names the file, and the entry where it is one. har_free() is due either way. */
bool har_read(struct har *h, const char *path, char *error, size_t error_size) NODISCARD;
void har_free(struct har *h);

#endif
