/* SPDX-License-Identifier: MIT
 *
 * A 3xx head has come: resolves its Location, gives it its place in a chain, says redirect.observed with what the 3xx
 * alone shows, and opens the expectation. All of it before the head is passed on to the client. */
#include "audit/evict.h"
#include "audit/hop.h"
#include "audit/retry_after.h"

/* Where the redirect leads; views into the scratch. */
struct target {
	bool usable;
	struct uri uri;
	struct bytes text;
	uint64_t hash;
};

static struct target target_of(struct audit *a, const struct trace *t, const struct uri *base)
{
	struct target to = {.usable = false};
	if (!t->has_location)
		return to;
	struct bytes normal;
	to.usable = scratch_target(a, base, bytes_of(t->location, t->location_len), &to.uri, &to.text, &normal);
	if (!to.usable)
		to.text = bytes_of(NULL, 0);
	else
		to.hash = bytes_hash(normal, a->config.seed, false);
	return to;
}

/* A wrong target is a guess for longer than others. */
static bool is_chained(const struct expectation *e)
{
	return e->confidence > (e->level == URI_E3 ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW);
}

/* Continues the chain of which the request is the follow-up, where that is more than a guess; else begins one. */
static struct chain *chain_of(struct audit *a, struct trace *t)
{
	const struct expectation *e = t->candidate_for;
	struct chain *c = t->chain;
	if (e)
		c = e->candidate == t && is_chained(e) ? e->chain : NULL;
	/* Behind its own hop only: a chain that went on without this exchange is not continued by it. */
	if (c && (e ? e->hop : c->tail_hop) != c->hops)
		c = NULL;
	return c ? c : chain_new(a, t);
}

static bool ends_with_slash_flip(struct bytes a, struct bytes b)
{
	return a.len == b.len + 1 && a.ptr[b.len] == '/' && bytes_equal(bytes_slice(a, 0, b.len), b);
}

static struct bytes without_www(struct bytes host)
{
	return bytes_starts_nocase(host, BYTES("www.")) ? bytes_slice(host, 4, host.len) : host;
}

/* Why a redirect to and fro between two URLs might happen; NULL where it does not show. */
static const char *loop_cause(const struct trace *t, const struct uri *from, const struct target *to)
{
	struct bytes a = from->path;
	struct bytes b = to->uri.path;
	if (t->location_len == 0)
		return "empty Location";
	if (uri_same_origin(from, &to->uri) && (ends_with_slash_flip(a, b) || ends_with_slash_flip(b, a)))
		return "slash flip";
	if (!bytes_equal(a, b))
		return NULL;
	if (!bytes_equal_nocase(from->host, to->uri.host))
		return bytes_equal_nocase(without_www(from->host), without_www(to->uri.host)) ? "www flip" : NULL;
	if (!bytes_equal_nocase(from->scheme, to->uri.scheme))
		return "http and https, perhaps behind a TLS terminator";
	return NULL;
}

/* The first pair that the 3xx sets: a follow-up that brings it is this client's (RULES.md §4.3). */
static uint32_t first_cookie(const struct audit *a, const struct http_head *head)
{
	struct bytes value = head_get(head, FIELD_SET_COOKIE);
	if (value.len == 0)
		return 0;
	return cookie_pair_hash(a, bytes_slice(value, 0, bytes_find(value, ';')));
}

/* What redirect.observed and its rules look at. */
struct observation {
	struct chain *chain;
	unsigned hop;
	uint64_t redirect;
	bool expects;
	const struct readings *readings; /* none where nobody would follow */
	struct loop_facts loop;
};

static void say_observed(struct audit *a, struct trace *t, const struct target *to, const struct observation *o,
			 int64_t now_us)
{
	char address[ADDRESS_TEXT_MAX];
	struct exchange_facts facts;
	emit_exchange(a, t, false, now_us);
	trace_facts(t, address, &facts);
	struct audit_event event = {
	    .type = EVENT_REDIRECT_OBSERVED,
	    .observed = {.redirect = o->redirect,
			 .chain = o->chain->id,
			 .hop = o->hop,
			 .request = &facts,
			 .target = to->text,
			 .expects = o->expects,
			 .same_url = to->usable && to->hash == t->url_hash,
			 .loop = o->loop},
	};
	emit(a, &event, now_us);
	ruling_observed(&a->ruling, &o->chain->memory, &event.observed, now_us);
}

/* What Retry-After adds to the window (RULES.md §2 H). */
static int64_t wait_of(const struct trace *t)
{
	int64_t seconds = retry_after_s(t->response_fields);
	return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000000;
}

static struct expectation *expect(struct audit *a, struct trace *t, const struct audit_client *who,
				  const struct http_head *head, const struct target *to, const struct observation *o,
				  int64_t now_us)
{
	struct known_client *client = t->client;
	if (client->open >= a->config.expectations_max && !list_empty(&client->expectations))
		evict_expectation(a, OWNER_OF(client->expectations.next, struct expectation, in_client),
				  "evidence given up: too many expectations of this client", now_us);
	struct expectation_spec spec = {
	    .request = t,
	    .target = to->text,
	    .target_hash = to->hash,
	    .target_origin = to->usable ? uri_origin_hash(&to->uri, a->config.seed) : 0,
	    .readings = o->readings,
	    .sets_cookie = head_find(head, FIELD_SET_COOKIE) != NULL,
	    .cookie_set = first_cookie(a, head),
	    .wait_us = wait_of(t),
	    .browser = bytes_starts_nocase(text_bytes(t->user_agent), BYTES("Mozilla/")),
	    .unasked = !o->expects,
	};
	struct expectation *e = expectation_open(a, &spec, o->redirect, now_us);
	if (!e)
		return NULL;
	chain_join(o->chain, e);
	(void)trace_ask_peer(a, t, who);
	return e;
}

/* Memory is short: the redirect was seen, and nothing more can be. */
static void say_unwatched(struct audit *a, const struct observation *o, int64_t now_us)
{
	struct audit_event event = {
	    .type = EVENT_REDIRECT_CLOSED,
	    .closed = {.redirect = o->redirect,
		       .chain = o->chain->id,
		       .hop = o->hop,
		       .outcome = OUTCOME_LEFT_VISIBILITY,
		       .reason = "evidence given up: memory"},
	};
	a->totals.forgotten++;
	o->chain->end = OUTCOME_LEFT_VISIBILITY;
	emit(a, &event, now_us);
}

static bool is_connect(const struct trace *t)
{
	return bytes_equal(text_bytes(t->method), BYTES("CONNECT"));
}

/* Nothing is to be followed, and some clients follow it all the same: a status that is no redirect (any more), or the
 * answer to a CONNECT, which whoever is between here and the host may have given. The same URL again is no sign. */
static bool is_followed_wrongly(const struct trace *t, const struct target *to)
{
	bool unused = t->status == 304 || t->status == 305 || t->status == 306;
	return to->usable && to->hash != t->url_hash && (unused || is_connect(t));
}

void hop_observe(struct audit *a, struct trace *t, const struct audit_exchange *x, const struct http_head *head,
		 int64_t now_us)
{
	const struct status_row *status = status_find(t->status);
	struct observation o = {.chain = chain_of(a, t)};
	struct readings readings = {.count = 0};
	if (!o.chain)
		return; /* not even memory to say so */
	bool asks = status->expects_follow_up && !is_connect(t);
	if (asks)
		readings_of(a, t, x->request.url, head, &readings);
	struct target to = target_of(a, t, x->request.url);
	if (!asks && is_followed_wrongly(t, &to)) {
		readings_of(a, t, x->request.url, head, &readings);
		to = target_of(a, t, x->request.url); /* its text lay in the scratch */
	}
	o.redirect = ++a->redirects;
	o.expects = asks && to.usable;
	o.readings = &readings;
	o.hop = chain_add_hop(a, o.chain, t, o.expects ? to.hash : 0, head_find(head, FIELD_SET_COOKIE) != NULL, status,
			      &o.loop);
	if (o.expects && (o.loop.repeated || o.loop.certain || o.loop.thrice))
		o.loop.cause = loop_cause(t, x->request.url, &to);
	say_observed(a, t, &to, &o, now_us);
	bool watched = readings.count > 0 && expect(a, t, x->request.client, head, &to, &o, now_us);
	if (o.expects && !watched)
		say_unwatched(a, &o, now_us);
	evict_for(a, 0, now_us);
}
