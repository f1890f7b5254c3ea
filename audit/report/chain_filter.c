/* SPDX-License-Identifier: MIT */
#include "audit/report/chain_filter.h"

#include <stdlib.h>

static struct filter_hop view_hop(const struct report_hop *h)
{
	return (struct filter_hop){.method = h->method,
				   .url = h->url,
				   .target = h->target,
				   .status = h->status,
				   .outcome = h->outcome,
				   .followed = h->followed,
				   .follow_method = h->follow_method,
				   .follow_url = h->follow_url,
				   .confidence = h->followed ? h->confidence : CONFIDENCE_NONE};
}

static struct filter_finding view_finding(const struct report_finding *f)
{
	return (struct filter_finding){.rule = f->rule,
				       .severity = f->severity,
				       .fault = f->fault,
				       .confidence = f->confidence,
				       .suppressed = f->severity == SEVERITY_NONE};
}

static size_t count_findings(const struct report_chain *c)
{
	size_t count = 0;

	for (const struct report_finding *f = c->findings; f; f = f->next)
		count++;
	return count;
}

static bool matches(const struct report *r, const struct report_chain *c, struct filter_hop *hops,
		    struct filter_finding *findings)
{
	struct filter_chain view = {.id = c->id,
				    .run = r->run,
				    .tag = c->tag,
				    .test = c->test,
				    .client = c->client,
				    .time_us = c->time_us,
				    .elapsed_us = c->elapsed_us,
				    .outcome = c->finished ? c->outcome : CHAIN_OPEN,
				    .verdict = c->verdict,
				    .unverifiable = c->unverifiable,
				    .final_status = c->final_status,
				    .hops = hops,
				    .findings = findings};

	for (const struct report_hop *h = c->hops; h; h = h->next) {
		hops[view.hop_count++] = view_hop(h);
		if (h->number > view.length)
			view.length = h->number;
	}
	for (const struct report_finding *f = c->findings; f; f = f->next)
		findings[view.finding_count++] = view_finding(f);
	return filter_matches(r->filter, &view);
}

bool report_chain_matches(struct report *r, const struct report_chain *c)
{
	struct filter_hop *hops = calloc((size_t)c->hop_count + 1, sizeof(*hops));
	struct filter_finding *findings = calloc(count_findings(c) + 1, sizeof(*findings));
	bool result = false;

	if (hops && findings)
		result = matches(r, c, hops, findings);
	else
		r->failed = true;
	free(hops);
	free(findings);
	return result;
}

void report_filter_totals(struct audit_totals *run, const struct audit_totals *matched)
{
	run->chains = matched->chains;
	run->redirects = matched->redirects;
	memcpy(run->outcomes, matched->outcomes, sizeof(run->outcomes));
	memcpy(run->findings, matched->findings, sizeof(run->findings));
	run->suppressed = matched->suppressed;
	run->unverifiable = matched->unverifiable;
}
