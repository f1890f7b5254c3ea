/* SPDX-License-Identifier: MIT
 *
 * The rule table, in the order of RULES.md. The engine asks the rows of one moment from the top, so where two rules
 * could explain one fact the more specific stands first or excludes the other. */
#include "audit/rules/check.h"

static const struct rule table[] = {
    {.id = "method-not-preserved",
     .group = 'A',
     .fault = FAULT_CLIENT,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_FOLLOW,
     .summary = "The client changed the method while following a redirect that keeps it.",
     .condition = "The status is 307 or 308 and the follow-up's method differs, byte by byte, from the redirected "
		  "request's. The same after a 300 is a warning.",
     .source = "RFC 9110 §15.4.8, §15.4",
     .example = "POST /pay -307-> /v2/pay; then GET /v2/pay",
     .advice = "Let the client resend the request as it was. If the server wanted a GET it should have sent 303.",
     .check = check_method_not_preserved},
    {.id = "body-dropped",
     .group = 'B',
     .fault = FAULT_CLIENT,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_FOLLOW,
     .summary = "The client kept the method and sent it again without its content.",
     .condition = "The status table keeps the method, the redirected request had content and was sent whole, and "
		  "the follow-up is complete and has none.",
     .source = "RFC 9110 §15.4",
     .example = "PUT /a (11 bytes) -308-> /b; then PUT /b with Content-Length: 0",
     .advice = "The body was probably a stream that had been read to its end: give the client a body that it can "
	       "read again (bytes, a file that it may rewind), or send to the final URL directly.",
     .check = check_body_dropped},
    {.id = "body-truncated",
     .group = 'B',
     .fault = FAULT_CLIENT,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_FOLLOW,
     .summary = "The client sent only the beginning of the content again.",
     .condition = "The follow-up's content is shorter than the redirected request's and is a beginning of it "
		  "(exactly up to 64 KiB, by digests at 64 KiB steps above), or it declared the same length and "
		  "the connection ended short of it.",
     .source = "RFC 9110 §15.4; RFC 9112 §8",
     .example = "POST /up (1 MiB) -308-> /v2/up; then POST /v2/up with the first 64 KiB",
     .advice = "A stream was not rewound to where the first request began. Rewind it, or buffer the body.",
     .check = check_body_truncated},
    {.id = "body-changed",
     .group = 'B',
     .fault = FAULT_CLIENT,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_FOLLOW,
     .summary = "The client sent other content than before.",
     .condition = "The status table keeps the method, both contents are there, their SHA-256 or lengths differ, "
		  "and the second is not a beginning of the first.",
     .source = "RFC 9110 §15.4",
     .example = "POST /x with {\"n\":1} -307-> /y; then POST /y with {\"n\":2}",
     .advice = "Make the body once and send the same bytes twice: look for time stamps, nonces, signatures or a "
	       "generator that is asked again for each attempt.",
     .check = check_body_changed},
    {.id = "body-framing-only",
     .group = 'B',
     .fault = FAULT_NONE,
     .severity = SEVERITY_NONE,
     .in_default = true,
     .moment = RULE_RECORD,
     .summary = "The content is the same and only its framing differs, which is fine.",
     .condition = "Equal content, chunked in one request and with Content-Length in the other; or Content-Length: "
		  "0 in one and no such field in the other.",
     .source = "RFC 9112 §6",
     .example = "POST chunked (11 bytes) -307-> /y; then POST /y with Content-Length: 11",
     .advice = "Nothing to do.",
     .check = NULL},
    {.id = "body-unverifiable",
     .group = 'B',
     .fault = FAULT_NONE,
     .severity = SEVERITY_INFO,
     .in_default = true,
     .moment = RULE_AT_FOLLOW,
     .summary = "Whether the content was kept can't be proved, and this says why.",
     .condition = "The content of the redirected request or of the follow-up was not sent whole (an early "
		  "response, Expect: 100-continue, an abort), or its evidence was given up to keep within the "
		  "memory budget, and what is known shows no difference.",
     .source = "RFC 9110 §10.1.1, §15.4",
     .example = "PUT /a chunked -308-> /b after 8 KiB; then PUT /b with 1 MiB",
     .advice = "Usually nothing: an answer before the end of the content is allowed. Raise --budget where evidence "
	       "was given up.",
     .check = check_body_unverifiable},
    {.id = "location-missing",
     .group = 'F',
     .fault = FAULT_SERVER,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_REDIRECT,
     .summary = "The redirect does not say where to.",
     .condition = "A 301, 302, 303, 307 or 308 without a Location field (a 300 without one is info).",
     .source = "RFC 9110 §15.4.2 to §15.4.4, §15.4.8, §15.4.9, §10.2.2",
     .example = "GET /old -308-> (no Location)",
     .advice = "Send Location, or another status.",
     .check = check_location_missing},
    {.id = "redirect-loop",
     .group = 'G',
     .fault = FAULT_SERVER,
     .severity = SEVERITY_ERROR,
     .in_default = true,
     .moment = RULE_AT_CHAIN,
     .summary = "The chain of redirects comes back to where it was.",
     .condition = "Method, normalised URL, content, cookies and credentials of a hop were there before in the "
		  "chain and are redirected again; or a Location leads back to such a state whose answer was a "
		  "redirect and no cookie was set since; or method and URL come for the third time.",
     .source = "RFC 9110 §15.4",
     .example = "GET /a -301-> /a/; GET /a/ -301-> /a",
     .advice = "Look for two rules that undo each other: a slash added and removed, www and bare host, http and "
	       "https behind a TLS terminator, a login page that needs the cookie that it sets.",
     .check = check_redirect_loop},
    {.id = "redirect-followed",
     .group = 'H',
     .fault = FAULT_NONE,
     .severity = SEVERITY_NONE,
     .in_default = true,
     .moment = RULE_RECORD,
     .summary = "The redirect was followed; the event says how well.",
     .condition = "A later request of the same client was matched to the redirect's target.",
     .source = "RFC 9110 §15.4",
     .example = "POST /pay -307-> /v2/pay; then POST /v2/pay with the same content",
     .advice = "Nothing to do.",
     .check = NULL},
    {.id = "redirect-not-followed",
     .group = 'H',
     .fault = FAULT_CLIENT,
     .severity = SEVERITY_INFO,
     .in_default = true,
     .moment = RULE_AT_CLOSE,
     .summary = "The client did not ask for the redirect's target.",
     .condition = "No request for the target came within the window, or before the run ended, the old URL was not "
		  "asked for again, and the target was not out of sight. A warning when the status keeps the "
		  "method of an unsafe request or of one with content; with --profile strict also when this client "
		  "has followed others and has not asked for this target after another redirect.",
     .source = "RFC 9110 §15.4",
     .example = "POST /x -307-> /y; then nothing for 10 seconds",
     .advice = "Clients may stop at a redirect. If this one should not: switch following on, or give it a body "
	       "that can be sent twice.",
     .check = check_not_followed},
};

const struct rule *const rules_all = table;
const size_t rules_count = sizeof(table) / sizeof(table[0]);

const struct rule *rule_find(struct bytes id)
{
	for (size_t i = 0; i < rules_count; i++) {
		if (bytes_equal(id, bytes_str(table[i].id)))
			return &table[i];
	}
	return NULL;
}
