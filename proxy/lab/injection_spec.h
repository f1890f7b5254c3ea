/* SPDX-License-Identifier: MIT
 *
 * What --inject asks for: which requests are answered with a redirect of ours, and with what kind.
 *
 *     STATUS[:PART]...
 *     PART    hops=N | same-origin | other-origin | rate=0.1 | match=WHICH | except=WHICH | early | seed=N
 *     WHICH   METHOD, URL or METHOD URL; METHOD as in POST|PUT, and * in a URL stands for anything
 *
 * A part ends before a ':' that one of these words follows, so that URLs need no quoting. Pure. */
#ifndef PROXY_LAB_INJECTION_SPEC_H
#define PROXY_LAB_INJECTION_SPEC_H

#include "parser/bytes.h"

#define INJECTION_HOPS_MAX 20
#define INJECTION_WHICH_MAX 8 /* of match and of except, each */

/* Views into the text that was parsed. */
struct injection_which {
	struct bytes methods; /* "POST|PUT"; empty: all */
	struct bytes url;     /* a pattern; empty: all */
};

struct injection_spec {
	int status;
	unsigned hops; /* redirects in a row, at least 1 */
	bool other_origin;
	bool early; /* answered before the request's content has come */
	double rate;
	uint64_t seed;
	struct injection_which match[INJECTION_WHICH_MAX]; /* any of them; none: all requests */
	struct injection_which except[INJECTION_WHICH_MAX];
	unsigned match_count;
	unsigned except_count;
};

/* False with a one-line reason in `error` that names the part. The views live as long as `text`. */
bool injection_spec_parse(struct bytes text, struct injection_spec *out, char *error, size_t error_size) NODISCARD;

/* As option_row.check. */
bool injection_is_spec(const char *text) NODISCARD;

/* Is a request to this URL (without fragment) one of those that are meant? The rate does not count here. */
bool injection_spec_means(const struct injection_spec *s, struct bytes method, struct bytes url) NODISCARD;

#endif
