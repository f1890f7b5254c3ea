/* SPDX-License-Identifier: MIT
 *
 * The one place where events leave the audit, in the order of their seq; and the counts that every event adds to.
 * Under the tracker's lock. */
#include "audit/state.h"
#include "audit/trace.h"

static void count(struct audit *a, const struct audit_event *e)
{
	struct audit_totals *totals = &a->totals;
	switch (e->type) {
	case EVENT_REDIRECT_OBSERVED:
		totals->redirects++;
		a->expected += e->observed.expects;
		break;
	case EVENT_REDIRECT_FOLLOWED:
		for (unsigned p = 0; p < PROPERTY_COUNT; p++)
			totals->unverifiable += e->followed.verdicts[p].verdict == VERDICT_UNVERIFIABLE;
		break;
	case EVENT_REDIRECT_CLOSED:
		totals->outcomes[e->closed.outcome]++;
		break;
	case EVENT_FINDING:
		if (e->finding.suppressed_by.len > 0)
			totals->suppressed++;
		else
			totals->findings[e->finding.severity]++;
		break;
	case EVENT_CHAIN_FINISHED:
		totals->chains++;
		break;
	case EVENT_PROXY_ERROR:
		totals->proxy_errors++;
		break;
	default:
		break;
	}
}

void emit(struct audit *a, struct audit_event *e, int64_t now_us)
{
	e->seq = ++a->seq;
	e->at_us = now_us;
	count(a, e);
	counts_add(&a->counts, e);
	if (a->config.sink.emit && !a->config.sink.emit(a->config.sink.arg, e))
		a->totals.lost++;
}

void emit_finding(void *arg, struct event_finding *f, int64_t now_us)
{
	struct audit_event e = {.type = EVENT_FINDING, .finding = *f};
	emit(arg, &e, now_us);
}

static void forget_response(struct exchange_facts *x)
{
	x->response_fields = NULL;
	x->early = false;
	x->early_length = 0;
	x->status = 0;
	x->by_proxy = false;
	x->has_location = false;
	x->location = bytes_of(NULL, 0);
	x->location_count = 0;
	x->response_us = 0;
}

void emit_exchange(struct audit *a, struct trace *t, bool with_response, int64_t now_us)
{
	char address[ADDRESS_TEXT_MAX];
	struct audit_event e = {.type = EVENT_EXCHANGE};
	if (t->told)
		return;
	trace_facts(t, address, &e.exchange);
	if (!with_response)
		forget_response(&e.exchange);
	t->told = true;
	t->told_ended = t->request_ended;
	t->told_length = t->length;
	emit(a, &e, now_us);
}

void emit_remembered(struct audit *a, struct trace *t, int64_t now_us)
{
	char address[ADDRESS_TEXT_MAX];
	struct audit_event e = {.type = EVENT_EXCHANGE};
	if (t->told)
		return;
	trace_facts(t, address, &e.exchange);
	t->told = true;
	t->told_ended = t->request_ended;
	t->told_length = t->length;
	e.exchange.remembered = true;
	emit(a, &e, now_us);
	ruling_exchange(&a->ruling, &e.exchange, now_us);
}
