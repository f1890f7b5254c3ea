/* SPDX-License-Identifier: MIT
 *
 * The inspector's client: one request at a time by libcurl, which follows nothing, and what was really sent and
 * received. It keeps cookies and connections, as a browser would. */
#ifndef PROXY_INSPECT_ASKER_H
#define PROXY_INSPECT_ASKER_H

#include "audit/record/text_buf.h"
#include "parser/http_parser.h"
#include "proxy/config.h"

struct asker;

struct ask {
	const char *method;
	const char *url;                  /* http or https, without fragment */
	const struct string_list *fields; /* "Name: value" */
	struct bytes content;
	bool has_content;
};

/* One exchange as it was. A value; answer_free() lets go of it. Times in microseconds from the request's start, -1
 * where a step was not needed (a connection that was there already). */
struct answer {
	struct text_buf sent;     /* the request's head */
	struct text_buf received; /* the final response's head */
	struct http_head head;    /* of the response, views into `received`; status 0: there is none */
	struct http_field *fields;
	uint64_t content_length; /* bytes of the response's content, codings undone or not */
	int64_t dns_us;
	int64_t connect_us;
	int64_t tls_us;
	int64_t first_byte_us;
	int64_t total_us;
	char address[64];
	char tls[16];      /* "TLSv1.3"; empty: none */
	char problem[512]; /* one line; empty: none */
};

/* `config` is borrowed: --resolve, --upstream-ca, --insecure-upstream, the timeouts and limits. NULL with a reason. */
struct asker *asker_new(const struct config *config, char *error, size_t error_size) NODISCARD;
void asker_free(struct asker *a);

/* Fills `out`, which is zero. What goes wrong is told in `out->problem`. */
void asker_ask(struct asker *a, const struct ask *ask, struct answer *out);
void answer_free(struct answer *a);

#endif
