/* SPDX-License-Identifier: MIT */
#include "proxy/lab/deed.h"

#include <stdio.h>

static bool has_value(const struct http_head *head, const char *name, const char *value)
{
	const struct http_field *f = head_find_name(head, bytes_str(name));

	return f && memmem(head_value(head, f).ptr, head_value(head, f).len, value, strlen(value));
}

static unsigned secrets_of(const struct http_head *head)
{
	return (has_value(head, "Authorization", LAB_SECRET_AUTHORIZATION) ? SECRET_AUTHORIZATION : 0U) |
	       (has_value(head, "X-Api-Key", LAB_SECRET_API_KEY) ? SECRET_API_KEY : 0U) |
	       (has_value(head, "Cookie", LAB_SECRET_COOKIE) ? SECRET_COOKIE : 0U);
}

static void read_request(struct deed_request *r, const struct lab_seen *seen)
{
	const struct lab_request *q = seen->request;
	const struct scenario *s = seen->scenario;
	struct bytes method = head_method(q->head), path = bytes_slice(s->path, s->prefix.len, s->path.len);

	snprintf(r->method, sizeof(r->method), "%.*s", (int)method.len, method.ptr);
	snprintf(r->path, sizeof(r->path), "%.*s", (int)path.len, path.ptr);
	snprintf(r->query, sizeof(r->query), "%.*s", (int)s->query.len, s->query.ptr ? s->query.ptr : "");
	r->length = seen->content->length;
	memcpy(r->sha256, seen->content->sha256, sizeof(r->sha256));
	r->complete = seen->content->complete;
	r->page = s->page;
	r->site = s->site;
	r->secure = q->secure;
	r->done = s->parameters.number[LAB_DONE];
	r->secrets = secrets_of(q->head);
}

void deed_add(struct deed *d, const struct lab_seen *seen)
{
	read_request(&d->last, seen);
	if (d->requests++ == 0)
		d->first = d->last;
	if (d->last.site != d->first.site || d->last.secure != d->first.secure)
		d->carried |= d->last.secrets;
}

bool deed_is_of_case(const struct deed *d, const struct lab_case *c)
{
	return strcmp(d->first.method, c->method) == 0 &&
	       (c->material == MATERIAL_NONE || d->first.length > 0 || !d->first.complete);
}

/* The content of the last request beside that of the first, which may have been cut by an early answer. */
static const char *content_words(const struct deed *d, const struct lab_case *c)
{
	const struct deed_request *a = &d->first, *b = &d->last;
	bool due = c->material != MATERIAL_NONE;

	if (b->length == 0)
		return due && strcmp(a->method, b->method) == 0 ? " without content" : "";
	if (!b->complete)
		return " with part of the content";
	if (!a->complete || (a->length == b->length && memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0))
		return " with content";
	return b->length < a->length ? " with part of the content" : " with other content";
}

static void secret_words(unsigned secrets, const struct lab_case *c, char *out, size_t size)
{
	if (c->secrets == SECRET_COOKIE)
		snprintf(out, size, "%s", secrets & SECRET_COOKIE ? "takes Cookie" : "leaves Cookie");
	else if (secrets == 0)
		snprintf(out, size, "takes neither");
	else
		snprintf(out, size, "takes %s%s%s", secrets & SECRET_AUTHORIZATION ? "Authorization" : "",
			 (secrets & SECRET_AUTHORIZATION) && (secrets & SECRET_API_KEY) ? ", " : "",
			 secrets & SECRET_API_KEY ? "X-Api-Key" : "");
}

static void place_words(const struct deed *d, char *out, size_t size)
{
	if (d->last.done && d->last.page == PAGE_FINAL)
		snprintf(out, size, "?done=yes");
	else if (d->last.page == PAGE_FINAL)
		snprintf(out, size, "%s", d->last.path);
	else
		snprintf(out, size, "elsewhere: %s%s%s", *d->last.path ? d->last.path : "/", *d->last.query ? "?" : "",
			 d->last.query);
}

static bool arrived(const struct deed *d)
{
	return d->last.page == PAGE_FINAL;
}

static bool asks_for_method(const struct lab_case *c)
{
	return c->group == GROUP_LAB_METHOD || c->group == GROUP_LAB_CONTENT || c->group == GROUP_LAB_TLS ||
	       (c->group == GROUP_LAB_CHAIN && c->material != MATERIAL_NONE);
}

void deed_words(const struct deed *d, const struct lab_case *c, char *out, size_t size)
{
	unsigned follows = d->requests > 0 ? d->requests - 1 : 0;

	if (d->requests == 0)
		snprintf(out, size, "no request");
	else if (follows == 0 && !arrived(d))
		snprintf(out, size, "stops");
	else if (!arrived(d) && (follows > 1 || c->hops > 1 || c->group == GROUP_LAB_CHAIN))
		snprintf(out, size, "follows %u, then stops", follows);
	else if (asks_for_method(c))
		snprintf(out, size, "%s%s", d->last.method, content_words(d, c));
	else if (c->group == GROUP_LAB_CREDENTIALS)
		secret_words(c->leaves_home ? d->carried : d->last.secrets, c, out, size);
	else if (c->group == GROUP_LAB_LOCATION)
		place_words(d, out, size);
	else
		snprintf(out, size, "arrives after %u", follows);
}

bool deed_is_as_fetch(const struct deed *d, const struct lab_case *c)
{
	char words[128];

	deed_words(d, c, words, sizeof(words));
	return strcmp(words, c->fetch) == 0;
}
