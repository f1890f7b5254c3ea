/* SPDX-License-Identifier: MIT
 *
 * From rules to findings. The only caller of rule checks. */
#include "audit/engine.h"

#include "audit/client_table.h"

/* A fault of the client rests on the match: it weighs less where the match is less sure. */
static enum severity gated(enum severity severity, enum fault fault, enum confidence confidence)
{
	if (fault != FAULT_CLIENT || confidence == CONFIDENCE_NONE || confidence == CONFIDENCE_HIGH ||
	    severity <= SEVERITY_INFO)
		return severity;
	return confidence == CONFIDENCE_MEDIUM ? severity - 1 : SEVERITY_INFO;
}

/* Does it accuse the client of what holds for one assignment of the follow-ups only? Groups A and B compare the
 * message, C and D its fields. */
static bool is_withheld(const struct rule *rule, const struct rule_output *out, enum ambiguity ambiguous)
{
	bool message = rule->group == 'A' || rule->group == 'B';
	bool fields = rule->group == 'C' || rule->group == 'D';
	if (out->fault != FAULT_CLIENT || out->severity <= SEVERITY_INFO)
		return false;
	return (message && ambiguous & AMBIGUOUS_MESSAGE) || (fields && ambiguous & AMBIGUOUS_FIELDS);
}

/* What became of the request, as the table of clients has it. */
static enum client_move move_seen(const struct rule_input *in)
{
	if (!in->follow)
		return in->outcome == OUTCOME_NOT_FOLLOWED ? MOVE_STOPS : MOVE_KEEPS;
	if (method_became_get(in->request->method, in->follow->method))
		return MOVE_GET;
	return in->body && in->body->relation == BODY_DROPPED ? MOVE_BARE : MOVE_KEEPS;
}

static bool is_default_of(const struct client_row *row, const struct rule *rule, const struct rule_input *in)
{
	enum client_move seen = move_seen(in);
	bool about_move = rule->group == 'A' || rule->group == 'B' || rule->moment == RULE_AT_CLOSE;
	if (client_has_habit(row, rule->id))
		return true;
	return about_move && seen != MOVE_KEEPS &&
	       client_move_of(row, in->request->status, in->request->method) == seen;
}

/* Says so where the client does by default what it is blamed for: that explains, and excuses nothing. */
static void explain_client(const struct rule *rule, const struct rule_input *in, struct rule_output *out)
{
	struct bytes agent = in->request->user_agent;
	if (out->fault != FAULT_CLIENT)
		return;
	for (const struct client_row *row = client_row_of(agent); row; row = client_row_next(row, agent)) {
		if (!is_default_of(row, rule, in))
			continue;
		word(&out->message, "; default of ");
		word(&out->message, row->name);
		return;
	}
}

/* A redirect of ours (--inject) shows what the client makes of it; the server has no part in it, and what we sent the
 * user asked for. */
static bool is_of_injection(const struct rule *rule, const struct rule_input *in, const struct rule_output *out)
{
	bool about_chain = rule->moment == RULE_AT_CHAIN || rule->moment == RULE_AT_END;
	return out->fault != FAULT_CLIENT &&
	       (in->request->injected || (about_chain && in->chain && in->chain->injected));
}

/* Where a part of what the rule looks at was replaced in the log, the log's word counts. */
static bool fires(const struct engine *engine, const struct rule *rule, const struct rule_input *in,
		  struct rule_output *out)
{
	if (!engine->recorded || !(rule->spells & in->hidden)) {
		if (!rule->check(in, out))
			return false;
		explain_client(rule, in, out);
		return true;
	}
	enum recorded recorded = engine->recorded(engine->arg, rule, out);
	if (recorded == RECORDED_NOTHING) {
		out->severity = SEVERITY_INFO;
		out->fault = FAULT_UNKNOWN;
		word(&out->message,
		     "unverifiable: the log does not hold a value that this rule needs, which was redacted");
	}
	return recorded != RECORDED_SILENT;
}

static bool asks(const struct engine *engine, const struct rule *rule, struct rule_input *in,
		 const struct engine_case *about, struct engine_answer *answer)
{
	struct rule_output *out = &answer->out;
	answer->rule = rule;
	answer->yields = false;
	out->severity = rule->severity;
	out->fault = rule->fault;
	out->advisory = !rule->in_default;
	out->message.len = 0;
	out->expected.len = 0;
	out->seen.len = 0;
	if (!fires(engine, rule, in, out) || is_of_injection(rule, in, out))
		return false;
	answer->weight = out->severity;
	out->severity = policy_weigh(engine->policy, engine->profile, rule, out);
	out->severity = gated(out->severity, out->fault, about->confidence);
	answer->withheld = is_withheld(rule, out, in->ambiguous);
	if (answer->withheld) {
		out->severity = SEVERITY_INFO;
		in->withheld++;
	}
	return true;
}

/* Is `id` a word of `ids`? */
static bool is_named(const char *ids, const char *id)
{
	size_t len = strlen(id);
	for (const char *at = ids; at && *at;) {
		size_t word = strcspn(at, " ");
		if (word == len && memcmp(at, id, len) == 0)
			return true;
		at += word + (at[word] == ' ');
	}
	return false;
}

/* The ids of answers that yield to this one; marks them. */
static void take_also(struct engine_answer *answers, unsigned count, const struct engine_answer *to,
		      struct wording *also)
{
	for (struct engine_answer *a = answers; a < answers + count; a++) {
		if (a == to || a->yields || !is_named(a->rule->yields_to, to->rule->id))
			continue;
		a->yields = true;
		word(also, also->len > 0 ? " " : "");
		word(also, a->rule->id);
	}
}

static struct bytes worded(const struct wording *w)
{
	return bytes_of(w->text, w->len);
}

static void say(const struct engine *engine, const struct engine_answer *a, const struct wording *also,
		const struct rule_input *in, const struct engine_case *about)
{
	const struct exchange_facts *r = in->request;
	const struct suppression *accepted = policy_suppresses(engine->policy, a->rule, &in->request_url);
	struct event_finding f = {.rule = a->rule,
				  .severity = a->out.severity,
				  .weight = a->weight,
				  .advisory = a->out.advisory,
				  .fault = a->out.fault,
				  .chain = about->chain,
				  .redirect = about->redirect,
				  .exchange = in->follow ? in->follow->exchange : r->exchange,
				  .confidence = about->confidence,
				  .message = worded(&a->out.message),
				  .expected = worded(&a->out.expected),
				  .seen = worded(&a->out.seen),
				  .also = worded(also),
				  .url = r->url,
				  .method = r->method};
	if (accepted) {
		f.suppressed_by = accepted->from;
		f.suppressed_reason = accepted->reason;
	}
	if (!accepted && about->memory && about->memory->worst < f.severity)
		about->memory->worst = f.severity;
	engine->say(engine->arg, &f, about->now_us);
}

void engine_collect(const struct engine *engine, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about, struct engine_answers *answers)
{
	struct rule_input asked = *in;
	struct rules_asked due = rules_asked_at(moment);
	answers->count = 0;
	for (unsigned i = 0; i < due.count && answers->count < FINDINGS_AT_ONCE_MAX; i++) {
		const struct rule *rule = &rules_all[due.rows[i]];
		if (!policy_is_off(engine->policy, rule))
			answers->count += asks(engine, rule, &asked, about, &answers->list[answers->count]);
	}
}

unsigned engine_say(const struct engine *engine, struct engine_answers *answers, const struct rule_input *in,
		    const struct engine_case *about)
{
	struct wording also[FINDINGS_AT_ONCE_MAX];
	unsigned findings = 0;
	for (unsigned i = 0; i < answers->count; i++) {
		also[i].len = 0;
		take_also(answers->list, answers->count, &answers->list[i], &also[i]);
	}
	for (unsigned i = 0; i < answers->count; i++) {
		if (answers->list[i].yields)
			continue;
		say(engine, &answers->list[i], &also[i], in, about);
		findings++;
	}
	return findings;
}

unsigned engine_ask(const struct engine *engine, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about)
{
	struct engine_answers answers;
	engine_collect(engine, moment, in, about, &answers);
	return engine_say(engine, &answers, in, about);
}
