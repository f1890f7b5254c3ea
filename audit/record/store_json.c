/* SPDX-License-Identifier: MIT
 *
 * Chains as the API's JSON, and back from it. */
#include <jansson.h>

#include "audit/record/event_json.h"
#include "audit/record/exchange_json.h"
#include "audit/record/store_chain.h"
#include "audit/report/event_names.h"
#include "audit/report/facts_read.h"
#include "audit/report/json_get.h"
#include "audit/report/words.h"

static const char *verdict_word(enum severity s)
{
	return s == SEVERITY_NONE ? "ok" : severity_text(s);
}

static void put_text(struct text_buf *t, const char *name, struct bytes value)
{
	if (value.len > 0)
		json_put_string(t, name, value);
}

/* A member whose value is JSON already. */
static void put_json(struct text_buf *t, const char *name, struct bytes json)
{
	if (json.len == 0)
		return;
	TEXT_BUF_LITERAL(t, ",\"");
	text_buf_add_str(t, name);
	TEXT_BUF_LITERAL(t, "\":");
	text_buf_add(t, json);
}

static void put_counts(struct text_buf *t, const struct store_counts *counts)
{
	json_put_object_begin(t, "findings");
	json_put_uint(t, "error", counts->findings[SEVERITY_ERROR]);
	json_put_uint(t, "warning", counts->findings[SEVERITY_WARNING]);
	json_put_uint(t, "info", counts->findings[SEVERITY_INFO]);
	json_put_uint(t, "suppressed", counts->findings[SEVERITY_NONE]);
	json_put_object_end(t);
}

static void put_rules(struct text_buf *t, const struct store_chain *c)
{
	json_put_array_begin(t, "rules");
	for (const struct store_finding *f = c->findings; f; f = f->next) {
		const struct store_finding *before = c->findings;

		while (before != f && !bytes_equal(before->rule, f->rule))
			before = before->next;
		if (before == f)
			json_put_string(t, NULL, f->rule);
	}
	json_put_array_end(t);
}

static void put_statuses(struct text_buf *t, const struct store_chain *c)
{
	json_put_array_begin(t, "statuses");
	for (const struct store_hop *h = c->hops; h; h = h->next)
		json_put_int(t, NULL, h->request.status);
	json_put_array_end(t);
}

static const struct store_hop *last_hop(const struct store_chain *c)
{
	const struct store_hop *h = c->hops;

	while (h && h->next)
		h = h->next;
	return h;
}

void store_chain_summary(const struct store_chain *c, struct text_buf *out)
{
	const struct store_hop *first = c->hops, *last = last_hop(c);
	struct store_counts counts;

	store_chain_count(c, &counts);
	json_put_object_begin(out, NULL);
	json_put_int(out, "id", c->id);
	json_put_string(out, "run", c->run);
	json_put_int(out, "chain", c->id % STORE_CHAINS_PER_RUN);
	json_put_time(out, "time", c->time_us);
	if (first) {
		json_put_string(out, "method", first->request.method);
		json_put_url(out, "url", first->request.url);
		json_put_url(out, "host", filter_host_of(first->request.url));
		json_put_url(out, "target", last->target);
	}
	put_statuses(out, c);
	json_put_uint(out, "hops", c->length);
	json_put_text(out, "outcome", chain_outcome_text(c->outcome));
	json_put_text(out, "verdict", verdict_word(counts.verdict));
	json_put_uint(out, "unverifiable", counts.unverifiable);
	if (c->final_status)
		json_put_int(out, "final_status", c->final_status);
	json_put_int(out, "elapsed_us", c->elapsed_us);
	put_text(out, "tag", c->tag);
	put_text(out, "test", c->test);
	put_text(out, "client", c->client);
	put_counts(out, &counts);
	put_rules(out, c);
	json_put_uint(out, "line", c->line);
}

static void put_message(struct text_buf *t, const char *name, const struct store_message *m)
{
	json_put_object_begin(t, name);
	json_put_uint(t, "exchange", m->exchange);
	json_put_string(t, "method", m->method);
	json_put_url(t, "url", m->url);
	if (m->status)
		json_put_int(t, "status", m->status);
	if (m->time_us)
		json_put_time(t, "time", m->time_us);
	write_content(t, &m->content);
	put_json(t, "fields", m->fields);
	json_put_object_end(t);
}

static void put_verdicts(struct text_buf *t, const struct store_hop *h)
{
	json_put_object_begin(t, "verdicts");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		if (h->verdicts[i].verdict != VERDICT_NONE)
			json_put_text(t, property_text((enum property)i), verdict_text(h->verdicts[i].verdict));
	}
	json_put_object_end(t);
	json_put_object_begin(t, "reasons");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++)
		put_text(t, property_text((enum property)i), h->verdicts[i].reason);
	json_put_object_end(t);
}

static void put_match(struct text_buf *t, const struct store_hop *h)
{
	json_put_object_begin(t, "match");
	json_put_text(t, "level", event_level_text(h->level));
	put_text(t, "cause", h->cause);
	json_put_int(t, "score", h->score);
	json_put_text(t, "confidence", confidence_text(h->confidence));
	json_put_text(t, "state", match_state_text(h->state));
	if (h->late)
		json_put_bool(t, "late", true);
	json_put_object_end(t);
}

static void put_hop(struct text_buf *t, const struct store_hop *h)
{
	json_put_object_begin(t, NULL);
	json_put_uint(t, "hop", h->number);
	json_put_uint(t, "redirect", h->redirect);
	put_message(t, "request", &h->request);
	if (h->location.len > 0)
		json_put_url(t, "location", h->location);
	if (h->target.len > 0)
		json_put_url(t, "target", h->target);
	json_put_text(t, "outcome", outcome_text(h->outcome));
	put_text(t, "reason", h->reason);
	if (!h->followed) {
		TEXT_BUF_LITERAL(t, ",\"follow\":null");
		json_put_object_end(t);
		return;
	}
	json_put_int(t, "latency_us", h->latency_us);
	put_match(t, h);
	put_message(t, "follow", &h->follow);
	put_verdicts(t, h);
	put_json(t, "changes", h->changes);
	json_put_object_end(t);
}

static unsigned hop_number(const struct store_chain *c, uint64_t redirect)
{
	const struct store_hop *h = redirect ? store_chain_find_hop(c, redirect) : NULL;

	return h ? h->number : 0;
}

static void put_finding(struct text_buf *t, const struct store_chain *c, const struct store_finding *f)
{
	unsigned hop = hop_number(c, f->redirect);

	json_put_object_begin(t, NULL);
	json_put_string(t, "rule", f->rule);
	json_put_text(t, "severity", severity_text(f->severity));
	json_put_text(t, "fault", fault_text(f->fault));
	if (hop)
		json_put_uint(t, "hop", hop);
	json_put_string(t, "message", f->message);
	put_text(t, "expected", f->expected);
	put_text(t, "seen", f->seen);
	put_text(t, "source", f->source);
	put_text(t, "also", f->also);
	json_put_text(t, "confidence", confidence_text(f->confidence));
	json_put_bool(t, "suppressed", f->suppressed_by.len > 0);
	put_text(t, "suppressed_by", f->suppressed_by);
	put_text(t, "suppressed_reason", f->suppressed_reason);
	if (f->redirect)
		json_put_uint(t, "redirect", f->redirect);
	if (f->exchange)
		json_put_uint(t, "exchange", f->exchange);
	json_put_uint(t, "seq", f->seq);
	json_put_uint(t, "line", f->line);
	json_put_object_end(t);
}

/* The command of the reports, which know hops of their own. */
static void put_curl(struct text_buf *t, const struct store_chain *c)
{
	struct report_hop hop = {0};
	const struct report_chain chain = {.hops = &hop};
	struct text_buf line = {0};

	if (!c->hops)
		return;
	hop.method = c->hops->request.method;
	hop.url = c->hops->request.url;
	hop.content = c->hops->request.content.length;
	words_curl(&line, &chain);
	put_text(t, "curl", text_buf_view(&line));
	t->failed |= line.failed;
	text_buf_free(&line);
}

void store_chain_details(const struct store_chain *c, struct text_buf *out)
{
	TEXT_BUF_LITERAL(out, ",\"hop_list\":[");
	for (const struct store_hop *h = c->hops; h; h = h->next)
		put_hop(out, h);
	TEXT_BUF_LITERAL(out, "],\"finding_list\":[");
	for (const struct store_finding *f = c->findings; f; f = f->next)
		put_finding(out, c, f);
	TEXT_BUF_LITERAL(out, "]");
	put_curl(out, c);
}

/* --- back --- */

static struct bytes take(struct store_chain *c, const json_t *object, const char *name)
{
	return arena_copy(&c->arena, get_bytes(object, name));
}

static struct bytes take_json(struct store_chain *c, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	struct bytes copy = arena_copy(&c->arena, bytes_str(text));

	free(text);
	return copy;
}

static void load_message(struct store_chain *c, const json_t *m, struct store_message *out)
{
	*out = (struct store_message){.exchange = get_count(m, "exchange"),
				      .method = take(c, m, "method"),
				      .url = take(c, m, "url"),
				      .status = get_small(m, "status"),
				      .time_us = get_time(m, "time"),
				      .fields = take_json(c, m, "fields")};
	(void)get_content(m, "content", &out->content);
}

static void load_follow(struct store_chain *c, const json_t *object, struct store_hop *h)
{
	const json_t *follow = json_object_get(object, "follow");
	const json_t *match = json_object_get(object, "match");
	const json_t *verdicts = json_object_get(object, "verdicts");
	const json_t *reasons = json_object_get(object, "reasons");

	h->followed = json_is_object(follow);
	if (!h->followed)
		return;
	load_message(c, follow, &h->follow);
	h->latency_us = get_int(object, "latency_us");
	h->level = (enum uri_match)get_enum(match, "level", URI_DIFFERENT + 1, level_name);
	h->cause = take(c, match, "cause");
	h->score = (int)get_int(match, "score");
	h->confidence = get_confidence(match);
	h->state = (enum match_state)get_enum(match, "state", MATCH_REVISED + 1, match_state_name);
	h->late = get_bool(match, "late");
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		const char *name = property_text((enum property)i);

		h->verdicts[i].verdict = (enum verdict)get_enum(verdicts, name, VERDICT_UNVERIFIABLE + 1, verdict_name);
		h->verdicts[i].reason = take(c, reasons, name);
	}
	h->changes = take_json(c, object, "changes");
}

static void load_hop(struct store_chain *c, const json_t *object)
{
	struct store_hop *h = store_chain_hop(c, get_count(object, "redirect"), (unsigned)get_small(object, "hop"));

	if (!h)
		return;
	load_message(c, json_object_get(object, "request"), &h->request);
	h->location = take(c, object, "location");
	h->target = take(c, object, "target");
	h->outcome = (enum outcome)get_enum(object, "outcome", OUTCOME_ABORTED + 1, outcome_name);
	h->reason = take(c, object, "reason");
	load_follow(c, object, h);
}

static void load_finding(struct store_chain *c, const json_t *object)
{
	struct store_finding *f = store_chain_add_finding(c, get_count(object, "seq"));

	if (!f)
		return;
	f->line = get_count(object, "line");
	f->redirect = get_count(object, "redirect");
	f->exchange = get_count(object, "exchange");
	f->severity = (enum severity)get_enum(object, "severity", SEVERITY_ERROR + 1, severity_name);
	f->fault = (enum fault)get_enum(object, "fault", FAULT_UNKNOWN + 1, fault_name);
	f->confidence = get_confidence(object);
	f->rule = take(c, object, "rule");
	f->message = take(c, object, "message");
	f->expected = take(c, object, "expected");
	f->seen = take(c, object, "seen");
	f->source = take(c, object, "source");
	f->also = take(c, object, "also");
	f->suppressed_by = take(c, object, "suppressed_by");
	f->suppressed_reason = take(c, object, "suppressed_reason");
}

static void load_chain(struct store_chain *c, const json_t *object)
{
	const json_t *hops = json_object_get(object, "hop_list");
	const json_t *findings = json_object_get(object, "finding_list");

	for (size_t i = 0; i < json_array_size(hops); i++)
		load_hop(c, json_array_get(hops, i));
	for (size_t i = 0; i < json_array_size(findings); i++)
		load_finding(c, json_array_get(findings, i));
	c->run = take(c, object, "run");
	c->time_us = get_time(object, "time");
	c->length = (unsigned)get_small(object, "hops");
	c->outcome = (enum chain_outcome)get_enum(object, "outcome", CHAIN_ABORTED + 1, chain_outcome_name);
	c->finished = c->outcome != CHAIN_OPEN;
	c->final_status = get_small(object, "final_status");
	c->elapsed_us = get_int(object, "elapsed_us");
	c->tag = take(c, object, "tag");
	c->test = take(c, object, "test");
	c->client = take(c, object, "client");
	c->line = get_count(object, "line");
}

bool store_chain_load(struct store_chain *c, struct bytes json)
{
	json_t *object = json_loadb(json.ptr, json.len, JSON_ALLOW_NUL, NULL);
	bool ok = json_is_object(object);

	if (ok)
		load_chain(c, object);
	json_decref(object);
	return ok && !c->arena.failed;
}
