/* SPDX-License-Identifier: MIT
 *
 * From rules to findings. The only caller of rule checks in a live run. */
#include "audit/engine.h"

#include "audit/chain.h"

/* A fault of the client rests on the match: it weighs less where the match is less sure. */
static enum severity gated(enum severity severity, enum fault fault, enum confidence confidence)
{
	if (fault != FAULT_CLIENT || confidence == CONFIDENCE_NONE || confidence == CONFIDENCE_HIGH ||
	    severity <= SEVERITY_INFO)
		return severity;
	return confidence == CONFIDENCE_MEDIUM ? severity - 1 : SEVERITY_INFO;
}

static void say(struct audit *a, const struct rule *rule, const struct rule_input *in, const struct rule_output *out,
		const struct engine_case *about, int64_t now_us)
{
	const struct exchange_facts *r = in->request;
	struct audit_event e = {
	    .type = EVENT_FINDING,
	    .finding = {.rule = rule,
			.severity = out->severity,
			.fault = out->fault,
			.chain = about->chain_id,
			.redirect = about->redirect,
			.exchange = in->follow ? in->follow->exchange : r->exchange,
			.confidence = about->confidence,
			.message = bytes_of(out->message.text, out->message.len),
			.expected = bytes_of(out->expected.text, out->expected.len),
			.seen = bytes_of(out->seen.text, out->seen.len),
			.url = r->url,
			.method = r->method},
	};
	if (about->chain && about->chain->worst < out->severity)
		about->chain->worst = out->severity;
	emit(a, &e, now_us);
}

unsigned engine_ask(struct audit *a, enum rule_moment moment, const struct rule_input *in,
		    const struct engine_case *about, int64_t now_us)
{
	unsigned findings = 0;
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules_all[i];
		struct rule_output out;
		if (rule->moment != moment)
			continue;
		out.severity = rule->severity;
		out.fault = rule->fault;
		out.advisory = !rule->in_default;
		out.message.len = 0;
		out.expected.len = 0;
		out.seen.len = 0;
		if (!rule->check(in, &out))
			continue;
		if (a->config.profile == PROFILE_DEFAULT && out.advisory && out.severity > SEVERITY_INFO)
			out.severity = SEVERITY_INFO;
		out.severity = gated(out.severity, out.fault, about->confidence);
		say(a, rule, in, &out, about, now_us);
		findings++;
	}
	return findings;
}
