/* SPDX-License-Identifier: MIT
 *
 * The guided lab's matrix: which requests a client is put through, what RFC 9110 lets it do, and what the Fetch
 * standard would. Made of small tables. Pure. */
#ifndef PROXY_LAB_CASES_H
#define PROXY_LAB_CASES_H

#include "audit/record/text_buf.h"

enum lab_group {
	GROUP_LAB_METHOD,
	GROUP_LAB_CONTENT,
	GROUP_LAB_CREDENTIALS,
	GROUP_LAB_LOCATION,
	GROUP_LAB_CHAIN,
	GROUP_LAB_TLS,
	GROUP_LAB_COUNT
};

/* What the request carries. */
enum lab_material { MATERIAL_NONE, MATERIAL_SMALL, MATERIAL_FORM, MATERIAL_JSON, MATERIAL_LARGE, MATERIAL_COUNT };

/* Fields with secrets, as bits. */
enum lab_secret { SECRET_AUTHORIZATION = 1, SECRET_API_KEY = 2, SECRET_COOKIE = 4 };

#define LAB_SECRET_AUTHORIZATION "Bearer lab-secret-b1946ac92492d234"
#define LAB_SECRET_API_KEY "lab-secret-7c6a180b36896a0a"
#define LAB_SECRET_COOKIE "lab-id=lab-secret-6cb75f652a9b5279"

struct lab_case {
	enum lab_group group;
	char name[48];    /* "302 POST" */
	char target[120]; /* behind "/case/TOKEN" */
	const char *method;
	enum lab_material material;
	unsigned secrets;
	bool secure;      /* it begins over TLS */
	bool leaves_home; /* secrets are looked for at other origins, not at the end */
	bool exact;       /* `may` is the one right thing, in the words of proxy/lab/deed */
	char may[80];     /* what RFC 9110 lets a client do, in words */
	char fetch[80];   /* what the Fetch standard does, in the words of proxy/lab/deed; empty: no claim */
	unsigned hops;    /* redirects up to the final answer */
};

#define LAB_CASES_MAX 160

/* Fills `out` (LAB_CASES_MAX of them); returns how many. */
size_t lab_cases(struct lab_case *out);

const char *lab_group_name(enum lab_group g);  /* "method" */
const char *lab_group_title(enum lab_group g); /* "Methods" */

bool lab_group_exists(const char *name) NODISCARD;

/* Appends the content, for the file that the driver is given. */
void lab_material_write(enum lab_material m, struct text_buf *out);
/* Its media type; NULL where there is no content. */
const char *lab_material_type(enum lab_material m);

#endif
