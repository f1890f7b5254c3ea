/* SPDX-License-Identifier: MIT */
#include "audit/policy.h"

#include "parser/wildcard.h"

/* What stands in policy.changes: nothing (0), that the rule is off, or CHANGE_SEVERITY and the severity. */
enum { CHANGE_OFF = 1, CHANGE_SEVERITY = 2 };

static size_t row_of(const struct rule *rule)
{
	return (size_t)(rule - rules_all);
}

static unsigned change_of(const struct policy *p, const struct rule *rule)
{
	size_t row = row_of(rule);
	return p && row < RULES_MAX ? p->changes[row] : 0;
}

void policy_switch_off(struct policy *p, const struct rule *rule)
{
	p->changes[row_of(rule)] = CHANGE_OFF;
}

void policy_set_severity(struct policy *p, const struct rule *rule, enum severity severity)
{
	p->changes[row_of(rule)] = (uint8_t)(CHANGE_SEVERITY + severity);
}

bool policy_is_empty(const struct policy *p)
{
	for (size_t i = 0; p && i < RULES_MAX; i++) {
		if (p->changes[i])
			return false;
	}
	return !p || p->suppression_count == 0;
}

bool policy_is_off(const struct policy *p, const struct rule *rule)
{
	return change_of(p, rule) == CHANGE_OFF;
}

struct bytes policy_off(const struct policy *p, char out[POLICY_OFF_MAX])
{
	size_t len = 0;
	for (size_t i = 0; p && i < rules_count; i++) {
		size_t id = strlen(rules_all[i].id);
		if (!policy_is_off(p, &rules_all[i]) || len + id + 1 > POLICY_OFF_MAX)
			continue;
		if (len > 0)
			out[len++] = ' ';
		memcpy(out + len, rules_all[i].id, id);
		len += id;
	}
	return bytes_of(out, len);
}

bool policy_is_blind(const struct policy *p, char group, enum rule_moment moment)
{
	bool any = false;
	for (size_t i = 0; p && i < rules_count; i++) {
		const struct rule *rule = &rules_all[i];
		if (rule->group != group || !rule_is_asked_at(rule, moment))
			continue;
		if (!policy_is_off(p, rule))
			return false;
		any = true;
	}
	return any;
}

enum severity policy_weigh(const struct policy *p, enum profile profile, const struct rule *rule,
			   const struct rule_output *out)
{
	unsigned change = change_of(p, rule);
	enum severity severity = out->severity;
	bool advisory = out->advisory;
	if (change >= CHANGE_SEVERITY) {
		enum severity wanted = (enum severity)(change - CHANGE_SEVERITY);
		/* A case that is lighter than the row says stays so; what made the whole row advisory is overruled. */
		if (severity >= rule->severity || wanted < severity)
			severity = wanted;
		advisory = advisory && rule->in_default;
	}
	return profile == PROFILE_DEFAULT && advisory && severity > SEVERITY_INFO ? SEVERITY_INFO : severity;
}

/* The digits of a number up to 65535, at the end of `room`. */
static struct bytes digits(unsigned n, char room[5])
{
	size_t at = 5;
	do {
		room[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return bytes_of(room + at, 5 - at);
}

static bool host_matches(struct bytes pattern, const struct uri *url)
{
	char room[5];
	size_t colon = pattern.len;
	while (colon > 0 && pattern.ptr[colon - 1] != ':' && pattern.ptr[colon - 1] != ']')
		colon--;
	if (colon == 0 || pattern.ptr[colon - 1] == ']') /* no port behind it */
		return wildcard_matches(pattern, url->host, true);
	return wildcard_matches(bytes_slice(pattern, 0, colon - 1), url->host, true) &&
	       wildcard_matches(bytes_slice(pattern, colon, pattern.len), digits(uri_port(url), room), false);
}

const struct suppression *policy_suppresses(const struct policy *p, const struct rule *rule, const struct uri *url)
{
	struct bytes path = url->path.len > 0 ? url->path : BYTES("/");
	for (size_t i = 0; p && i < p->suppression_count; i++) {
		const struct suppression *s = &p->suppressions[i];
		if ((!s->rule || s->rule == rule) && host_matches(s->host, url) &&
		    wildcard_matches(s->path, path, false))
			return s;
	}
	return NULL;
}
