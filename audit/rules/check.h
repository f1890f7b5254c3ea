/* SPDX-License-Identifier: MIT
 *
 * What a rule may look at and how it answers. A check is a pure function: the same input gives the same answer, live or
 * from a log. It knows nothing of the tracker, of sockets or of time but what stands here. */
#ifndef AUDIT_RULES_CHECK_H
#define AUDIT_RULES_CHECK_H

#include "audit/chain_memory.h"
#include "audit/history.h"
#include "audit/rules/rules.h"

/* What stands here is there at every moment, or from the moment on that its comment names. */
struct rule_input {
	const struct exchange_facts *request; /* R, the redirected request, with P, its 3xx */
	const struct status_row *status;      /* of P */
	struct bytes target;                  /* T; empty where Location is unusable */
	struct uri request_url;               /* R's, parsed */
	struct uri target_url;                /* T parsed; without scheme (ptr NULL) where Location is unusable */
	bool expects;                         /* a follow-up is asked for */
	uint8_t hidden;                       /* enum hidden_part, as bits; 0 in a live run */
	bool same_url; /* the target is the URL that was asked: a repetition and a follow-up look alike */
	const struct chain_memory *chain;
	/* RULE_AT_FOLLOW */
	const struct exchange_facts *follow; /* F; its response may not be there yet */
	struct uri follow_url;
	const struct body_comparison *body;
	enum uri_match level;
	enum target_cause cause; /* of level E3 */
	bool late;
	enum ambiguity ambiguous;
	unsigned withheld;  /* findings of the rows above that were lowered because of `ambiguous` */
	int64_t latency_us; /* from P's head to F's */
	bool rewritten;     /* an earlier hop of the chain turned another method into GET or HEAD */
	bool strict_target; /* the target's host wants https, as far as remembered */
	/* RULE_AT_CLOSE */
	enum outcome outcome;
	bool client_follows; /* this client has followed another redirect */
	bool twin_followed;  /* ... one with the same request and target, at about the same time */
	bool target_asked;   /* it asked for the target since, and that answered another redirect */
	enum tunnel_sign tunnel;
	unsigned retries;                     /* of R by the same program, while T was not asked */
	bool repetition;                      /* R was itself such a retry */
	const struct exchange_facts *instead; /* where the operation went, to none of the targets; may be NULL */
	const char *instead_link;             /* what ties it to R */
	bool chain_loops;                     /* redirect-loop was found on this chain: stopping was right */
	/* RULE_AT_REDIRECT, RULE_AT_CHAIN */
	const struct loop_facts *loop;
	const struct history_facts *history; /* what was remembered when it came */
	/* RULE_AT_END: `request` is what began the chain */
	const struct event_chain_finished *finished;
};

/* A short text under construction; what does not fit is cut. */
struct wording {
	char text[240];
	size_t len;
};
void word(struct wording *w, const char *s);
void word_bytes(struct wording *w, struct bytes b); /* cut after 40 bytes */
void word_number(struct wording *w, uint64_t n);
void word_origin(struct wording *w, const struct uri *u); /* "https://host:port", the port as it was written */
void word_place(struct wording *w, const struct uri *u);  /* ... with the path, where that is short, without a query */
void word_url(struct wording *w, const struct uri *u);    /* ... and the query, where it is short and plain */
void word_seconds(struct wording *w, int64_t us);         /* "1.2 s" */

/* The engine sets severity and fault from the row before it asks; a check changes them where its case is another. */
struct rule_output {
	enum severity severity;
	bool advisory; /* this case is worth no more than info in the default profile, whatever the row says */
	enum fault fault;
	struct wording message;
	struct wording expected;
	struct wording seen;
};

/* Was the method turned into GET or HEAD by this hop? */
bool method_became_get(struct bytes method, struct bytes follow) NODISCARD;

/* RULES.md §1: may the follow-up of a redirect with this status have that method? */
bool method_allowed(const struct status_row *status, struct bytes method, struct bytes follow) NODISCARD;

/* The checks, by the file that has them. */
bool check_method_not_preserved(const struct rule_input *in, struct rule_output *out); /* method.c */
bool check_head_became_get(const struct rule_input *in, struct rule_output *out);
bool check_method_rewritten(const struct rule_input *in, struct rule_output *out);
bool check_post_rewritten(const struct rule_input *in, struct rule_output *out);
bool check_see_other_not_get(const struct rule_input *in, struct rule_output *out);
bool check_method_case_changed(const struct rule_input *in, struct rule_output *out);
bool check_unknown_followed(const struct rule_input *in, struct rule_output *out);
bool check_body_dropped(const struct rule_input *in, struct rule_output *out); /* body.c */
bool check_body_changed(const struct rule_input *in, struct rule_output *out);
bool check_body_truncated(const struct rule_input *in, struct rule_output *out);
bool check_body_unverifiable(const struct rule_input *in, struct rule_output *out);
bool check_body_sent_on_get(const struct rule_input *in, struct rule_output *out);
bool check_multipart_rebounded(const struct rule_input *in, struct rule_output *out);
bool check_body_reencoded(const struct rule_input *in, struct rule_output *out);
bool check_early_redirect(const struct rule_input *in, struct rule_output *out);
bool check_kept_sending(const struct rule_input *in, struct rule_output *out);
bool check_body_cross_origin(const struct rule_input *in, struct rule_output *out);
bool check_stale_content_headers(const struct rule_input *in, struct rule_output *out); /* field.c */
bool check_content_type_lost(const struct rule_input *in, struct rule_output *out);
bool check_content_type_changed(const struct rule_input *in, struct rule_output *out);
bool check_idempotency_key_lost(const struct rule_input *in, struct rule_output *out);
bool check_idempotency_key_changed(const struct rule_input *in, struct rule_output *out);
bool check_bodyless_chunked(const struct rule_input *in, struct rule_output *out); /* request_field.c */
bool check_content_encoding(const struct rule_input *in, struct rule_output *out);
bool check_digest_mismatch(const struct rule_input *in, struct rule_output *out);
bool check_payment_unkeyed(const struct rule_input *in, struct rule_output *out);
bool check_range_dropped(const struct rule_input *in, struct rule_output *out);
bool check_validators_carried(const struct rule_input *in, struct rule_output *out);
bool check_host_stale(const struct rule_input *in, struct rule_output *out);
bool check_hop_by_hop_carried(const struct rule_input *in, struct rule_output *out);
bool check_negotiation_changed(const struct rule_input *in, struct rule_output *out);
bool check_authorization_cross_origin(const struct rule_input *in, struct rule_output *out); /* credential.c */
bool check_cookie_cross_site(const struct rule_input *in, struct rule_output *out);
bool check_api_key_cross_origin(const struct rule_input *in, struct rule_output *out);
bool check_proxy_authorization_leak(const struct rule_input *in, struct rule_output *out);
bool check_authorization_lost(const struct rule_input *in, struct rule_output *out);
bool check_set_cookie_ignored(const struct rule_input *in, struct rule_output *out);
bool check_location_userinfo(const struct rule_input *in, struct rule_output *out); /* disclosure.c */
bool check_userinfo_in_target(const struct rule_input *in, struct rule_output *out);
bool check_userinfo_became_auth(const struct rule_input *in, struct rule_output *out);
bool check_referer_downgrade(const struct rule_input *in, struct rule_output *out);
bool check_referer_secret(const struct rule_input *in, struct rule_output *out);
bool check_referer_cross_origin(const struct rule_input *in, struct rule_output *out);
bool check_location_leaks_secret(const struct rule_input *in, struct rule_output *out);
bool check_https_to_http(const struct rule_input *in, struct rule_output *out); /* transport.c */
bool check_downgrade_followed(const struct rule_input *in, struct rule_output *out);
bool check_secret_over_http(const struct rule_input *in, struct rule_output *out);
bool check_upgrade_exposed(const struct rule_input *in, struct rule_output *out);
bool check_upgrade_not_permanent(const struct rule_input *in, struct rule_output *out);
bool check_upgrade_port_mismatch(const struct rule_input *in, struct rule_output *out);
bool check_hsts_over_http(const struct rule_input *in, struct rule_output *out);
bool check_hsts_internal_on_wire(const struct rule_input *in, struct rule_output *out);
bool check_location_missing(const struct rule_input *in, struct rule_output *out); /* location.c */
bool check_location_empty(const struct rule_input *in, struct rule_output *out);
bool check_location_multiple(const struct rule_input *in, struct rule_output *out);
bool check_location_invalid(const struct rule_input *in, struct rule_output *out);
bool check_location_not_uri(const struct rule_input *in, struct rule_output *out);
bool check_location_backslash(const struct rule_input *in, struct rule_output *out);
bool check_location_control_chars(const struct rule_input *in, struct rule_output *out);
bool check_location_relative_risky(const struct rule_input *in, struct rule_output *out);
bool check_location_typo(const struct rule_input *in, struct rule_output *out);
bool check_location_scheme(const struct rule_input *in, struct rule_output *out);
bool check_location_too_long(const struct rule_input *in, struct rule_output *out);
bool check_fragment_sent(const struct rule_input *in, struct rule_output *out); /* target.c */
bool check_target_error(const struct rule_input *in, struct rule_output *out);
bool check_location_internal_host(const struct rule_input *in, struct rule_output *out);
bool check_private_address(const struct rule_input *in, struct rule_output *out);
bool check_query_dropped(const struct rule_input *in, struct rule_output *out);
bool check_open_redirect(const struct rule_input *in, struct rule_output *out);
bool check_reflects_host(const struct rule_input *in, struct rule_output *out);
bool check_location_elsewhere(const struct rule_input *in, struct rule_output *out);
bool check_redirect_to_self(const struct rule_input *in, struct rule_output *out); /* chain.c */
bool check_redirect_loop(const struct rule_input *in, struct rule_output *out);
bool check_redirect_revisit(const struct rule_input *in, struct rule_output *out);
bool check_loop_not_stopped(const struct rule_input *in, struct rule_output *out);
bool check_redirect_chain(const struct rule_input *in, struct rule_output *out);
bool check_chain_too_long(const struct rule_input *in, struct rule_output *out);
bool check_chain_slow(const struct rule_input *in, struct rule_output *out);
bool check_mixed_permanence(const struct rule_input *in, struct rule_output *out);
bool check_method_drop(const struct rule_input *in, struct rule_output *out);
bool check_not_followed(const struct rule_input *in, struct rule_output *out); /* follow.c */
bool check_follow_opaque(const struct rule_input *in, struct rule_output *out);
bool check_follow_not_visible(const struct rule_input *in, struct rule_output *out);
bool check_late(const struct rule_input *in, struct rule_output *out);
bool check_ambiguous(const struct rule_input *in, struct rule_output *out);
bool check_wrong_target(const struct rule_input *in, struct rule_output *out);
bool check_duplicate(const struct rule_input *in, struct rule_output *out);
bool check_retried(const struct rule_input *in, struct rule_output *out);
bool check_misresolved(const struct rule_input *in, struct rule_output *out);
bool check_permanent_uncontrolled(const struct rule_input *in, struct rule_output *out); /* caching.c */
bool check_permanent_overlong(const struct rule_input *in, struct rule_output *out);
bool check_permanent_not_sticky(const struct rule_input *in, struct rule_output *out);
bool check_temporary_sticky(const struct rule_input *in, struct rule_output *out);
bool check_temporary_cached(const struct rule_input *in, struct rule_output *out);
bool check_cookie_on_cacheable(const struct rule_input *in, struct rule_output *out);
bool check_auth_redirect_public(const struct rule_input *in, struct rule_output *out);
bool check_cache_conflict(const struct rule_input *in, struct rule_output *out);
bool check_stale_redirect(const struct rule_input *in, struct rule_output *out);
bool check_preflight_redirected(const struct rule_input *in, struct rule_output *out); /* browser.c */
bool check_cors_missing_acao(const struct rule_input *in, struct rule_output *out);
bool check_origin_null(const struct rule_input *in, struct rule_output *out);
bool check_origin_not_nulled(const struct rule_input *in, struct rule_output *out);
bool check_seo_chain(const struct rule_input *in, struct rule_output *out);     /* search.c */
bool check_non_get_moved(const struct rule_input *in, struct rule_output *out); /* misuse.c */
bool check_canonicalization(const struct rule_input *in, struct rule_output *out);
bool check_use_303(const struct rule_input *in, struct rule_output *out);
bool check_use_proxy(const struct rule_input *in, struct rule_output *out);
bool check_status_306(const struct rule_input *in, struct rule_output *out);
bool check_location_on_304(const struct rule_input *in, struct rule_output *out);
bool check_304_unconditional(const struct rule_input *in, struct rule_output *out);
bool check_304_content(const struct rule_input *in, struct rule_output *out);
bool check_no_preference(const struct rule_input *in, struct rule_output *out);
bool check_untyped_content(const struct rule_input *in, struct rule_output *out);
bool check_large_content(const struct rule_input *in, struct rule_output *out);
bool check_redirect_on_connect(const struct rule_input *in, struct rule_output *out);
bool check_connect_followed(const struct rule_input *in, struct rule_output *out);
bool check_refresh(const struct rule_input *in, struct rule_output *out);
bool check_content_location(const struct rule_input *in, struct rule_output *out);
bool check_api_login(const struct rule_input *in, struct rule_output *out);
bool check_seo_temporary(const struct rule_input *in, struct rule_output *out);
bool check_seo_soft_404(const struct rule_input *in, struct rule_output *out);
bool check_hsts_ignored(const struct rule_input *in, struct rule_output *out); /* history.c */
bool check_hsts_upgrade(const struct rule_input *in, struct rule_output *out);
bool check_unstable_target(const struct rule_input *in, struct rule_output *out);
bool check_permanent_ignored(const struct rule_input *in, struct rule_output *out);
bool check_retry_after_ignored(const struct rule_input *in, struct rule_output *out);
bool check_vary_missing(const struct rule_input *in, struct rule_output *out);
bool check_wrong_variant(const struct rule_input *in, struct rule_output *out);

#endif
