/* SPDX-License-Identifier: MIT
 *
 * The ways in which a server may write where to go, right and wrong: the simulator's Location fields. Pure. */
#ifndef PROXY_LAB_LOCATION_H
#define PROXY_LAB_LOCATION_H

#include "audit/record/text_buf.h"

enum lab_form {
	FORM_ABSOLUTE,
	FORM_RELATIVE,      /* "/final" */
	FORM_RELATIVE_PATH, /* "../final" */
	FORM_QUERY,         /* "?done=yes" */
	FORM_SCHEME_RELATIVE,
	FORM_FRAGMENT,
	FORM_PADDED,
	FORM_DOTS,
	FORM_UPPER_CASE,
	FORM_SPACE,
	FORM_NON_ASCII,
	FORM_LATIN_1,
	FORM_BACKSLASH,
	FORM_PERCENT,
	FORM_ENCODED_SLASH,
	FORM_LONG,
	FORM_USERINFO,
	FORM_TWICE,
	FORM_TWICE_SAME,
	FORM_EMPTY,
	FORM_MISSING,
	FORM_INVALID,
	FORM_NO_HOST,
	FORM_ONE_SLASH,
	FORM_FTP,
	FORM_JAVASCRIPT,
	FORM_CONTROL,
	FORM_COUNT
};

/* What a form says, and so what it can be combined with. */
enum lab_form_scope {
	SCOPE_ANY = 0,
	SCOPE_SAME_SCHEME = 1, /* it names no scheme */
	SCOPE_SAME_ORIGIN = 2, /* it names no host */
	SCOPE_LAST_HOP = 4     /* it changes the path, or leads nowhere: earlier redirects of a chain are absolute */
};

struct lab_form_row {
	const char *name;
	unsigned scope;   /* enum lab_form_scope, as bits */
	const char *what; /* for the index page */
};
extern const struct lab_form_row lab_forms[FORM_COUNT];

/* Where a redirect leads. All borrowed. */
struct lab_next {
	struct bytes scheme; /* "http" or "https" */
	struct bytes authority;
	struct bytes path;
	struct bytes query; /* may be empty */
	struct bytes base;  /* the path of the request */
};

/* Appends the Location field lines: none, one or two. */
void lab_location_write(const struct lab_next *next, enum lab_form form, struct text_buf *out);

#endif
