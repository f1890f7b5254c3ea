/* SPDX-License-Identifier: MIT
 *
 * Group G of RULES.md §2: loops and chains. Asked when a redirect was added to a chain. */
#include "audit/rules/check.h"

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
	if (loop->cause) {
		word(&out->message, " (");
		word(&out->message, loop->cause);
		word(&out->message, ")");
	}
	word(&out->expected, "a final response");
	word_cycle(&out->seen, loop);
	return true;
}
