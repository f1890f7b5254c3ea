/* SPDX-License-Identifier: MIT
 *
 * The members of each type of line (record/schema/event.schema.json), read by jansson into the model. A member that is
 * missing or of another type reads as empty or 0. */
#include "audit/report/log_events.h"

#include <jansson.h>

static struct bytes get_bytes(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return bytes_of(json_string_value(value), json_string_length(value));
}

static int64_t get_int(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static uint64_t get_id(const json_t *object, const char *name)
{
	int64_t value = get_int(object, name);

	return value > 0 ? (uint64_t)value : 0;
}

static int get_small(const json_t *object, const char *name)
{
	int64_t value = get_int(object, name);

	return value > 0 && value <= 1000000 ? (int)value : 0;
}

/* The value of an enum whose text `name` holds; 0 where it holds none. */
static unsigned get_enum(const json_t *object, const char *name, unsigned count, const char *(*text)(unsigned))
{
	struct bytes value = get_bytes(object, name);

	for (unsigned i = 0; i < count; i++) {
		if (bytes_equal(value, bytes_str(text(i))))
			return i;
	}
	return 0;
}

static const char *severity_name(unsigned value)
{
	return severity_text((enum severity)value);
}

static const char *fault_name(unsigned value)
{
	return fault_text((enum fault)value);
}

static const char *outcome_name(unsigned value)
{
	return outcome_text((enum outcome)value);
}

static const char *chain_outcome_name(unsigned value)
{
	return chain_outcome_text((enum chain_outcome)value);
}

static const char *verdict_name(unsigned value)
{
	return verdict_text((enum verdict)value);
}

/* The hop that a line is about, with what every such line says of it. */
static struct report_hop *get_hop(struct report *r, const json_t *line, struct report_chain **chain)
{
	struct report_chain *c = report_chain(r, get_id(line, "chain"));

	*chain = c;
	return c ? report_hop(r, c, get_id(line, "redirect"), (unsigned)get_small(line, "hop")) : NULL;
}

static void read_redirect(struct report_chain *c, struct report_hop *h, const json_t *line)
{
	const json_t *request = json_object_get(line, "request");

	if (h->method.len == 0)
		h->method = arena_copy(&c->arena, get_bytes(request, "method"));
	if (h->url.len == 0)
		h->url = arena_copy(&c->arena, get_bytes(request, "url"));
	if (h->target.len == 0)
		h->target = arena_copy(&c->arena, get_bytes(line, "target"));
	if (h->content == 0)
		h->content = get_id(json_object_get(request, "content"), "length");
	if (c->tag.len == 0)
		c->tag = arena_copy(&c->arena, get_bytes(request, "tag"));
	h->status = get_small(json_object_get(line, "response"), "status");
}

static void read_observed(struct report *r, const json_t *line)
{
	struct report_chain *c;
	struct report_hop *h = get_hop(r, line, &c);

	if (!h)
		return;
	r->counted.redirects++;
	read_redirect(c, h, line);
}

static unsigned count_unverifiable(const struct report_hop *h)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PROPERTY_COUNT; i++)
		count += h->verdicts[i].verdict == VERDICT_UNVERIFIABLE;
	return count;
}

/* A revised match says it again: the last one counts. */
static void read_followed(struct report *r, const json_t *line)
{
	const json_t *follow = json_object_get(json_object_get(line, "follow"), "request");
	const json_t *verdicts = json_object_get(line, "verdicts");
	const json_t *reasons = json_object_get(line, "reasons");
	struct report_chain *c;
	struct report_hop *h = get_hop(r, line, &c);

	if (!h)
		return;
	read_redirect(c, h, line);
	c->unverifiable -= count_unverifiable(h);
	h->followed = true;
	h->outcome = OUTCOME_FOLLOWED;
	h->follow_method = arena_copy(&c->arena, get_bytes(follow, "method"));
	h->follow_url = arena_copy(&c->arena, get_bytes(follow, "url"));
	for (unsigned i = 0; i < PROPERTY_COUNT; i++) {
		const char *name = property_text((enum property)i);

		h->verdicts[i].verdict = (enum verdict)get_enum(verdicts, name, VERDICT_UNVERIFIABLE + 1, verdict_name);
		h->verdicts[i].reason = arena_copy(&c->arena, get_bytes(reasons, name));
	}
	c->unverifiable += count_unverifiable(h);
	r->counted.unverifiable += count_unverifiable(h);
}

static void read_revised(struct report *r, const json_t *line)
{
	uint64_t redirect = get_id(line, "redirect");
	struct report_chain *c = report_chain_of_redirect(r, redirect);
	struct report_hop *h = c ? report_find_hop(c, redirect) : NULL;

	if (!h)
		return;
	report_drop_findings(r, c, redirect, get_id(line, "from"));
	if (get_id(line, "to") == 0)
		h->followed = false;
}

static void read_closed(struct report *r, const json_t *line)
{
	struct report_chain *c;
	struct report_hop *h = get_hop(r, line, &c);

	if (!h)
		return;
	h->outcome = (enum outcome)get_enum(line, "outcome", OUTCOME_ABORTED + 1, outcome_name);
	h->reason = arena_copy(&c->arena, get_bytes(line, "reason"));
	r->counted.outcomes[h->outcome]++;
}

static void read_finding(struct report *r, const json_t *line)
{
	struct report_chain *c = report_chain(r, get_id(line, "chain"));
	bool suppressed = json_is_true(json_object_get(line, "suppressed"));
	enum severity severity =
	    suppressed ? SEVERITY_NONE : (enum severity)get_enum(line, "severity", SEVERITY_ERROR + 1, severity_name);
	struct report_finding *f = c ? report_add_finding(r, c, severity) : NULL;

	if (!f)
		return;
	if (suppressed) {
		report_add_suppressed(r, get_bytes(line, "suppressed_by"));
		f->suppressed_reason = arena_copy(&c->arena, get_bytes(line, "suppressed_reason"));
	}
	f->fault = (enum fault)get_enum(line, "fault", FAULT_UNKNOWN + 1, fault_name);
	f->redirect = get_id(line, "redirect");
	f->exchange = get_id(line, "exchange");
	f->rule = arena_copy(&c->arena, get_bytes(line, "rule"));
	f->message = arena_copy(&c->arena, get_bytes(line, "message"));
	f->expected = arena_copy(&c->arena, get_bytes(line, "expected"));
	f->seen = arena_copy(&c->arena, get_bytes(line, "seen"));
	f->source = arena_copy(&c->arena, get_bytes(line, "source"));
	f->also = arena_copy(&c->arena, get_bytes(line, "also"));
	f->line = r->line;
}

static void read_chain_finished(struct report *r, const json_t *line)
{
	struct report_chain *c = report_chain(r, get_id(line, "chain"));

	if (!c)
		return;
	c->outcome = (enum chain_outcome)get_enum(line, "outcome", CHAIN_ABORTED + 1, chain_outcome_name);
	c->final_status = get_small(line, "final_status");
	c->elapsed_us = get_int(line, "elapsed_us");
	c->test = arena_copy(&c->arena, get_bytes(line, "test"));
	report_chain_finished(r, c);
}

static void read_proxy_error(struct report *r, const json_t *line)
{
	const struct report_error e = {.error = get_bytes(line, "error"),
				       .detail = get_bytes(line, "detail"),
				       .method = get_bytes(line, "method"),
				       .target = get_bytes(line, "target"),
				       .status = get_small(line, "status")};

	report_add_error(r, &e);
}

/* "api.test" of "api.test:443"; another port stays. */
static struct bytes host_of(const json_t *line)
{
	struct bytes name = get_bytes(line, "name"), authority = get_bytes(line, "authority");
	const struct bytes https = BYTES(":443");

	if (authority.len <= https.len ||
	    !bytes_equal(bytes_slice(authority, authority.len - https.len, authority.len), https))
		return authority;
	return name.len > 0 ? name : bytes_slice(authority, 0, authority.len - https.len);
}

static void read_tunnel(struct report *r, const json_t *line)
{
	if (bytes_equal(get_bytes(line, "kind"), BYTES("opaque")))
		report_add_hidden(r, host_of(line), get_bytes(line, "reason"));
}

static void read_passed_through(struct report *r, const json_t *line)
{
	report_add_hidden(r, host_of(line), get_bytes(line, "reason"));
}

/* The connections after this one pass through, perhaps, for the same reason in other words: the refusal is what
 * matters, not the alert by which it was told. */
static void read_rejected(struct report *r, const json_t *line)
{
	struct bytes reason = get_bytes(line, "reason");
	const struct bytes peer = BYTES("the peer");

	if (bytes_equal(bytes_slice(reason, 0, peer.len), peer))
		reason = BYTES("its client refused our certificate");
	report_add_hidden(r, host_of(line), reason);
}

static void read_run_started(struct report *r, const json_t *line)
{
	r->begun = true;
	r->run = arena_copy(&r->arena, get_bytes(line, "run"));
	r->version = arena_copy(&r->arena, get_bytes(line, "version"));
	r->command = arena_copy(&r->arena, get_bytes(line, "command"));
}

/* The first line of a rotated log: what stands before it is in another file. */
static void read_run_continued(struct report *r, const json_t *line)
{
	r->begun = true;
	r->run = arena_copy(&r->arena, get_bytes(line, "run"));
}

static void read_run_finished(struct report *r, const json_t *line)
{
	const json_t *totals = json_object_get(line, "totals");
	const json_t *outcomes = json_object_get(totals, "outcomes");
	const json_t *findings = json_object_get(totals, "findings");
	struct audit_totals *t = &r->totals;

	r->finished = true;
	t->exchanges = get_id(totals, "exchanges");
	t->tunnels = get_id(totals, "tunnels");
	t->redirects = get_id(totals, "redirects");
	t->chains = get_id(totals, "chains");
	t->suppressed = get_id(totals, "suppressed");
	t->unverifiable = get_id(totals, "unverifiable");
	t->forgotten = get_id(totals, "forgotten");
	t->proxy_errors = get_id(totals, "proxy_errors");
	t->lost = get_id(line, "lost");
	for (unsigned i = 0; i <= OUTCOME_ABORTED; i++)
		t->outcomes[i] = get_id(outcomes, outcome_text((enum outcome)i));
	for (unsigned i = 0; i <= SEVERITY_ERROR; i++)
		t->findings[i] = get_id(findings, severity_text((enum severity)i));
}

static const struct {
	const char *type;
	void (*read)(struct report *r, const json_t *line);
} readers[] = {
    {"run.started", read_run_started},
    {"redirect.observed", read_observed},
    {"redirect.followed", read_followed},
    {"match.revised", read_revised},
    {"redirect.closed", read_closed},
    {"finding", read_finding},
    {"chain.finished", read_chain_finished},
    {"proxy.error", read_proxy_error},
    {"run.finished", read_run_finished},
    {"run.continued", read_run_continued},
    {"tunnel", read_tunnel},
    {"tls.rejected", read_rejected},
    {"tls.passed_through", read_passed_through},
};

enum log_line_result log_line_read(struct report *r, struct bytes line)
{
	json_t *object = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);
	struct bytes type = get_bytes(object, "type");
	enum log_line_result result = type.len > 0 ? LOG_LINE_OK : LOG_LINE_UNREADABLE;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (!bytes_equal(type, bytes_str(readers[i].type)))
			continue;
		if (readers[i].read == read_run_started && r->begun)
			result = LOG_LINE_NEXT_RUN;
		else
			readers[i].read(r, object);
		break;
	}
	json_decref(object);
	return result;
}
