/* SPDX-License-Identifier: MIT
 *
 * Group F of RULES.md §2: the value of Location. Asked when the 3xx head is seen; needs no follow-up. */
#include "audit/rules/check.h"

bool check_location_missing(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	bool due = status == 300 || status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
	if (!due || in->request->has_location)
		return false;
	if (status == 300)
		out->severity = SEVERITY_INFO; /* it may list its choices in the content instead */
	word_number(&out->message, (uint64_t)status);
	word(&out->message, " without a Location field: there is nothing to follow");
	word(&out->expected, "a Location field");
	word(&out->seen, "none");
	return true;
}
