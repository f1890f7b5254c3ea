/* SPDX-License-Identifier: MIT */
#include "audit/counts.h"

const uint32_t histogram_slow[HISTOGRAM_BOUNDS] = {1000,   5000,   10000,   25000,   50000,   100000,
						   250000, 500000, 1000000, 2500000, 5000000, 10000000};
const uint32_t histogram_fast[HISTOGRAM_BOUNDS] = {5, 10, 20, 35, 50, 100, 200, 500, 1000, 5000, 10000, 50000};

static void add_error(struct audit_counts *c, const char *error)
{
	unsigned i = 0;

	while (i < COUNTS_ERRORS_MAX - 1 && c->errors[i].error && strcmp(c->errors[i].error, error) != 0)
		i++;
	if (!c->errors[i].error)
		c->errors[i].error = i < COUNTS_ERRORS_MAX - 1 ? error : "other";
	c->errors[i].count++;
}

static void add_chain(struct audit_counts *c, const struct event_chain_finished *chain)
{
	c->chains[chain->outcome]++;
	c->chain_verdicts[chain->verdict]++;
	c->hops[chain->hops < COUNTS_HOPS_MAX ? chain->hops : COUNTS_HOPS_MAX]++;
	c->hops_sum += chain->hops;
}

static void add_follow(struct audit_counts *c, const struct event_followed *f)
{
	if (f->state == MATCH_REVISED)
		return;
	c->confidence[f->confidence]++;
	histogram_add(&c->latency, histogram_slow, f->latency_us);
}

void counts_add(struct audit_counts *c, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_REDIRECT_OBSERVED:
		c->redirects[e->observed.request->status % 100]++;
		break;
	case EVENT_REDIRECT_FOLLOWED:
		add_follow(c, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		c->revised++;
		break;
	case EVENT_FINDING:
		c->findings[e->finding.rule - rules_all]
			   [e->finding.suppressed_by.len > 0 ? SEVERITY_NONE : e->finding.severity]++;
		break;
	case EVENT_CHAIN_FINISHED:
		add_chain(c, &e->chain_finished);
		break;
	case EVENT_TUNNEL:
		*(strcmp(e->tunnel.kind, "opaque") == 0 ? &c->tunnels_opaque : &c->tunnels_http) += 1;
		break;
	case EVENT_TLS_INTERCEPTED:
	case EVENT_TLS_PASSED_THROUGH:
	case EVENT_TLS_REJECTED:
	case EVENT_TLS_UPSTREAM_FAILED:
		c->tls[e->type - EVENT_TLS_INTERCEPTED]++;
		break;
	case EVENT_PROXY_ERROR:
		add_error(c, e->proxy_error.error);
		break;
	case EVENT_MARK:
		c->marks++;
		break;
	default:
		break;
	}
}
