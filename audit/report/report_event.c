/* SPDX-License-Identifier: MIT
 *
 * Events into the model: what a report wants to know of each type. */
#include "audit/report/report_event.h"

#include "audit/rules/rules.h"

/* The hop that an event is about, with what every such event says of it. */
static struct report_hop *get_hop(struct report *r, uint64_t chain, uint64_t redirect, unsigned hop,
				  struct report_chain **c)
{
	*c = report_chain(r, chain);
	return *c ? report_hop(r, *c, redirect, hop) : NULL;
}

/* A line break in a value, which only a forged log has, would begin a field. */
static void add_on_one_line(struct text_buf *t, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		text_buf_add_char(t, b.ptr[i] == '\n' ? ' ' : b.ptr[i]);
}

static struct bytes copy_fields(struct report_chain *c, const struct field_list *l)
{
	struct text_buf t = {0};
	struct bytes copy;

	for (unsigned i = 0; l && i < l->count; i++) {
		add_on_one_line(&t, field_name(l, &l->items[i]));
		TEXT_BUF_LITERAL(&t, ": ");
		add_on_one_line(&t, field_value(l, &l->items[i]));
		TEXT_BUF_LITERAL(&t, "\n");
	}
	copy = arena_copy(&c->arena, text_buf_view(&t));
	text_buf_free(&t);
	return copy;
}

static void read_redirect(struct report_chain *c, struct report_hop *h, const struct exchange_facts *request,
			  struct bytes target)
{
	if (h->method.len == 0)
		h->method = arena_copy(&c->arena, request->method);
	if (h->url.len == 0)
		h->url = arena_copy(&c->arena, request->url);
	if (h->target.len == 0)
		h->target = arena_copy(&c->arena, target);
	if (h->content == 0)
		h->content = request->request.length;
	if (c->tag.len == 0)
		c->tag = arena_copy(&c->arena, request->tag);
	if (h->number == 1 && c->client.len == 0)
		c->client = arena_copy(&c->arena, request->user_agent);
	if (h->number == 1 && request->started_us)
		c->time_us = request->started_us;
	h->status = request->status;
	h->injected = request->injected;
}

static void read_observed(struct report *r, const struct event_observed *o)
{
	struct report_chain *c;
	struct report_hop *h = get_hop(r, o->chain, o->redirect, o->hop, &c);

	if (!h)
		return;
	r->counted.redirects++;
	read_redirect(c, h, o->request, o->target);
	if (r->fields)
		h->fields = copy_fields(c, o->request->fields);
}

static unsigned count_unverifiable(const struct report_hop *h)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PROPERTY_COUNT; i++)
		count += h->verdicts[i].verdict == VERDICT_UNVERIFIABLE;
	return count;
}

/* A revised match says it again: the last one counts. */
static void read_followed(struct report *r, const struct event_followed *f)
{
	struct report_chain *c;
	struct report_hop *h = get_hop(r, f->chain, f->redirect, f->hop, &c);

	if (!h)
		return;
	read_redirect(c, h, f->request, f->target);
	c->unverifiable -= count_unverifiable(h);
	h->followed = true;
	h->outcome = OUTCOME_FOLLOWED;
	h->follow_method = arena_copy(&c->arena, f->follow->method);
	h->follow_url = arena_copy(&c->arena, f->follow->url);
	h->follow_content = f->follow->request.length;
	if (r->fields)
		h->follow_fields = copy_fields(c, f->follow->fields);
	h->confidence = f->confidence;
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		h->verdicts[i].verdict = f->verdicts[i].verdict;
		h->verdicts[i].reason = arena_copy(&c->arena, bytes_str(f->verdicts[i].reason));
	}
	c->unverifiable += count_unverifiable(h);
	r->counted.unverifiable += count_unverifiable(h);
}

static void read_revised(struct report *r, const struct event_revised *v)
{
	struct report_chain *c = report_chain_of_redirect(r, v->redirect);
	struct report_hop *h = c ? report_find_hop(c, v->redirect) : NULL;

	if (!h)
		return;
	report_drop_findings(r, c, v->redirect, v->from);
	if (v->to == 0)
		h->followed = false;
}

static void read_closed(struct report *r, const struct event_closed *e)
{
	struct report_chain *c;
	struct report_hop *h = get_hop(r, e->chain, e->redirect, e->hop, &c);

	if (!h)
		return;
	h->outcome = e->outcome;
	h->reason = arena_copy(&c->arena, bytes_str(e->reason));
	r->counted.outcomes[h->outcome]++;
}

static void read_finding(struct report *r, const struct event_finding *e)
{
	struct report_chain *c = report_chain(r, e->chain);
	bool suppressed = e->suppressed_by.len > 0;
	struct report_finding *f = c ? report_add_finding(r, c, suppressed ? SEVERITY_NONE : e->severity) : NULL;

	if (!f)
		return;
	if (suppressed) {
		report_add_suppressed(r, e->suppressed_by);
		f->suppressed_reason = arena_copy(&c->arena, e->suppressed_reason);
	}
	f->fault = e->fault;
	f->confidence = e->confidence;
	f->redirect = e->redirect;
	f->exchange = e->exchange;
	f->rule = arena_copy(&c->arena, bytes_str(e->rule->id));
	f->message = arena_copy(&c->arena, e->message);
	f->expected = arena_copy(&c->arena, e->expected);
	f->seen = arena_copy(&c->arena, e->seen);
	f->source = arena_copy(&c->arena, bytes_str(e->rule->source));
	f->also = arena_copy(&c->arena, e->also);
	f->line = r->line;
}

static void read_chain_finished(struct report *r, const struct event_chain_finished *e)
{
	struct report_chain *c = report_chain(r, e->chain);

	if (!c)
		return;
	c->outcome = e->outcome;
	c->final_status = e->final_status;
	c->elapsed_us = e->elapsed_us;
	c->test = arena_copy(&c->arena, e->test);
	report_chain_finished(r, c);
}

static void read_proxy_error(struct report *r, const struct event_proxy_error *p)
{
	const struct report_error e = {.error = bytes_str(p->error),
				       .detail = p->detail,
				       .method = p->method,
				       .target = p->target,
				       .status = p->status};

	report_add_error(r, &e);
}

/* "api.test" of "api.test:443"; another port stays. */
static struct bytes host_of(struct bytes authority, struct bytes name)
{
	const struct bytes https = BYTES(":443");

	if (authority.len <= https.len ||
	    !bytes_equal(bytes_slice(authority, authority.len - https.len, authority.len), https))
		return authority;
	return name.len > 0 ? name : bytes_slice(authority, 0, authority.len - https.len);
}

static void read_tunnel(struct report *r, const struct event_tunnel *t)
{
	if (bytes_equal(bytes_str(t->kind), BYTES("opaque")))
		report_add_hidden(r, host_of(t->authority, bytes_of(NULL, 0)), bytes_str(t->reason));
}

static void read_passed_through(struct report *r, const struct event_tls *t)
{
	report_add_hidden(r, host_of(t->authority, t->name), bytes_str(t->reason));
}

/* The connections after this one pass through, perhaps, for the same reason in other words: the refusal is what
 * matters, not the alert by which it was told. */
static void read_rejected(struct report *r, const struct event_tls *t)
{
	struct bytes reason = bytes_str(t->reason);
	const struct bytes peer = BYTES("the peer");

	if (bytes_equal(bytes_slice(reason, 0, peer.len), peer))
		reason = BYTES("its client refused our certificate");
	report_add_hidden(r, host_of(t->authority, t->name), reason);
}

static void read_run_started(struct report *r, const struct event_run_started *s)
{
	r->begun = true;
	r->run = arena_copy(&r->arena, s->run);
	r->version = arena_copy(&r->arena, s->version);
	r->command = arena_copy(&r->arena, s->command);
}

void report_event(struct report *r, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_RUN_STARTED:
		read_run_started(r, &e->run_started);
		break;
	case EVENT_REDIRECT_OBSERVED:
		read_observed(r, &e->observed);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		read_followed(r, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		read_revised(r, &e->revised);
		break;
	case EVENT_REDIRECT_CLOSED:
		read_closed(r, &e->closed);
		break;
	case EVENT_FINDING:
		read_finding(r, &e->finding);
		break;
	case EVENT_CHAIN_FINISHED:
		read_chain_finished(r, &e->chain_finished);
		break;
	case EVENT_TUNNEL:
		read_tunnel(r, &e->tunnel);
		break;
	case EVENT_TLS_PASSED_THROUGH:
		read_passed_through(r, &e->tls);
		break;
	case EVENT_TLS_REJECTED:
		read_rejected(r, &e->tls);
		break;
	case EVENT_PROXY_ERROR:
		read_proxy_error(r, &e->proxy_error);
		break;
	case EVENT_RUN_FINISHED:
		r->finished = true;
		r->totals = e->run_finished.totals;
		break;
	default:
		break;
	}
}
