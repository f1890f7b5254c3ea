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
	if (a->config.sink.emit && !a->config.sink.emit(a->config.sink.arg, e))
		a->totals.lost++;
}

void emit_finding(void *arg, struct event_finding *f, int64_t now_us)
{
	struct audit_event e = {.type = EVENT_FINDING, .finding = *f};
	emit(arg, &e, now_us);
}

void emit_exchange(struct audit *a, struct trace *t, int64_t now_us)
{
	char address[ADDRESS_TEXT_MAX];
	struct audit_event e = {.type = EVENT_EXCHANGE};
	if (t->told)
		return;
	t->told = true;
	trace_facts(t, address, &e.exchange);
	emit(a, &e, now_us);
}

void emit_remembered(struct audit *a, struct trace *t, int64_t now_us)
{
	char address[ADDRESS_TEXT_MAX];
	struct audit_event e = {.type = EVENT_EXCHANGE};
	if (t->told)
		return;
	t->told = true;
	trace_facts(t, address, &e.exchange);
	e.exchange.remembered = true;
	emit(a, &e, now_us);
	ruling_exchange(&a->ruling, &e.exchange, now_us);
}
