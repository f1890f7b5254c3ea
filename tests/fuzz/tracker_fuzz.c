/* SPDX-License-Identifier: MIT
 *
 * Random sequences of exchanges through the observer interface: overlapping, cut short, out of order as far as the
 * interface allows, with little memory or much, of processes that are known early, late or never. Whatever comes, the
 * promises of audit/event.h hold, and the same sequence says the same things twice. */
#include "audit/rules/rules.h"
#include "tests/fuzz/exchanges.h"

#define REDIRECTS_MAX 4096
#define EXCHANGES_MAX 8192
#define CHAINS_MAX 8192

/* What was said of each redirect, exchange and chain. */
struct heard {
	uint64_t seq;
	uint64_t hash;
	uint64_t follow[REDIRECTS_MAX]; /* exchange taken for the follow-up last */
	bool revised[REDIRECTS_MAX];
	uint8_t observed[REDIRECTS_MAX];
	uint8_t expects[REDIRECTS_MAX];
	uint8_t closed[REDIRECTS_MAX];
	uint8_t outcome[REDIRECTS_MAX];
	uint8_t exchanges[EXCHANGES_MAX];
	uint8_t chains_seen[CHAINS_MAX];
	uint8_t chains_finished[CHAINS_MAX];
};

static void mix(struct heard *h, uint64_t value)
{
	h->hash = (h->hash ^ value) * 0x9e3779b97f4a7c15u;
	h->hash ^= h->hash >> 29;
}

static void mix_bytes(struct heard *h, struct bytes b)
{
	mix(h, bytes_hash(b, 1, false));
}

static void hear_followed(struct heard *h, const struct event_followed *f)
{
	CHECK(h->observed[f->redirect]);
	h->expects[f->redirect] = 1; /* where nothing was to be followed, it was one to this client all the same */
	CHECK(f->follow->exchange != f->request->exchange);
	if (f->state == MATCH_FINAL)
		CHECK(!h->closed[f->redirect]);
	else
		CHECK(h->closed[f->redirect] && h->revised[f->redirect]);
	h->follow[f->redirect] = f->follow->exchange;
	h->revised[f->redirect] = false;
	for (unsigned p = 0; p < PROPERTY_COUNT; p++) {
		mix(h, f->verdicts[p].verdict);
		CHECK(f->verdicts[p].verdict != VERDICT_FAIL || f->verdicts[p].reason);
		CHECK(f->verdicts[p].verdict != VERDICT_UNVERIFIABLE || f->verdicts[p].reason);
	}
	mix(h, f->redirect);
	mix(h, f->follow->exchange);
	mix(h, (uint64_t)f->score);
}

static void hear(struct heard *h, const struct audit_event *e)
{
	switch (e->type) {
	case EVENT_EXCHANGE:
		CHECK(!h->exchanges[e->exchange.exchange]++);
		mix(h, e->exchange.exchange);
		mix_bytes(h, e->exchange.url);
		mix(h, e->exchange.request.length);
		break;
	case EVENT_REDIRECT_OBSERVED:
		CHECK(!h->observed[e->observed.redirect]++);
		CHECK(h->exchanges[e->observed.request->exchange]);
		h->expects[e->observed.redirect] = e->observed.expects;
		h->chains_seen[e->observed.chain] = 1;
		CHECK(!h->chains_finished[e->observed.chain]);
		mix_bytes(h, e->observed.target);
		mix(h, e->observed.hop);
		break;
	case EVENT_REDIRECT_FOLLOWED:
		CHECK(h->exchanges[e->followed.follow->exchange]);
		hear_followed(h, &e->followed);
		break;
	case EVENT_MATCH_REVISED:
		CHECK(e->revised.from != e->revised.to);
		h->revised[e->revised.redirect] = true;
		mix(h, e->revised.from);
		mix(h, e->revised.to);
		break;
	case EVENT_REDIRECT_CLOSED:
		CHECK(h->observed[e->closed.redirect] && h->expects[e->closed.redirect]);
		CHECK(!h->closed[e->closed.redirect]++);
		CHECK(e->closed.outcome != OUTCOME_OPEN);
		CHECK((e->closed.outcome == OUTCOME_FOLLOWED) == (h->follow[e->closed.redirect] != 0));
		h->outcome[e->closed.redirect] = (uint8_t)e->closed.outcome;
		mix(h, e->closed.outcome);
		break;
	case EVENT_FINDING:
		mix_bytes(h, bytes_str(e->finding.rule->id));
		mix_bytes(h, e->finding.message);
		mix_bytes(h, e->finding.expected);
		mix_bytes(h, e->finding.seen);
		mix_bytes(h, e->finding.also);
		mix(h, e->finding.severity);
		break;
	case EVENT_CHAIN_FINISHED:
		CHECK(!h->chains_finished[e->chain_finished.chain]++);
		CHECK(e->chain_finished.outcome != CHAIN_OPEN && e->chain_finished.hops > 0);
		mix(h, e->chain_finished.chain);
		mix(h, e->chain_finished.outcome);
		mix(h, e->chain_finished.final_status);
		break;
	default:
		break;
	}
}

static bool on_event(void *arg, const struct audit_event *e)
{
	struct heard *h = arg;
	CHECK(e->seq == ++h->seq);
	mix(h, e->type);
	mix(h, (uint64_t)e->at_us);
	hear(h, e);
	return true;
}

static void check_end(const struct heard *h, struct audit *a)
{
	struct audit_totals totals = audit_totals(a);
	uint64_t outcomes = 0;
	uint64_t expected = 0;
	static uint8_t used[EXCHANGES_MAX];
	memset(used, 0, sizeof(used));
	for (unsigned i = 1; i < REDIRECTS_MAX && h->observed[i]; i++) {
		expected += h->expects[i];
		CHECK(h->closed[i] == h->expects[i]);
		/* One follow-up ends one expectation. */
		if (h->follow[i])
			CHECK(!used[h->follow[i]]++);
	}
	for (unsigned i = 1; i < CHAINS_MAX; i++)
		CHECK(!h->chains_seen[i] || h->chains_finished[i]);
	for (unsigned o = OUTCOME_FOLLOWED; o <= OUTCOME_ABORTED; o++)
		outcomes += totals.outcomes[o];
	CHECK(outcomes == expected && totals.outcomes[OUTCOME_OPEN] == 0);
	CHECK(totals.lost == 0);
}

static uint64_t run(const uint8_t *data, size_t size)
{
	struct heard *h = calloc(1, sizeof(*h));
	struct exchanges r = {.data = data, .size = size, .now_us = 1};
	struct audit_config c = audit_config_default();
	unsigned how = exchanges_next(&r);
	c.seed = 7;
	c.sink = (struct event_sink){.emit = on_event, .arg = h};
	c.record_all = how & 1;
	c.budget_bytes = how & 2 ? 100000 : how & 4 ? 3000 : 1 << 30;
	c.expectations_max = how & 8 ? 2 : 4096;
	c.finder = (struct process_finder){.ask = exchanges_ask, .arg = &r};
	r.forked = how & 32;
	r.a = audit_new(&c);
	for (unsigned steps = 0; r.size > 0 && steps < 2000; steps++) {
		exchanges_step(&r);
		CHECK(audit_retained_bytes(r.a) < 100u << 20);
	}
	if (how & 16) {
		audit_finish(r.a, r.now_us);
		check_end(h, r.a);
		uint64_t seq = h->seq;
		exchanges_end(&r);
		CHECK(c.record_all || h->seq == seq);
	} else {
		exchanges_end(&r);
		audit_finish(r.a, r.now_us);
		check_end(h, r.a);
		CHECK(audit_retained_bytes(r.a) == 0);
	}
	audit_free(r.a);
	uint64_t hash = h->hash;
	free(h);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 6000)
		return 0;
	CHECK(run(data, size) == run(data, size));
	return 0;
}
