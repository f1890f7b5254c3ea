/* SPDX-License-Identifier: MIT */
#include "proxy/relay/intercept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay/exchange.h"
#include "proxy/relay/host_pattern.h"
#include "proxy/relay/tunnel.h"
#include "proxy/relay/upstream.h"
#include "proxy/relay/lab_route.h"

static const char *pass_reason(struct server *s, struct bytes host)
{
	if (host_pattern_matches(&s->config->passthrough, host))
		return "--passthrough";
	if (s->config->passthrough_rejected && rejected_has(&s->rejected, host))
		return "its client refused our certificate";
	return NULL;
}

static void tell(struct client *c, const struct event_tls *what, enum event_type type)
{
	struct audit_event e = {.type = type, .at_us = c->worker->now_us, .tls = *what};

	e.tls.connection = c->audit.connection;
	e.tls.tag = c->audit.tag;
	e.tls.authority = bytes_str(c->authority);
	audit_emit(c->worker->audit, &e);
	if (type == EVENT_TLS_PASSED_THROUGH || type == EVENT_TLS_REJECTED)
		tunnel_hidden(c);
}

/* --tls-min is a demand: what does not meet it must not get by unseen. What is older than all that we speak was never
 * demanded anything. */
static enum hello_verdict judge_hello(struct intercept *i, const struct hello *hello, const char **reason)
{
	struct server *s = i->client->worker->server;

	*reason = hello->name[0] ? pass_reason(s, bytes_str(hello->name)) : NULL;
	if (!*reason && hello->newest < s->config->tls_min && s->config->tls_min > TLS1_2_VERSION) {
		*reason = "the client offers no TLS 1.3, which --tls-min asks for";
		return HELLO_REFUSE;
	}
	if (!*reason && !hello->offers_http1)
		*reason = "the client offers no HTTP/1.1";
	if (!*reason && hello->newest < s->config->tls_min)
		*reason = "the client offers no version of TLS that we speak";
	return *reason ? HELLO_PASS : HELLO_INTERCEPT;
}

/* From within the handshake, once. */
static enum hello_verdict judge(void *arg, const struct hello *hello, const char **reason)
{
	struct intercept *i = arg;

	enum hello_verdict verdict = judge_hello(i, hello, reason);

	if (verdict != HELLO_INTERCEPT)
		return verdict;
	worker_deadline(i->client->worker, &i->client->deadline, DEADLINE_HEAD);
	if (hello->name[0] && !i->client->renamed) {
		i->plain_name = i->plain_name && bytes_equal_nocase(bytes_str(hello->name), bytes_str(i->name));
		snprintf(i->name, sizeof(i->name), "%s", hello->name);
	}
	return HELLO_INTERCEPT;
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
	host = host_without_brackets(i->origin.host);
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

/* Why this tunnel is not even tried; NULL: `c->intercept` is there. */
static const char *prepare(struct client *c)
{
	struct server *s = c->worker->server;
	const char *reason;

	if (!s->tls.server)
		return "--no-intercept";
	c->intercept = make(c);
	if (!c->intercept)
		return "out of memory";
	reason = pass_reason(s, bytes_str(c->intercept->name));
	if (reason) {
		intercept_free(c->intercept);
		c->intercept = NULL;
	}
	return reason;
}

static void start_handshake(struct client *c, SSL *tls)
{
	enum tls_result r;

	free(c->pending);
	c->pending = NULL;
	c->pending_len = 0;
	tls_server_begin(&c->worker->server->tls, tls, &c->intercept->judge);
	client_set_state(c, CLIENT_SECURING);
	worker_deadline(c->worker, &c->deadline, DEADLINE_RECOGNISE); /* for the ClientHello; judge() gives more */
	r = stream_secure(&c->stream, tls);
	if (r == TLS_DONE || r == TLS_FAILED)
		intercept_secured(c, r == TLS_DONE);
}

void intercept_begin(struct client *c)
{
	struct tls_context *t = &c->worker->server->tls;
	struct event_tls passed = {.reason = prepare(c)};
	SSL *tls = NULL;

	if (!passed.reason) {
		tls = tls_new(t->server, t->bio, c->stream.fd, bytes_of(c->pending, c->pending_len), true);
		passed.reason = "out of memory";
	}
	if (tls) {
		start_handshake(c, tls);
		return;
	}
	intercept_free(c->intercept);
	c->intercept = NULL;
	tell(c, &passed, EVENT_TLS_PASSED_THROUGH);
	tunnel_start(c);
}

/* Nothing has been sent to the client yet: the bytes so far go on as they came. False when memory is short; the client
 * is gone then. */
static bool take_back(struct client *c)
{
	struct bytes first = tls_retained(c->stream.tls);
	char *copy = malloc(first.len ? first.len : 1);

	if (!copy) {
		client_close(c, "out of memory", true);
		return false;
	}
	if (first.len > 0)
		memcpy(copy, first.ptr, first.len);
	stream_unsecure(&c->stream);
	intercept_free(c->intercept);
	c->intercept = NULL;
	c->pending = copy;
	c->pending_len = first.len;
	return true;
}

void intercept_give_up(struct client *c)
{
	if (take_back(c))
		tunnel_opaque(c, "no whole ClientHello in time");
}

static void pass_through(struct client *c)
{
	struct hello_judge judged = c->intercept->judge;
	const struct event_tls passed = {.name = bytes_str(judged.hello.name), .reason = judged.reason};

	if (!take_back(c))
		return;
	tell(c, &passed, EVENT_TLS_PASSED_THROUGH);
	tunnel_start(c);
}

static void refused(struct client *c)
{
	struct intercept *i = c->intercept;
	bool left = tls_peer_left(c->stream.tls);
	char text[128];
	const struct event_tls rejected = {.name = bytes_str(i->judge.hello.name),
					   .reason = i->judge.reason ? i->judge.reason : text};

	tls_error_text(c->stream.tls, text, sizeof(text));
	if (!i->judge.reason)
		rejected_add(&c->worker->server->rejected, bytes_str(i->name), !left);
	tell(c, &rejected, EVENT_TLS_REJECTED);
	client_close(c, "the TLS handshake with the client failed", false);
}

void intercept_secured(struct client *c, bool ok)
{
	struct hello_judge *judged = &c->intercept->judge;

	if (ok) {
		const SSL *tls = c->stream.tls;
		const struct event_tls opened = {.name = bytes_str(judged->hello.name),
						 .version = SSL_get_version(tls),
						 .cipher = SSL_get_cipher_name(tls),
						 .resumed = SSL_session_reused(tls)};

		tell(c, &opened, EVENT_TLS_INTERCEPTED);
		client_next(c);
	} else if (!judged->judged) {
		if (take_back(c))
			tunnel_opaque(c, "not TLS");
	} else if (judged->verdict == HELLO_PASS) {
		pass_through(c);
	} else {
		refused(c);
	}
}

void intercept_upstream_failed(const struct upstream *u, bool certificate, const char *reason)
{
	const struct exchange *x = u->exchange;
	const struct event_tls failed = {.exchange = x->audit.id,
					 .name = bytes_str(x->client->intercept->name),
					 .reason = reason,
					 .certificate = certificate};

	tell(x->client, &failed, EVENT_TLS_UPSTREAM_FAILED);
}

int intercept_session(SSL *tls, SSL_SESSION *session)
{
	struct upstream *u = SSL_get_app_data(tls);
	const char *name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
	struct bytes host = host_without_brackets(bytes_of(u->host, u->host_len));
	char address[sizeof(((struct intercept *)0)->name)];

	if (!name) {
		snprintf(address, sizeof(address), "%.*s", (int)host.len, host.ptr);
		name = address;
	}
	session_store(&u->worker->sessions, u->origin_hash, name, session);
	return 1;
}

bool intercept_upstream(struct upstream *u, const struct intercept *i)
{
	struct worker *w = u->worker;
	struct tls_context *t = &w->server->tls;
	SSL *tls = tls_new(t->client, t->bio, u->stream.fd, (struct bytes){0}, false);
	bool insecure = host_pattern_matches(&w->config->insecure_upstream, bytes_str(i->name));

	if (!tls)
		return false;
	SSL_set_app_data(tls, u);
	if (!tls_client_begin(t, tls, i->name, insecure, session_find(&w->sessions, i->origin_hash, i->name)) ||
	    (lab_route_serves(bytes_str(i->name)) && !tls_client_trust_ours(t, tls))) {
		SSL_free(tls);
		return false;
	}
	upstream_securing(u, tls);
	return true;
}
