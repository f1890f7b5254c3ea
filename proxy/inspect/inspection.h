/* SPDX-License-Identifier: MIT
 *
 * One URL looked at closely: followed one hop at a time by the book, each answer judged by the rules of the audit, and
 * asked again where that shows something. Filled by inspection_run(), read by whatever prints it. */
#ifndef PROXY_INSPECT_INSPECTION_H
#define PROXY_INSPECT_INSPECTION_H

#include "audit/rules/rules.h"
#include "proxy/inspect/asker.h"

#define INSPECTION_STEPS_MAX 64
#define INSPECTION_FINDINGS_MAX 256
#define SIGNALS_MAX 24 /* of one step */
#define PROBES_MAX 8

/* What is said of a step beside the rules: a topic and a sentence. */
enum tone { TONE_PLAIN, TONE_GOOD, TONE_BAD };
struct signal {
	const char *topic; /* "caching" */
	enum tone tone;
	char text[400];
};

/* The same request again, but for one field. */
struct probe {
	const char *field; /* "User-Agent"; NULL: the very same request */
	bool done;
	bool differs; /* in status or Location */
	bool told;    /* Vary names the field */
	char seen[200];
};

struct step {
	char *method; /* owned */
	char *url;    /* owned, as it was asked for: without fragment */
	bool has_content;
	bool lost_content; /* the step before had content, and this one has none: by the book */
	bool left_secrets; /* Authorization and Cookie stayed behind: another origin */
	struct answer answer;
	bool redirects; /* its answer asks for a follow-up, and says where */
	char *target;   /* owned, resolved; NULL where Location is none or unusable */
	struct signal signals[SIGNALS_MAX];
	unsigned signal_count;
	struct probe probes[PROBES_MAX];
	unsigned probe_count;
};

struct found {
	const struct rule *rule;
	enum severity severity;
	enum fault fault;
	unsigned step; /* index; of a finding about the chain the last one */
	char *message; /* owned, as the next two; secrets are hidden */
	char *expected;
	char *seen;
};

struct inspection {
	const struct config *config; /* borrowed */
	struct bytes content;        /* of the first request; borrowed */
	struct step steps[INSPECTION_STEPS_MAX];
	unsigned step_count;
	struct found findings[INSPECTION_FINDINGS_MAX];
	unsigned finding_count;
	unsigned findings_more;
	char ended[300]; /* why it went no further */
	bool loops;      /* it leads back to itself */
	bool failed;     /* an answer could not be had */
};

/* `config` and `content` are borrowed until inspection_free(). False with a one-line reason when it could not begin;
 * what goes wrong later is in the result. */
bool inspection_run(struct inspection *in, const struct config *config, const char *method, const char *url,
		    struct bytes content, bool has_content, char *error, size_t error_size) NODISCARD;
void inspection_free(struct inspection *in);

/* signals.c: says what step `i` shows. */
void signals_of_step(struct inspection *in, unsigned i);

/* The worst severity found. */
enum severity inspection_verdict(const struct inspection *in);

#endif
