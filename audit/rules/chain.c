/* SPDX-License-Identifier: MIT
 *
 * Group G of RULES.md §2: loops and chains. Loops are asked for when a redirect was added to a chain, the rest once,
 * when the chain has ended. */
#include "audit/client_table.h"
#include "audit/rules/check.h"

#define CHAIN_LONG 5u      /* RFC 2068's limit: some clients stop here */
#define CHAIN_TOO_LONG 10u /* widely used clients fail here */
#define LOOP_STOP 21u      /* hops that a client may make before it has to notice that it runs in circles */
#define SLOW_US 1000000
#define VERY_SLOW_US 3000000

static void word_cycle(struct wording *w, const struct loop_facts *loop)
{
	unsigned hops = loop->hop - loop->back_to;
	if (!loop->repeated && !loop->thrice)
		hops++; /* the request that would repeat has not been made yet */
	if (hops == 1) {
		word(w, "a redirect to itself");
		return;
	}
	word(w, "a cycle of ");
	word_number(w, hops);
	word(w, " hops");
}

/* An empty Location is a fault of its own. */
bool check_redirect_to_self(const struct rule_input *in, struct rule_output *out)
{
	const struct loop_facts *loop = in->loop;
	const struct exchange_facts *r = in->request;
	if (!in->expects || in->chain_loops || !in->same_url || !loop->certain || loop->back_to != loop->hop ||
	    r->location.len == 0)
		return false;
	word_bytes(&out->message, r->method);
	word(&out->message, " was redirected by ");
	word_number(&out->message, r->status);
	word(&out->message, " to the URL that it had asked for, and nothing changes on the way");
	word(&out->expected, "another URL, or a final response");
	word(&out->seen, "a redirect to itself");
	return true;
}

/* A login that bounces because the client does not keep the cookie that was set is the client's loop. */
static bool is_made_by_client(const struct rule_input *in)
{
	return (in->loop->repeated || in->loop->thrice) && in->chain && in->chain->cookie_ignored;
}

bool check_redirect_loop(const struct rule_input *in, struct rule_output *out)
{
	const struct loop_facts *loop = in->loop;
	if (!in->expects || in->chain_loops || (!loop->repeated && !loop->certain && !loop->thrice))
		return false;
	word(&out->message, "hop ");
	word_number(&out->message, loop->hop);
	if (loop->repeated || loop->thrice) {
		word(&out->message, " asked again what hop ");
		word_number(&out->message, loop->back_to);
		word(&out->message, loop->repeated ? " asked, and was redirected again"
						   : " asked, for the third time, and was redirected again");
	} else if (loop->back_to == loop->hop) {
		word(&out->message, " redirects to its own URL");
	} else {
		word(&out->message, " leads back to hop ");
		word_number(&out->message, loop->back_to);
		word(&out->message, ", whose answer was a redirect");
	}
	if (is_made_by_client(in)) {
		out->fault = FAULT_CLIENT;
		word(&out->message, " (the client does not send the cookie that it was given)");
	} else if (loop->cause) {
		word(&out->message, " (");
		word(&out->message, loop->cause);
		word(&out->message, ")");
	}
	word(&out->expected, "a final response");
	word_cycle(&out->seen, loop);
	return true;
}

/* The session handshake: a cookie is set, and the same URL asked again with it. Told when the chain has ended, since
 * until then it may be the beginning of a loop. */
bool check_redirect_revisit(const struct rule_input *in, struct rule_output *out)
{
	if (in->chain_loops || in->chain->revisited == 0)
		return false;
	word(&out->message, "the chain came back to what hop ");
	word_number(&out->message, in->chain->revisited);
	word(&out->message, " had asked for, and went on");
	word(&out->expected, "each URL once");
	word(&out->seen, "one of them twice");
	return true;
}

/* Once, at the hop behind the limit. */
bool check_loop_not_stopped(const struct rule_input *in, struct rule_output *out)
{
	if (!in->chain_loops || in->loop->hop != LOOP_STOP + 1)
		return false;
	word(&out->message, "the client goes on in a loop of redirects, after ");
	word_number(&out->message, LOOP_STOP);
	word(&out->message, " of them");
	word(&out->expected, "an end");
	word(&out->seen, "hop ");
	word_number(&out->seen, in->loop->hop);
	return true;
}

/* "; urllib3, Guzzle stop before": those of the table whose limit the chain is beyond. */
static void word_who_stops(struct wording *w, unsigned hops)
{
	bool any = false;
	for (const struct client_row *c = clients_all; c < clients_all + clients_known; c++) {
		bool again = c > clients_all && strcmp(c->agents, c[-1].agents) == 0; /* another way of the same */
		if (c->follows_max == 0 || c->follows_max >= hops || again)
			continue;
		word(w, any ? ", " : "; ");
		word(w, c->name);
		any = true;
	}
	if (any)
		word(w, " would stop before");
}

static void word_shortcut(struct wording *w, const struct rule_input *in)
{
	struct uri last;
	word(w, "one redirect");
	if (in->finished->outcome != CHAIN_COMPLETED || uri_parse_http(in->finished->last_url, &last) != URI_OK ||
	    bytes_equal(in->finished->last_url, in->finished->first_url))
		return;
	word(w, ", straight to ");
	word_place(w, &last);
}

static bool is_chain(const struct rule_input *in, unsigned hops)
{
	return !in->chain_loops && in->finished->hops >= hops;
}

static void word_length(const struct rule_input *in, struct rule_output *out)
{
	word_number(&out->message, in->finished->hops);
	word(&out->message, " redirects in a row");
	word_who_stops(&out->message, in->finished->hops);
	word_shortcut(&out->expected, in);
	word_number(&out->seen, in->finished->hops);
}

bool check_redirect_chain(const struct rule_input *in, struct rule_output *out)
{
	if (!is_chain(in, 2))
		return false;
	if (in->finished->hops >= CHAIN_LONG)
		out->severity = SEVERITY_WARNING;
	word_length(in, out);
	return true;
}

bool check_chain_too_long(const struct rule_input *in, struct rule_output *out)
{
	if (!is_chain(in, CHAIN_TOO_LONG))
		return false;
	word_length(in, out);
	return true;
}

/* A redirect that answers slowly may have worked as long as it took (a POST behind a 303), so this is a warning in the
 * strict profile alone. */
bool check_chain_slow(const struct rule_input *in, struct rule_output *out)
{
	const struct chain_memory *m = in->chain;
	if (m->waited_us <= SLOW_US)
		return false;
	if (m->waited_us > VERY_SLOW_US || m->slowest_us > SLOW_US)
		out->severity = SEVERITY_WARNING;
	out->advisory = true;
	word_number(&out->message, m->hops);
	word(&out->message,
	     m->hops == 1 ? " redirect kept the client waiting for " : " redirects kept the client waiting for ");
	word_seconds(&out->message, m->waited_us);
	word(&out->expected, "less than a second");
	word_seconds(&out->seen, m->waited_us);
	return true;
}

bool check_mixed_permanence(const struct rule_input *in, struct rule_output *out)
{
	if (in->chain_loops || !in->chain->permanent || !in->chain->temporary)
		return false;
	word(&out->message, "the chain has permanent and temporary redirects: only a part of it may be remembered");
	word(&out->expected, "one kind");
	word(&out->seen, "both");
	return true;
}

/* A 303 behind a 307 is how a form is answered, and a 302 there is meant so mostly: that is a warning in the strict
 * profile alone. Where another 307 or 308 comes behind it, the method was to be kept to the end. */
bool check_method_drop(const struct rule_input *in, struct rule_output *out)
{
	const struct chain_memory *m = in->chain;
	if (!m->unsafe_first || !m->method_lost || !m->method_kept)
		return false;
	out->advisory |= !m->kept_again;
	word_bytes(&out->message, in->request->method);
	word(&out->message, " is kept by one redirect of the chain and may become GET at another");
	word(&out->expected, "307 or 308 at each hop");
	word(&out->seen, "a 301 or 302 among them");
	return true;
}
