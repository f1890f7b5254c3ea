/* SPDX-License-Identifier: MIT
 *
 * From lines to events (event_read.h): the types that are about exchanges, one function each. */
#include "audit/report/event_read.h"

#include <stdlib.h>

#include "audit/record/event_json.h"
#include "audit/report/facts_read.h"
#include "audit/report/event_names.h"
#include "audit/report/json_get.h"
#include "audit/report/told.h"
#include "audit/rules/rules.h"

/* `line` is what the last event's views view. */
struct event_reader {
	struct known known;
	struct told told;
	struct exchange_facts none; /* of what is not known */
	bool failed;                /* memory was short */
	/* of the last event */
	json_t *line;                /* owned */
	bool partly;                 /* it names what is not known */
	struct chain_memory *memory; /* of its chain; borrowed */
	struct known_judged judged;  /* of its redirect; borrowed */
	struct known_exchange alone; /* that it tells of, where nothing need be kept of that */
	struct known_chain *ends;    /* the chain that it ends */
	struct rule rule;            /* of a finding: as the log names it */
};

struct event_reader *event_reader_new(void)
{
	return calloc(1, sizeof(struct event_reader));
}

void event_reader_free(struct event_reader *r)
{
	if (!r)
		return;
	known_free(&r->known);
	known_exchange_clear(&r->alone);
	json_decref(r->line);
	told_free(&r->told);
	free(r);
}

bool event_reader_failed(const struct event_reader *r)
{
	return r->failed || r->known.failed || r->told.failed;
}

struct chain_memory *event_reader_memory(struct event_reader *r)
{
	return r->memory;
}

struct known_judged event_reader_judged(struct event_reader *r)
{
	return r->judged;
}

static struct chain_memory *memory_of(struct known_chain *c)
{
	return c && !c->finished ? &c->memory : NULL;
}

/* What a line before told of the exchange becomes part of the chain. */
static struct known_exchange *take_told(struct event_reader *r, struct known_chain *c, uint64_t id)
{
	struct bytes text = told_find(&r->told, id);
	json_t *line = text.len > 0 ? json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, NULL) : NULL;
	struct known_exchange *x = line ? known_exchange_add(&r->known, c, id) : NULL;

	if (x && !(read_request(x, line) && read_response(x, line)))
		r->failed = true;
	json_decref(line);
	return x;
}

/* Part of the chain from now on, too. NULL where nothing is known of it. */
static struct known_exchange *named_exchange(struct event_reader *r, struct known_chain *c, uint64_t id)
{
	struct known_exchange *x = known_exchange_find(&r->known, id);

	if (!x && c)
		x = take_told(r, c, id);
	else if (x && c)
		known_join(&r->known, c, x);
	if (!x && c && id > 0)
		x = known_exchange_add(&r->known, c, id); /* the little that is told of it from here on */
	if (!x || !x->request)
		r->partly = true;
	return x;
}

/* The exchange that `object` (a line, or a part of it) names, with what it tells anew. */
static struct known_exchange *get_exchange(struct event_reader *r, struct known_chain *c, const json_t *object)
{
	struct known_exchange *x = named_exchange(r, c, get_count(object, "exchange"));

	if (!x)
		return NULL;
	x->facts.content_news = get_content(object, "content", &x->facts.request);
	if (!read_response(x, object))
		r->failed = true;
	return x;
}

static const struct exchange_facts *facts_or_none(struct event_reader *r, const struct known_exchange *x)
{
	return x ? &x->facts : &r->none;
}

/* The redirect that a line is about, which is part of that chain now. */
static struct known_redirect *get_redirect(struct event_reader *r, uint64_t id, uint64_t chain)
{
	struct known_redirect *redirect = known_redirect_find(&r->known, id);
	struct known_chain *c = known_chain(&r->known, chain);

	if (redirect && !redirect->exchange->request)
		r->partly = true;
	if (!redirect || !c) {
		r->partly = true;
		return NULL;
	}
	known_move(&r->known, c, redirect);
	return redirect;
}

static void read_loop(const json_t *line, struct event_observed *o)
{
	const json_t *loop = json_object_get(line, "loop");

	o->loop = (struct loop_facts){.repeated = get_bool(loop, "repeated"),
				      .certain = get_bool(loop, "certain"),
				      .thrice = get_bool(loop, "thrice"),
				      .revisited = get_bool(loop, "revisited"),
				      .returns = get_bool(loop, "returns"),
				      .hop = o->hop,
				      .back_to = (unsigned)get_small(loop, "back_to"),
				      .cause = get_text(loop, "cause")};
}

static void read_observed(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	struct event_observed *o = &e->observed;
	uint64_t chain = get_count(line, "chain");
	struct known_chain *c = known_chain(&r->known, chain);
	struct known_exchange *x = get_exchange(r, c, line);
	struct known_redirect *redirect;

	*o = (struct event_observed){.redirect = get_count(line, "redirect"),
				     .chain = chain,
				     .hop = (unsigned)get_small(line, "hop"),
				     .request = facts_or_none(r, x),
				     .target = get_bytes(line, "target"),
				     .expects = get_bool(line, "expects"),
				     .same_url = get_bool(line, "same_url")};
	read_loop(line, o);
	r->memory = memory_of(c);
	redirect = c && x ? known_redirect_add(&r->known, c, o->redirect, x) : NULL;
	if (!redirect)
		return;
	redirect->line = json_incref(r->line);
	redirect->target = o->target;
}

static void read_verdicts(const json_t *line, struct property_verdict *verdicts)
{
	const json_t *texts = json_object_get(line, "verdicts");
	const json_t *reasons = json_object_get(line, "reasons");

	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		const char *name = property_text((enum property)i);

		verdicts[i].verdict = (enum verdict)get_enum(texts, name, VERDICT_UNVERIFIABLE + 1, verdict_name);
		verdicts[i].reason = get_text(reasons, name);
	}
}

static void read_body(const json_t *line, struct body_comparison *b)
{
	const json_t *body = json_object_get(line, "body");

	*b = (struct body_comparison){
	    .relation = (enum body_relation)get_enum(body, "relation", BODY_UNDECIDED + 1, relation_name),
	    .reason = get_text(body, "reason"),
	    .framing_differs = get_bool(body, "framing_differs"),
	    .lengths_agree = get_bool(body, "lengths_agree"),
	    .prefix_unknown = get_bool(body, "prefix_unknown"),
	    .equal = get_count(body, "equal"),
	};
}

static void read_followed(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	struct event_followed *f = &e->followed;
	const json_t *match = json_object_get(line, "match");
	uint64_t chain = get_count(line, "chain");
	uint64_t id = get_count(line, "redirect");
	struct known_redirect *redirect = get_redirect(r, id, chain);
	struct known_chain *c = known_chain(&r->known, chain);
	const struct known_exchange *x = get_exchange(r, c, line);
	const struct known_exchange *follow = get_exchange(r, c, json_object_get(line, "follow"));

	*f = (struct event_followed){
	    .redirect = id,
	    .chain = chain,
	    .hop = (unsigned)get_small(line, "hop"),
	    .request = facts_or_none(r, x),
	    .follow = facts_or_none(r, follow),
	    .target = redirect ? redirect->target : bytes_of(NULL, 0),
	    .level = (enum uri_match)get_enum(match, "level", URI_DIFFERENT + 1, level_name),
	    .cause = (enum target_cause)get_enum(match, "cause", CAUSE_COUNT, cause_name),
	    .score = (int)get_int(match, "score"),
	    .confidence = get_confidence(match),
	    .state = (enum match_state)get_enum(match, "state", MATCH_REVISED + 1, match_state_name),
	    .same_url = get_bool(line, "same_url"),
	    .no_news = get_bool(line, "no_news"),
	    .latency_us = get_int(match, "latency_us"),
	    .late = get_bool(match, "late"),
	    .ambiguous = (enum ambiguity)get_enum(match, "ambiguous", AMBIGUITIES, ambiguity_name),
	};
	if (redirect)
		r->judged.verdicts = redirect->judged;
	if (redirect && !redirect->left) {
		r->memory = memory_of(c);
		r->judged.unverifiable = &c->unverifiable;
	}
	read_verdicts(line, f->verdicts);
	read_body(line, &f->body);
}

static void read_closed(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	uint64_t chain = get_count(line, "chain");
	uint64_t id = get_count(line, "redirect");
	const json_t *match = json_object_get(line, "match"); /* of a tunnel; that of a retry stands in the line */
	const json_t *instead = json_object_get(line, "instead");
	struct known_redirect *redirect = get_redirect(r, id, chain);

	if (redirect)
		(void)get_content(line, "content", &redirect->exchange->facts.request);
	e->closed = (struct event_closed){
	    .redirect = id,
	    .chain = chain,
	    .hop = (unsigned)get_small(line, "hop"),
	    .outcome = (enum outcome)get_enum(line, "outcome", OUTCOME_ABORTED + 1, outcome_name),
	    .reason = get_text(line, "reason"),
	    .request = facts_or_none(r, redirect ? redirect->exchange : NULL),
	    .target = redirect ? redirect->target : bytes_of(NULL, 0),
	    .client_follows = get_bool(line, "client_follows"),
	    .twin_followed = get_bool(line, "twin_followed"),
	    .target_asked = get_bool(line, "target_asked"),
	    .tunnel = (enum tunnel_sign)get_enum(line, "tunnel", TUNNEL_UPGRADED + 1, tunnel_sign_name),
	    .score = (int)get_int(match, "score"),
	    .confidence = get_confidence(match ? match : line),
	    .retried_by = get_count(line, "retried_by"),
	    .retries = (unsigned)get_small(line, "retries"),
	    .repetition = get_bool(line, "repetition"),
	    .instead_exchange = get_count(instead, "exchange"),
	    .instead_link = get_text(instead, "link"),
	};
	if (instead)
		e->closed.instead = facts_or_none(r, get_exchange(r, redirect ? redirect->chain : NULL, instead));
	r->memory = redirect ? memory_of(redirect->chain) : NULL;
	if (redirect)
		redirect->left = e->closed.outcome != OUTCOME_FOLLOWED;
}

static void read_duplicated(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	uint64_t chain = get_count(line, "chain");
	uint64_t id = get_count(line, "redirect");
	uint64_t again = get_count(line, "again");
	struct known_redirect *redirect = get_redirect(r, id, chain);
	struct known_chain *c = redirect ? redirect->chain : NULL;

	e->duplicated = (struct event_duplicated){
	    .redirect = id,
	    .chain = chain,
	    .hop = (unsigned)get_small(line, "hop"),
	    .first = get_count(line, "first"),
	    .again = again,
	    .request = facts_or_none(r, redirect ? redirect->exchange : NULL),
	    .follow = facts_or_none(r, named_exchange(r, c, again)),
	    .confidence = get_confidence(line),
	};
	r->memory = memory_of(c);
}

/* The rule as the log has it: its own table may be that of another version. */
static const struct rule *get_rule(struct event_reader *r, const json_t *line)
{
	const struct rule *known = rule_find(get_bytes(line, "rule"));
	const char *source = get_text(line, "source");

	r->rule = known ? *known : (struct rule){.severity = SEVERITY_NONE};
	r->rule.id = get_text(line, "rule");
	r->rule.source = source;
	if (!r->rule.id)
		r->rule.id = "";
	return &r->rule;
}

static void read_finding(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	e->finding = (struct event_finding){
	    .rule = get_rule(r, line),
	    .severity = (enum severity)get_enum(line, "severity", SEVERITY_ERROR + 1, severity_name),
	    .fault = (enum fault)get_enum(line, "fault", FAULT_UNKNOWN + 1, fault_name),
	    .chain = get_count(line, "chain"),
	    .redirect = get_count(line, "redirect"),
	    .exchange = get_count(line, "exchange"),
	    .confidence = get_confidence(line),
	    .message = get_bytes(line, "message"),
	    .expected = get_bytes(line, "expected"),
	    .seen = get_bytes(line, "seen"),
	    .url = get_bytes(line, "url"),
	    .also = get_bytes(line, "also"),
	    .advisory = get_bool(line, "advisory"),
	    .method = get_bytes(line, "method"),
	    .suppressed_by = get_bytes(line, "suppressed_by"),
	    .suppressed_reason = get_bytes(line, "suppressed_reason"),
	};
	e->finding.weight = get_text(line, "weight")
				? (enum severity)get_enum(line, "weight", SEVERITY_ERROR + 1, severity_name)
				: e->finding.severity;
}

/* The event is the last that sees the chain's memory. */
static void read_chain_finished(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	struct event_chain_finished *f = &e->chain_finished;
	uint64_t chain = get_count(line, "chain");
	struct known_chain *c = known_chain(&r->known, chain);
	const struct exchange_facts *first = facts_or_none(r, get_exchange(r, c, line));
	const struct exchange_facts *last = facts_or_none(r, get_exchange(r, c, json_object_get(line, "last")));

	*f = (struct event_chain_finished){
	    .chain = chain,
	    .outcome = (enum chain_outcome)get_enum(line, "outcome", CHAIN_ABORTED + 1, chain_outcome_name),
	    .verdict = (enum severity)get_enum(line, "verdict", SEVERITY_ERROR + 1, severity_name),
	    .unverifiable = (unsigned)get_small(line, "unverifiable"),
	    .hops = (unsigned)get_small(line, "hops"),
	    .method = first->method,
	    .first_url = first->url,
	    .last_url = last->url,
	    .final_status = (uint16_t)get_small(line, "final_status"),
	    .exchange = get_count(line, "exchange"),
	    .elapsed_us = get_int(line, "elapsed_us"),
	    .tag = get_bytes(line, "tag"),
	    .test = get_bytes(line, "test"),
	    .first = first,
	    .last = last,
	};
	r->memory = memory_of(c);
	r->judged.unverifiable = c ? &c->unverifiable : NULL;
	r->ends = c;
}

/* One that is told of for what is to be remembered of its answer: it stands for itself. */
static void read_exchange(struct event_reader *r, const json_t *line, struct audit_event *e)
{
	r->alone.facts.exchange = get_count(line, "exchange");
	if (!(read_request(&r->alone, line) && read_response(&r->alone, line)))
		r->failed = true;
	r->alone.facts.remembered = true;
	e->exchange = r->alone.facts;
}

static void (*const readers[EVENT_TYPE_COUNT])(struct event_reader *r, const json_t *line, struct audit_event *e) = {
    [EVENT_EXCHANGE] = read_exchange,
    [EVENT_REDIRECT_OBSERVED] = read_observed,
    [EVENT_REDIRECT_FOLLOWED] = read_followed,
    [EVENT_REDIRECT_CLOSED] = read_closed,
    [EVENT_REDIRECT_DUPLICATED] = read_duplicated,
    [EVENT_FINDING] = read_finding,
    [EVENT_CHAIN_FINISHED] = read_chain_finished,
};

/* The number of the exchange that a line tells of; 0 where it is another kind of line. That can be told from its first
 * bytes, which saves parsing most of a large log. Whatever is not written as we write it is parsed, and so is an
 * exchange that is an event of its own. */
static uint64_t exchange_told(struct bytes line)
{
	static const char type[] = "\"type\":\"exchange\",\"exchange\":";
	struct bytes begin = bytes_slice(line, 0, 120);
	const char *at = memmem(begin.ptr, begin.len, type, sizeof(type) - 1);
	struct bytes number;
	int64_t id;

	if (!at)
		return 0;
	number = bytes_slice(line, (size_t)(at - line.ptr) + sizeof(type) - 1, line.len);
	number = bytes_slice(number, 0, bytes_find(number, ','));
	return bytes_to_int64(number, &id) && id > 0 ? (uint64_t)id : 0;
}

static void forget_last(struct event_reader *r)
{
	if (r->ends)
		known_finish(&r->known, r->ends);
	known_exchange_clear(&r->alone);
	json_decref(r->line);
	r->line = NULL;
	r->memory = NULL;
	r->judged = (struct known_judged){NULL, NULL};
	r->ends = NULL;
	r->partly = false;
}

static enum event_read read_type(struct event_reader *r, struct bytes type, struct bytes line, struct audit_event *e)
{
	if (bytes_equal(type, BYTES("run.continued"))) {
		e->run_started = (struct event_run_started){.run = get_bytes(r->line, "run")};
		return EVENT_READ_CONTINUED;
	}
	if (bytes_equal(type, bytes_str(event_type_text(EVENT_EXCHANGE)))) {
		told_add(&r->told, get_count(r->line, "exchange"), line);
		if (!get_bool(r->line, "remembered"))
			return EVENT_READ_OTHER;
	}
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		if (!bytes_equal(type, bytes_str(event_type_text((enum event_type)i))))
			continue;
		e->type = (enum event_type)i;
		if (readers[i])
			readers[i](r, r->line, e);
		else
			read_plain(r->line, e);
		return r->partly ? EVENT_READ_PARTLY : EVENT_READ_OK;
	}
	return EVENT_READ_OTHER;
}

enum event_read event_read(struct event_reader *r, struct bytes line, struct audit_event *e)
{
	uint64_t exchange = exchange_told(line);
	struct bytes type;

	forget_last(r);
	if (exchange) {
		told_add(&r->told, exchange, line);
		return EVENT_READ_OTHER;
	}
	r->line = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
	type = get_bytes(r->line, "type");
	if (type.len == 0)
		return EVENT_READ_UNREADABLE;
	e->seq = get_count(r->line, "seq");
	e->at_us = get_time(r->line, "time");
	return read_type(r, type, line, e);
}

unsigned event_reader_format(const struct event_reader *r)
{
	return (unsigned)get_small(r->line, "format");
}

uint64_t event_line_seq(struct bytes line)
{
	static const char begin[] = "{\"seq\":";
	struct bytes number = bytes_slice(line, sizeof(begin) - 1, line.len);
	int64_t seq;

	if (line.len < sizeof(begin) || memcmp(line.ptr, begin, sizeof(begin) - 1) != 0)
		return 0;
	number = bytes_slice(number, 0, bytes_find(number, ','));
	return bytes_to_int64(number, &seq) && seq > 0 ? (uint64_t)seq : 0;
}
