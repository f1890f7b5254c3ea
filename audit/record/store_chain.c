/* SPDX-License-Identifier: MIT
 *
 * Chains in the importer's memory (store_chain.h): hops in the order of their numbers, findings in that of the log. */
#include "audit/record/store_chain.h"

void store_chain_count(const struct store_chain *c, struct store_counts *counts)
{
	*counts = (struct store_counts){.verdict = SEVERITY_NONE};
	for (const struct store_finding *f = c->findings; f; f = f->next) {
		enum severity severity = f->suppressed_by.len > 0 ? SEVERITY_NONE : f->severity;

		counts->findings[severity]++;
		if (severity > counts->verdict)
			counts->verdict = severity;
	}
	for (const struct store_hop *h = c->hops; h; h = h->next) {
		for (unsigned i = 0; i < PROPERTY_COUNT; i++)
			counts->unverifiable += h->followed && h->verdicts[i].verdict == VERDICT_UNVERIFIABLE;
	}
}

struct store_hop *store_chain_find_hop(const struct store_chain *c, uint64_t redirect)
{
	struct store_hop *h = c->hops;

	while (h && h->redirect != redirect)
		h = h->next;
	return h;
}

/* Of an endless chain those in the middle go. */
static void make_room(struct store_chain *c)
{
	struct store_hop *h = c->hops;

	if (c->hop_count < STORE_HOPS_MAX)
		return;
	for (unsigned i = 1; i < STORE_HOPS_MAX / 2; i++)
		h = h->next;
	h->next = h->next->next; /* its memory is the arena's */
	c->hop_count--;
}

struct store_hop *store_chain_hop(struct store_chain *c, uint64_t redirect, unsigned number)
{
	struct store_hop *h = store_chain_find_hop(c, redirect);
	struct store_hop **at = &c->hops;

	if (h)
		return h;
	h = arena_new(&c->arena, sizeof(*h));
	if (!h)
		return NULL;
	make_room(c);
	*h = (struct store_hop){.redirect = redirect, .number = number};
	while (*at && (*at)->number <= number)
		at = &(*at)->next;
	h->next = *at;
	*at = h;
	c->hop_count++;
	if (number > c->length)
		c->length = number;
	return h;
}

void store_chain_remove_hop(struct store_chain *c, uint64_t redirect)
{
	for (struct store_hop **at = &c->hops; *at; at = &(*at)->next) {
		if ((*at)->redirect != redirect)
			continue;
		*at = (*at)->next;
		c->hop_count--;
		break;
	}
	c->length = 0;
	for (const struct store_hop *h = c->hops; h; h = h->next)
		c->length = h->number;
}

struct store_finding *store_chain_add_finding(struct store_chain *c, uint64_t seq)
{
	struct store_finding *f, **at = &c->findings;

	for (; *at; at = &(*at)->next) {
		if ((*at)->seq == seq)
			return NULL;
	}
	f = c->finding_count < STORE_FINDINGS_MAX ? arena_new(&c->arena, sizeof(*f)) : NULL;
	if (!f)
		return NULL;
	f->seq = seq;
	*at = f;
	c->finding_count++;
	return f;
}

void store_chain_drop_findings(struct store_chain *c, uint64_t redirect, uint64_t exchange)
{
	struct store_finding **at = &c->findings;

	while (*at) {
		if ((*at)->redirect != redirect || (*at)->exchange != exchange || exchange == 0) {
			at = &(*at)->next;
			continue;
		}
		*at = (*at)->next; /* its memory is the arena's */
		c->finding_count--;
	}
}

static void view_hops(const struct store_chain *c, struct store_view *view)
{
	size_t i = 0;

	for (const struct store_hop *h = c->hops; h && i < STORE_HOPS_MAX; h = h->next) {
		view->hops[i++] = (struct filter_hop){.method = h->request.method,
						      .url = h->request.url,
						      .target = h->target,
						      .status = h->request.status,
						      .outcome = h->outcome,
						      .followed = h->followed,
						      .follow_method = h->follow.method,
						      .follow_url = h->follow.url,
						      .confidence = h->followed ? h->confidence : CONFIDENCE_NONE};
	}
	view->chain.hop_count = i;
}

static void view_findings(const struct store_chain *c, struct store_view *view)
{
	size_t i = 0;

	for (const struct store_finding *f = c->findings; f && i < STORE_FINDINGS_MAX; f = f->next) {
		view->findings[i++] = (struct filter_finding){.rule = f->rule,
							      .severity = f->severity,
							      .fault = f->fault,
							      .confidence = f->confidence,
							      .suppressed = f->suppressed_by.len > 0};
	}
	view->chain.finding_count = i;
}

void store_chain_view(const struct store_chain *c, struct store_view *view)
{
	struct store_counts counts;

	store_chain_count(c, &counts);
	view->chain = (struct filter_chain){.id = (uint64_t)(c->id % STORE_CHAINS_PER_RUN),
					    .run = c->run,
					    .tag = c->tag,
					    .test = c->test,
					    .client = c->client,
					    .time_us = c->time_us,
					    .elapsed_us = c->elapsed_us,
					    .outcome = c->outcome,
					    .verdict = counts.verdict,
					    .unverifiable = counts.unverifiable,
					    .length = c->length,
					    .final_status = c->final_status,
					    .hops = view->hops,
					    .findings = view->findings};
	view_hops(c, view);
	view_findings(c, view);
}
