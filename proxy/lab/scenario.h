/* SPDX-License-Identifier: MIT
 *
 * The simulator's answers, as a function of the request alone: what a request asks for (scenario_read), and the answer
 * (scenario_write), which may need the content. Sockets and timers are of proxy/lab/visit. Pure. */
#ifndef PROXY_LAB_SCENARIO_H
#define PROXY_LAB_SCENARIO_H

#include "audit/record/redact.h"
#include "parser/http_head.h"
#include "proxy/lab/location.h"
#include "proxy/lab/parameters.h"
#include "proxy/lab/world.h"

#define LAB_TOKEN_MAX 64

/* A request as it came. All borrowed. */
struct lab_request {
	const struct http_head *head;
	const struct lab_world *world;
	enum lab_site site; /* whose port it came to, where its Host field says nothing else */
	bool secure;        /* over TLS */
	int64_t wall_s;     /* now, as Unix time */
};

enum lab_page {
	PAGE_INDEX,
	PAGE_REDIRECT,
	PAGE_FINAL,     /* describes the request */
	PAGE_PREFLIGHT, /* CORS */
	PAGE_WRONG      /* 400, 404 or 405 with `wrong` */
};

/* Views borrow the request's head. A value, but `parameters` holds views into itself: it must not move. */
struct scenario {
	enum lab_page page;
	uint16_t status;
	struct lab_parameters parameters;
	struct bytes prefix;   /* "/case/TOKEN", or empty: kept in every Location */
	struct bytes token;    /* empty: none */
	struct bytes statuses; /* "307" or "302,307": of this redirect and those that follow */
	struct bytes path;     /* of the request */
	struct bytes query;
	struct bytes authority; /* as the client wrote it */
	enum lab_site site;
	uint32_t hops; /* redirects before the final answer, this one included */
	bool slash;    /* the path ends in one */
	bool closing;  /* the connection ends behind the answer */
	char wrong[640];
};

/* Content that has come so far, or all of it. */
struct lab_content {
	uint64_t length;
	uint8_t sha256[32];
	bool complete;
};

/* What the request asks for. Never fails: a wrong request asks for PAGE_WRONG. */
void scenario_read(struct scenario *s, const struct lab_request *r);

/* When and how to answer. */
static inline uint32_t scenario_delay_ms(const struct scenario *s)
{
	return s->parameters.number[LAB_DELAY];
}
static inline enum lab_early scenario_early(const struct scenario *s)
{
	return s->page == PAGE_WRONG ? EARLY_NO : (enum lab_early)s->parameters.number[LAB_EARLY];
}

/* Appends the whole answer, head and content. Secrets are shown as the redactor's digests. */
void scenario_write(const struct scenario *s, const struct lab_request *r, const struct lab_content *content,
		    struct redactor *redactor, struct text_buf *out);

/* Where the redirect leads: the parts of the next URL, in `room`. Of PAGE_REDIRECT. */
struct lab_next scenario_next(const struct scenario *s, const struct lab_request *r, struct text_buf *room);

/* "Temporary Redirect" */
const char *lab_reason(uint16_t status);

#endif
