/* SPDX-License-Identifier: MIT
 *
 * The words of the one table of DESIGN.md, as log, reports, API and command line write them. */
#include "audit/event.h"

#define TEXT_OF(table, value) ((size_t)(value) < sizeof(table) / sizeof((table)[0]) ? (table)[value] : "unknown")

const char *severity_text(enum severity s)
{
	static const char *const texts[] = {"none", "info", "warning", "error"};
	return TEXT_OF(texts, s);
}

const char *fault_text(enum fault f)
{
	static const char *const texts[] = {"none", "client", "server", "intermediary", "proxy", "unknown"};
	return TEXT_OF(texts, f);
}

const char *outcome_text(enum outcome o)
{
	static const char *const texts[] = {"open",    "followed",        "not_followed",
					    "retried", "left_visibility", "aborted"};
	return TEXT_OF(texts, o);
}

const char *chain_outcome_text(enum chain_outcome o)
{
	static const char *const texts[] = {"open", "completed", "loop", "not_followed", "left_visibility", "aborted"};
	return TEXT_OF(texts, o);
}

const char *match_state_text(enum match_state s)
{
	static const char *const texts[] = {"none", "provisional", "final", "revised"};
	return TEXT_OF(texts, s);
}

const char *confidence_text(enum confidence c)
{
	static const char *const texts[] = {"none", "low", "medium", "high"};
	return TEXT_OF(texts, c);
}

const char verdict_ambiguous[] = "it may as well be the follow-up of another redirect";

const char *verdict_text(enum verdict v)
{
	static const char *const texts[] = {"none", "pass", "fail", "unverifiable"};
	return TEXT_OF(texts, v);
}

const char *property_text(enum property p)
{
	static const char *const texts[] = {"method", "body", "headers", "credentials"};
	return TEXT_OF(texts, p);
}

const char *body_relation_text(enum body_relation r)
{
	static const char *const texts[] = {"not_due", "equal", "dropped",   "truncated", "ended_short",
					    "changed", "added", "rebounded", "reencoded", "undecided"};
	return TEXT_OF(texts, r);
}

const char *ambiguity_text(enum ambiguity a)
{
	static const char *const texts[] = {"none", "fields", "message", "both"};
	return TEXT_OF(texts, a);
}

const char *tunnel_sign_text(enum tunnel_sign t)
{
	static const char *const texts[] = {"none", "opened", "open_before", "upgraded"};
	return TEXT_OF(texts, t);
}

const char *event_type_text(enum event_type t)
{
	static const char *const texts[] = {
	    [EVENT_RUN_STARTED] = "run.started",
	    [EVENT_EXCHANGE] = "exchange",
	    [EVENT_REDIRECT_OBSERVED] = "redirect.observed",
	    [EVENT_REDIRECT_FOLLOWED] = "redirect.followed",
	    [EVENT_MATCH_REVISED] = "match.revised",
	    [EVENT_REDIRECT_CLOSED] = "redirect.closed",
	    [EVENT_REDIRECT_DUPLICATED] = "redirect.duplicated",
	    [EVENT_FINDING] = "finding",
	    [EVENT_CHAIN_FINISHED] = "chain.finished",
	    [EVENT_CLIENT_PROCESS] = "client.process",
	    [EVENT_TUNNEL] = "tunnel",
	    [EVENT_TLS_INTERCEPTED] = "tls.intercepted",
	    [EVENT_TLS_PASSED_THROUGH] = "tls.passed_through",
	    [EVENT_TLS_REJECTED] = "tls.rejected",
	    [EVENT_TLS_UPSTREAM_FAILED] = "tls.upstream_failed",
	    [EVENT_PROXY_ERROR] = "proxy.error",
	    [EVENT_MARK] = "mark",
	    [EVENT_RUN_FINISHED] = "run.finished",
	};
	return TEXT_OF(texts, t);
}
