/* SPDX-License-Identifier: MIT
 *
 * The writer of event_json.h: one function for each kind of event. Members that say nothing (an empty string, an
 * exchange without a response) are left out; the schema says which may be missing. */
#include "audit/record/event_json.h"

#include "audit/record/exchange_json.h"
#include "audit/rules/rules.h"

void event_writer_init(struct event_writer *w, const uint8_t *key)
{
	*w = (struct event_writer){0};
	redactor_init(&w->redactor, key);
}

void event_writer_free(struct event_writer *w)
{
	redactor_free(&w->redactor);
}

static void write_hop(struct text_buf *t, uint64_t redirect, uint64_t chain, unsigned hop)
{
	json_put_uint(t, "redirect", redirect);
	json_put_uint(t, "chain", chain);
	json_put_uint(t, "hop", hop);
}

static void write_run_started(struct event_writer *w, struct text_buf *t, const struct event_run_started *r)
{
	json_put_uint(t, "format", LOG_FORMAT);
	json_put_string(t, "run", r->run);
	json_put_string(t, "version", r->version);
	if (r->command.len > 0)
		json_put_string(t, "command", redact_command(&w->redactor, r->command));
	json_put_string(t, "listen", r->listen);
	json_put_string(t, "profile", r->profile);
	if (r->decided)
		json_put_bool(t, "decided", true);
	write_string(t, "rules_off", r->rules_off);
	if (r->history)
		json_put_uint(t, "history", r->history);
	json_put_uint(t, "workers", r->workers);
}

/* Left out where a hop is the first visit of its URL. */
static void write_loop(struct text_buf *t, const struct loop_facts *l)
{
	if (!l->repeated && !l->certain && !l->thrice && !l->revisited && !l->returns)
		return;
	json_put_object_begin(t, "loop");
	json_put_bool(t, "repeated", l->repeated);
	json_put_bool(t, "certain", l->certain);
	json_put_bool(t, "thrice", l->thrice);
	json_put_bool(t, "revisited", l->revisited);
	if (l->returns)
		json_put_bool(t, "returns", true);
	json_put_uint(t, "back_to", l->back_to);
	if (l->cause)
		json_put_text(t, "cause", l->cause);
	json_put_object_end(t);
}

static void write_observed(struct event_writer *w, struct text_buf *t, const struct event_observed *o)
{
	write_hop(t, o->redirect, o->chain, o->hop);
	write_told(t, o->request);
	write_response(w, t, o->request);
	write_url(w, t, "target", o->target);
	json_put_bool(t, "expects", o->expects);
	if (o->same_url)
		json_put_bool(t, "same_url", true);
	write_loop(t, &o->loop);
}

static void write_verdicts(struct event_writer *w, struct text_buf *t, const struct property_verdict *verdicts)
{
	bool reasons = false;

	json_put_object_begin(t, "verdicts");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		if (verdicts[i].verdict != VERDICT_NONE)
			json_put_text(t, property_text((enum property)i), verdict_text(verdicts[i].verdict));
		reasons |= verdicts[i].verdict != VERDICT_NONE && verdicts[i].reason;
	}
	json_put_object_end(t);
	if (!reasons)
		return;
	json_put_object_begin(t, "reasons");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		if (verdicts[i].verdict != VERDICT_NONE && verdicts[i].reason)
			write_free_text(w, t, property_text((enum property)i), bytes_str(verdicts[i].reason));
	}
	json_put_object_end(t);
}

static void write_body(struct event_writer *w, struct text_buf *t, const struct body_comparison *b)
{
	json_put_object_begin(t, "body");
	json_put_text(t, "relation", body_relation_text(b->relation));
	json_put_uint(t, "equal", b->equal);
	if (b->framing_differs)
		json_put_bool(t, "framing_differs", true);
	if (b->lengths_agree)
		json_put_bool(t, "lengths_agree", true);
	if (b->prefix_unknown)
		json_put_bool(t, "prefix_unknown", true);
	write_free_text(w, t, "reason", bytes_str(b->reason));
	json_put_object_end(t);
}

static void write_followed(struct event_writer *w, struct text_buf *t, const struct event_followed *f)
{
	write_hop(t, f->redirect, f->chain, f->hop);
	write_told(t, f->request);
	json_put_object_begin(t, "follow");
	write_told(t, f->follow);
	write_response(w, t, f->follow);
	json_put_object_end(t);
	json_put_object_begin(t, "match");
	json_put_text(t, "level", event_level_text(f->level));
	if (f->cause != CAUSE_NONE)
		json_put_text(t, "cause", cause_text(f->cause));
	json_put_int(t, "score", f->score);
	json_put_text(t, "confidence", confidence_text(f->confidence));
	json_put_text(t, "state", match_state_text(f->state));
	if (f->late)
		json_put_bool(t, "late", true);
	if (f->ambiguous != AMBIGUOUS_NOT)
		json_put_text(t, "ambiguous", ambiguity_text(f->ambiguous));
	json_put_int(t, "latency_us", f->latency_us);
	json_put_object_end(t);
	write_body(w, t, &f->body);
	if (f->same_url)
		json_put_bool(t, "same_url", true);
	if (f->no_news)
		json_put_bool(t, "no_news", true);
	write_verdicts(w, t, f->verdicts);
}

static void write_revised(struct event_writer *w, struct text_buf *t, const struct event_revised *r)
{
	json_put_uint(t, "redirect", r->redirect);
	json_put_uint(t, "from", r->from);
	json_put_uint(t, "to", r->to);
	write_free_text(w, t, "reason", bytes_str(r->reason));
}

static void write_tunnel_sign(struct text_buf *t, const struct event_closed *c)
{
	if (c->tunnel == TUNNEL_NONE)
		return;
	json_put_text(t, "tunnel", tunnel_sign_text(c->tunnel));
	if (c->tunnel != TUNNEL_OPENED)
		return;
	json_put_object_begin(t, "match");
	json_put_int(t, "score", c->score);
	json_put_text(t, "confidence", confidence_text(c->confidence));
	json_put_object_end(t);
}

static void write_closed(struct event_writer *w, struct text_buf *t, const struct event_closed *c)
{
	write_hop(t, c->redirect, c->chain, c->hop);
	json_put_text(t, "outcome", outcome_text(c->outcome));
	write_free_text(w, t, "reason", bytes_str(c->reason));
	if (c->outcome == OUTCOME_FOLLOWED)
		return;
	if (c->request && c->request->content_news)
		write_content(t, &c->request->request);
	json_put_bool(t, "client_follows", c->client_follows);
	json_put_bool(t, "twin_followed", c->twin_followed);
	json_put_bool(t, "target_asked", c->target_asked);
	if (c->outcome == OUTCOME_RETRIED) {
		json_put_uint(t, "retried_by", c->retried_by);
		json_put_uint(t, "retries", c->retries);
		json_put_bool(t, "repetition", c->repetition);
		json_put_text(t, "confidence", confidence_text(c->confidence));
	}
	if (c->instead_exchange) {
		json_put_object_begin(t, "instead");
		json_put_uint(t, "exchange", c->instead_exchange);
		json_put_text(t, "link", c->instead_link);
		json_put_object_end(t);
	}
	write_tunnel_sign(t, c);
}

static void write_duplicated(struct text_buf *t, const struct event_duplicated *d)
{
	write_hop(t, d->redirect, d->chain, d->hop);
	json_put_uint(t, "first", d->first);
	json_put_uint(t, "again", d->again);
	json_put_text(t, "confidence", confidence_text(d->confidence));
}

static void write_finding(struct event_writer *w, struct text_buf *t, const struct event_finding *f)
{
	json_put_text(t, "rule", f->rule->id);
	json_put_text(t, "severity", severity_text(f->severity));
	json_put_text(t, "fault", fault_text(f->fault));
	json_put_text(t, "confidence", confidence_text(f->confidence));
	json_put_uint(t, "chain", f->chain);
	if (f->redirect)
		json_put_uint(t, "redirect", f->redirect);
	if (f->exchange)
		json_put_uint(t, "exchange", f->exchange);
	write_string(t, "method", f->method);
	write_url(w, t, "url", f->url);
	write_free_text(w, t, "message", f->message);
	write_free_text(w, t, "expected", f->expected);
	write_free_text(w, t, "seen", f->seen);
	write_string(t, "also", f->also);
	if (f->weight != f->severity)
		json_put_text(t, "weight", severity_text(f->weight));
	if (f->advisory)
		json_put_bool(t, "advisory", true);
	json_put_text(t, "source", f->rule->source);
	if (f->suppressed_by.len == 0)
		return;
	json_put_bool(t, "suppressed", true);
	json_put_string(t, "suppressed_by", f->suppressed_by);
	write_free_text(w, t, "suppressed_reason", f->suppressed_reason);
}

static void write_chain_finished(struct event_writer *w, struct text_buf *t, const struct event_chain_finished *c)
{
	json_put_uint(t, "chain", c->chain);
	json_put_text(t, "outcome", chain_outcome_text(c->outcome));
	json_put_text(t, "verdict", severity_text(c->verdict));
	json_put_uint(t, "unverifiable", c->unverifiable);
	json_put_uint(t, "hops", c->hops);
	write_string(t, "tag", c->tag);
	write_free_text(w, t, "test", c->test);
	if (c->final_status)
		json_put_uint(t, "final_status", c->final_status);
	json_put_int(t, "elapsed_us", c->elapsed_us);
	if (!c->last)
		return;
	json_put_uint(t, "exchange", c->exchange);
	json_put_object_begin(t, "last");
	json_put_uint(t, "exchange", c->last->exchange);
	write_response(w, t, c->last);
	json_put_object_end(t);
}

static void write_client_process(struct event_writer *w, struct text_buf *t, const struct event_client_process *p)
{
	json_put_uint(t, "connection", p->connection);
	json_put_uint(t, "pid", p->pid);
	write_free_text(w, t, "name", p->name);
}

static void write_tunnel(struct event_writer *w, struct text_buf *t, const struct event_tunnel *u)
{
	json_put_uint(t, "connection", u->connection);
	write_string(t, "tag", u->tag);
	json_put_url(t, "authority", redact_url(&w->redactor, u->authority));
	json_put_text(t, "kind", u->kind);
	write_free_text(w, t, "reason", bytes_str(u->reason));
}

static void write_tls(struct event_writer *w, struct text_buf *t, enum event_type type, const struct event_tls *s)
{
	json_put_uint(t, "connection", s->connection);
	if (s->exchange)
		json_put_uint(t, "exchange", s->exchange);
	write_string(t, "tag", s->tag);
	json_put_url(t, "authority", redact_url(&w->redactor, s->authority));
	write_string(t, "name", s->name);
	if (type == EVENT_TLS_INTERCEPTED) {
		write_string(t, "version", bytes_str(s->version));
		write_string(t, "cipher", bytes_str(s->cipher));
		json_put_bool(t, "resumed", s->resumed);
	}
	if (type == EVENT_TLS_UPSTREAM_FAILED)
		json_put_bool(t, "certificate", s->certificate);
	write_free_text(w, t, "reason", bytes_str(s->reason));
}

static void write_proxy_error(struct event_writer *w, struct text_buf *t, const struct event_proxy_error *p)
{
	json_put_uint(t, "connection", p->connection);
	if (p->exchange)
		json_put_uint(t, "exchange", p->exchange);
	write_string(t, "tag", p->tag);
	json_put_text(t, "error", p->error);
	write_free_text(w, t, "detail", p->detail);
	write_string(t, "method", p->method);
	write_url(w, t, "target", p->target);
	json_put_int(t, "status", p->status);
}

static void write_totals(struct text_buf *t, const struct audit_totals *a)
{
	json_put_object_begin(t, "totals");
	json_put_uint(t, "exchanges", a->exchanges);
	json_put_uint(t, "tunnels", a->tunnels);
	json_put_uint(t, "redirects", a->redirects);
	json_put_object_begin(t, "outcomes");
	for (unsigned i = 0; i <= OUTCOME_ABORTED; i++)
		json_put_uint(t, outcome_text((enum outcome)i), a->outcomes[i]);
	json_put_object_end(t);
	json_put_uint(t, "chains", a->chains);
	json_put_object_begin(t, "findings");
	for (unsigned i = SEVERITY_ERROR; i >= SEVERITY_INFO; i--)
		json_put_uint(t, severity_text((enum severity)i), a->findings[i]);
	json_put_object_end(t);
	json_put_uint(t, "suppressed", a->suppressed);
	json_put_uint(t, "unverifiable", a->unverifiable);
	json_put_uint(t, "forgotten", a->forgotten);
	json_put_uint(t, "proxy_errors", a->proxy_errors);
	json_put_object_end(t);
}

static void write_run_finished(struct text_buf *t, const struct event_run_finished *r, uint64_t lost)
{
	write_totals(t, &r->totals);
	if (r->command_status >= 0)
		json_put_int(t, "command_status", r->command_status);
	json_put_uint(t, "lost", lost > r->totals.lost ? lost : r->totals.lost);
}

static void write_members(struct event_writer *w, struct text_buf *t, const struct audit_event *e,
			  const struct line_facts *facts)
{
	switch (e->type) {
	case EVENT_RUN_STARTED:
		write_run_started(w, t, &e->run_started);
		break;
	case EVENT_EXCHANGE:
		if (e->exchange.remembered)
			json_put_bool(t, "remembered", true);
		json_put_uint(t, "exchange", e->exchange.exchange);
		write_request(w, t, &e->exchange);
		write_response(w, t, &e->exchange);
		break;
	case EVENT_REDIRECT_OBSERVED:
		write_observed(w, t, &e->observed);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		write_followed(w, t, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		write_revised(w, t, &e->revised);
		break;
	case EVENT_REDIRECT_CLOSED:
		write_closed(w, t, &e->closed);
		break;
	case EVENT_REDIRECT_DUPLICATED:
		write_duplicated(t, &e->duplicated);
		break;
	case EVENT_FINDING:
		write_finding(w, t, &e->finding);
		break;
	case EVENT_CHAIN_FINISHED:
		write_chain_finished(w, t, &e->chain_finished);
		break;
	case EVENT_CLIENT_PROCESS:
		write_client_process(w, t, &e->process);
		break;
	case EVENT_TUNNEL:
		write_tunnel(w, t, &e->tunnel);
		break;
	case EVENT_TLS_INTERCEPTED:
	case EVENT_TLS_PASSED_THROUGH:
	case EVENT_TLS_REJECTED:
	case EVENT_TLS_UPSTREAM_FAILED:
		write_tls(w, t, e->type, &e->tls);
		break;
	case EVENT_PROXY_ERROR:
		write_proxy_error(w, t, &e->proxy_error);
		break;
	case EVENT_MARK:
		json_put_string(t, "name", redact_text(&w->redactor, e->mark.name));
		write_string(t, "tag", e->mark.tag);
		break;
	case EVENT_RUN_FINISHED:
		write_run_finished(t, &e->run_finished, facts->lost);
		break;
	case EVENT_TYPE_COUNT:
		break;
	}
}

void event_writer_begin(struct event_writer *w, const struct audit_event *e)
{
	struct bytes run = bytes_slice(e->run_started.run, 0, sizeof(w->run) - 1);

	w->wall_us = e->run_started.wall_us;
	w->at_us = e->at_us;
	memset(w->run, 0, sizeof(w->run));
	if (run.len > 0)
		memcpy(w->run, run.ptr, run.len);
}

void event_write(struct event_writer *w, const struct audit_event *e, const struct line_facts *facts,
		 struct text_buf *out)
{
	if (e->type == EVENT_RUN_STARTED)
		event_writer_begin(w, e);
	json_put_object_begin(out, NULL);
	json_put_uint(out, "seq", e->seq);
	json_put_time(out, "time", wall_of(w, e->at_us));
	json_put_text(out, "type", event_type_text(e->type));
	if (e->type == EVENT_RUN_STARTED && facts->after_torn_line)
		json_put_bool(out, "after_torn_line", true);
	write_members(w, out, e, facts);
}

static void begin_own_line(const struct event_writer *w, const char *type, const struct line_facts *facts,
			   int64_t at_us, struct text_buf *out)
{
	json_put_object_begin(out, NULL);
	json_put_time(out, "time", wall_of(w, at_us));
	json_put_text(out, "type", type);
	if (facts->after_torn_line)
		json_put_bool(out, "after_torn_line", true);
	json_put_string(out, "run", bytes_str(w->run));
}

void event_write_lost(const struct event_writer *w, uint64_t events, const char *reason, const struct line_facts *facts,
		      int64_t at_us, struct text_buf *out)
{
	begin_own_line(w, "run.lost", facts, at_us, out);
	json_put_uint(out, "events", events);
	json_put_text(out, "reason", reason);
}

void event_write_continued(const struct event_writer *w, const uint8_t head[32], const struct line_facts *facts,
			   int64_t at_us, struct text_buf *out)
{
	begin_own_line(w, "run.continued", facts, at_us, out);
	json_put_uint(out, "format", LOG_FORMAT);
	json_put_hex(out, "previous_head", head, 32);
}
