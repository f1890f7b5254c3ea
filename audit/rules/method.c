/* SPDX-License-Identifier: MIT
 *
 * Group A of RULES.md §2: what became of the method. Asked by the engine when a follow-up is final. */
#include "audit/rules/check.h"

/* 307 and 308 keep every method. So does 300, but so many clients rewrite its POST that it is worth a warning only. */
bool check_method_not_preserved(const struct rule_input *in, struct rule_output *out)
{
	int status = in->request->status;
	struct bytes method = in->request->method;
	struct bytes follow = in->follow->method;
	if ((status != 307 && status != 308 && status != 300) || bytes_equal(method, follow))
		return false;
	if (status == 300)
		out->severity = SEVERITY_WARNING;
	word_bytes(&out->expected, method);
	word_bytes(&out->seen, follow);
	word_bytes(&out->message, method);
	word(&out->message, " became ");
	word_bytes(&out->message, follow);
	word(&out->message, " on a ");
	word_number(&out->message, (uint64_t)status);
	if (in->request->request.length > 0 && in->follow->request.length == 0) {
		word(&out->message, ", and its ");
		word_number(&out->message, in->request->request.length);
		word(&out->message, " bytes of content were not sent again (also: body-dropped)");
	}
	return true;
}
