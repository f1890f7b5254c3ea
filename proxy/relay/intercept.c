/* SPDX-License-Identifier: MIT */
#include "proxy/relay/intercept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay/exchange.h"
#include "proxy/relay/tunnel.h"
#include "proxy/relay/upstream.h"

/* "example.test", or "*.example.test" for every name below it. */
static bool matches(const struct string_list *patterns, struct bytes host)
{
	for (size_t i = 0; i < patterns->count; i++) {
		struct bytes p = bytes_str(patterns->items[i]);

		if (p.len > 1 && p.ptr[0] == '*') {
			struct bytes tail = bytes_slice(p, 1, p.len);

			if (host.len > tail.len &&
			    bytes_equal_nocase(bytes_slice(host, host.len - tail.len, host.len), tail))
				return true;
		} else if (bytes_equal_nocase(p, host)) {
			return true;
		}
	}
	return false;
}

static const char *pass_reason(struct server *s, struct bytes host)
{
	if (matches(&s->config->passthrough, host))
		return "--passthrough";
	if (s->config->passthrough_rejected && rejected_has(&s->rejected, host))
		return "its client refused our certificate before";
	return NULL;
}

static enum hello_verdict judge(void *arg, const struct hello *hello, const char **reason)
{
	struct intercept *i = arg;

	if (!hello->offers_http1) {
		*reason = "the client offers no HTTP/1.1";
		return HELLO_PASS;
	}
	if (hello->name[0]) {
		*reason = pass_reason(i->client->worker->server, bytes_str(hello->name));
		if (*reason)
			return HELLO_PASS;
		i->plain_name = i->plain_name && bytes_equal_nocase(bytes_str(hello->name), bytes_str(i->name));
		snprintf(i->name, sizeof(i->name), "%s", hello->name);
	}
	return HELLO_INTERCEPT;
}

static struct bytes without_brackets(struct bytes host)
{
	return host.len > 2 && host.ptr[0] == '[' ? bytes_slice(host, 1, host.len - 1) : host;
}

static struct intercept *make(struct client *c)
{
	struct intercept *i = calloc(1, sizeof(*i));
	size_t len = strlen(c->authority) + sizeof("https://");
	struct bytes host;

	if (!i || !(i->url = malloc(len)))
		goto fail;
	snprintf(i->url, len, "https://%s", c->authority);
	if (uri_parse_http(bytes_str(i->url), &i->origin) != URI_OK)
		goto fail;
	host = without_brackets(i->origin.host);
	if (host.len >= sizeof(i->name))
		goto fail;
	memcpy(i->name, host.ptr, host.len);
	i->plain_name = true;
	i->origin_hash = uri_origin_hash(&i->origin, c->worker->server->seed);
	i->client = c;
	i->judge = (struct hello_judge){.judge = judge, .arg = i, .fallback_host = host};
	return i;
fail:
	intercept_free(i);
	return NULL;
}

void intercept_free(struct intercept *i)
{
	if (!i)
		return;
	free(i->url);
	free(i);
}

bool intercept_begin(struct client *c, const char **reason)
{
	struct worker *w = c->worker;
	struct tls_context *t = &w->server->tls;
	SSL *tls = NULL;
	enum tls_result r;

	*reason = "TLS";
	if (!t->server)
		return false;
	c->intercept = make(c);
	if (!c->intercept)
		return false;
	*reason = pass_reason(w->server, bytes_str(c->intercept->name));
	if (!*reason) {
		tls = tls_new(t->server, t->bio, c->stream.fd, bytes_of(c->pending, c->pending_len), true);
		*reason = "out of memory";
	}
	if (!tls) {
		intercept_free(c->intercept);
		c->intercept = NULL;
		return false;
	}
	free(c->pending);
	c->pending = NULL;
	c->pending_len = 0;
	tls_server_begin(t, tls, &c->intercept->judge);
	client_set_state(c, CLIENT_SECURING);
	worker_deadline(w, &c->deadline, DEADLINE_HEAD);
	r = stream_secure(&c->stream, tls);
	if (r == TLS_DONE || r == TLS_FAILED)
		intercept_secured(c, r == TLS_DONE);
	return true;
}

/* The ClientHello said to stay out: the bytes so far go on as they came. */
static void pass_through(struct client *c, const char *reason)
{
	struct bytes first = tls_retained(c->stream.tls);
	char *copy = malloc(first.len ? first.len : 1);

	if (!copy) {
		client_close(c, "out of memory", true);
		return;
	}
	memcpy(copy, first.ptr, first.len);
	stream_unsecure(&c->stream);
	intercept_free(c->intercept);
	c->intercept = NULL;
	c->pending = copy;
	c->pending_len = first.len;
	tunnel_opaque(c, reason);
}

void intercept_secured(struct client *c, bool ok)
{
	struct intercept *i = c->intercept;
	char text[128];

	if (ok) {
		tunnel_tell(c, "intercepted", NULL);
		client_next(c);
		return;
	}
	if (i->judge.judged && i->judge.verdict == HELLO_PASS) {
		pass_through(c, i->judge.reason);
		return;
	}
	tls_error_text(c->stream.tls, text, sizeof(text));
	if (i->judge.judged && !i->judge.reason)
		rejected_add(&c->worker->server->rejected, bytes_str(i->name));
	tunnel_tell(c, "rejected", i->judge.reason ? i->judge.reason : text);
	client_close(c, "the TLS handshake with the client failed", false);
}

bool intercept_upstream(struct upstream *u, const struct intercept *i)
{
	struct worker *w = u->worker;
	struct tls_context *t = &w->server->tls;
	SSL *tls = tls_new(t->client, t->bio, u->stream.fd, (struct bytes){0}, false);
	bool insecure = matches(&w->config->insecure_upstream, bytes_str(i->name));

	if (!tls)
		return false;
	SSL_set_app_data(tls, u);
	if (!tls_client_begin(t, tls, i->name, insecure, session_find(&w->sessions, i->origin_hash, i->name))) {
		SSL_free(tls);
		return false;
	}
	upstream_securing(u, tls);
	return true;
}
