/* SPDX-License-Identifier: MIT
 *
 * The table of what can be asked, and the way of each request through it: is the asker welcome, is there such a place,
 * may it be asked by that method. */
#include <stdio.h>

#include "proxy/control/control_private.h"
#include "proxy/control/query.h"

enum { GET = 1, POST = 2 };

struct route {
	const char *path; /* a segment in braces stands for any one */
	unsigned methods;
	bool open; /* tells nothing that is worth a token */
	route_cb *answer;
};

static void health(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)c;
	(void)request;
	(void)part;
	web_reply(x, 200, "text/plain; charset=utf-8", NULL, BYTES("ok\n"));
}

/* The thread runs only when all that listens does. */
static void ready(struct control *c, struct web_exchange *x, const struct web_request *request, struct bytes part)
{
	(void)c;
	(void)request;
	(void)part;
	web_reply(x, 200, "text/plain; charset=utf-8", NULL, BYTES("ready\n"));
}

static const struct route routes[] = {
    {"/healthz", GET, true, health},
    {"/readyz", GET, true, ready},
    {"/metrics", GET, false, metrics_answer},
    {"/", GET, false, api_answer_page},
    {"/assets/{name}", GET, false, api_answer_asset},
    {"/api/v1/openapi.json", GET, false, api_answer_openapi},
    {"/api/v1/status", GET, false, api_answer_status},
    {"/api/v1/chains", GET, false, api_answer_chains},
    {"/api/v1/chains/{id}", GET, false, api_answer_chain},
    {"/api/v1/facets", GET, false, api_answer_facets},
    {"/api/v1/findings", GET, false, api_answer_findings},
    {"/api/v1/runs", GET, false, api_answer_runs},
    {"/api/v1/rules", GET, false, api_answer_rules},
    {"/api/v1/rules/{id}", GET, false, api_answer_rule},
    {"/api/v1/events", GET, false, events_answer},
    {"/api/v1/tags", GET, false, tags_answer_list},
    {"/api/v1/tags/{tag}/verdict", GET, false, tags_answer_verdict},
    {"/api/v1/tags/{tag}/finish", POST, false, tags_answer_finish},
    {"/api/v1/tags/{tag}/reset", POST, false, tags_answer_reset},
    {"/api/v1/tags/{tag}/wait-idle", GET, false, tags_answer_idle},
    {"/api/v1/tags/{tag}/expect", POST, false, tags_answer_expect},
    /* Shorter, for the hands of people who write tests. */
    {"/tags", GET, false, tags_answer_list},
    {"/tags/{tag}/verdict", GET, false, tags_answer_verdict},
    {"/tags/{tag}/finish", POST, false, tags_answer_finish},
    {"/tags/{tag}/reset", POST, false, tags_answer_reset},
    {"/tags/{tag}/wait-idle", GET, false, tags_answer_idle},
    {"/tags/{tag}/expect", POST, false, tags_answer_expect},
};

/* Does the path lead there? `part` is the open segment as sent. */
static bool matches(const struct route *r, struct bytes path, struct bytes *part)
{
	struct bytes pattern = bytes_str(r->path);
	struct bytes want, have;

	while (path_next(&pattern, &want)) {
		if (!path_next(&path, &have))
			return false;
		if (want.len > 0 && want.ptr[0] == '{' && have.len > 0)
			*part = have;
		else if (!bytes_equal(want, have))
			return false;
	}
	return path.len == 0;
}

static unsigned method_bit(struct bytes method)
{
	if (bytes_equal(method, BYTES("GET")) || bytes_equal(method, BYTES("HEAD")))
		return GET;
	return bytes_equal(method, BYTES("POST")) ? POST : 0;
}

/* The token goes from the address bar into a cookie that no script and no other site can use. */
static void log_in(const struct control *c, struct web_exchange *x, const struct web_request *request)
{
	char fields[2 * GUARD_TOKEN_MAX + 1024];
	size_t len = request->path.len;
	int n;

	if (len > 512)
		len = 0;
	n = snprintf(fields, sizeof(fields),
		     "Location: %.*s\r\nSet-Cookie: " GUARD_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict\r\n",
		     len > 0 && request->path.ptr[1] != '/' ? (int)len : 1, len > 0 ? request->path.ptr : "/",
		     c->guard.token);
	(void)n;
	web_reply(x, 303, NULL, fields, bytes_of(NULL, 0));
}

static bool welcome(const struct control *c, struct web_exchange *x, const struct web_request *request, bool open)
{
	switch (guard_check(&c->guard, request->head, request->query, open)) {
	case GUARD_PASS:
		return true;
	case GUARD_LOGIN:
		log_in(c, x, request);
		break;
	case GUARD_HOST:
		answer_problem(
		    x, 421,
		    "the request names a host that is none of ours: reach the dashboard by its address, by localhost, "
		    "or by a name that --dashboard-host gives");
		break;
	case GUARD_ORIGIN:
		answer_problem(x, 403, "a page of another site asks: Origin or Sec-Fetch-Site is not ours");
		break;
	case GUARD_CONTENT:
		answer_problem(x, 415, "give the content as Content-Type: application/json, or none");
		break;
	case GUARD_TOKEN:
		answer_problem(x, 401,
			       "give the token: Authorization: Bearer TOKEN, or open the URL that was printed at "
			       "the start");
		break;
	}
	return false;
}

static void not_allowed(struct web_exchange *x, unsigned methods)
{
	const char *fields = methods == POST ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n";

	web_reply(x, 405, "application/problem+json", fields,
		  methods == POST
		      ? BYTES("{\"title\":\"Method Not Allowed\",\"status\":405,\"detail\":\"ask by POST\"}\n")
		      : BYTES("{\"title\":\"Method Not Allowed\",\"status\":405,\"detail\":\"ask by GET\"}\n"));
}

void routes_answer(void *arg, struct web_exchange *x, const struct web_request *request)
{
	struct control *c = arg;
	const struct route *r = NULL;
	char text[ROUTE_PART_MAX];
	struct bytes sent = {0};
	size_t len = 0;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]) && !r; i++)
		if (matches(&routes[i], request->path, &sent))
			r = &routes[i];
	if (!welcome(c, x, request, r && r->open))
		return;
	if (!r)
		answer_problem(x, 404, "there is nothing here: /api/v1/openapi.json tells what there is");
	else if (!(r->methods & method_bit(request->method)))
		not_allowed(x, r->methods);
	else if (sent.len > sizeof(text) || !query_decode(sent, false, text, &len))
		answer_problem(x, 400, "the path is too long, or not UTF-8 when decoded");
	else {
		text_buf_cut(&c->page, 0);
		r->answer(c, x, request, bytes_of(text, len));
	}
}
