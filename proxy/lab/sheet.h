/* SPDX-License-Identifier: MIT
 *
 * The guided lab's result: what the client did in each case and what the audit says of it, scored by groups; and the
 * forms in which it is written. Pure: processes are of proxy/lab/driver. */
#ifndef PROXY_LAB_SHEET_H
#define PROXY_LAB_SHEET_H

#include "audit/report/model.h"
#include "audit/report/terminal.h"
#include "proxy/lab/deed.h"

enum lab_verdict {
	LAB_SKIPPED,      /* the driver takes no fields, or sent another request than the case's */
	LAB_UNREACHED,    /* the lab saw no request of it */
	LAB_TIMED_OUT,    /* the driver was ended, and nothing was wrong up to there */
	LAB_NOT_FOLLOWED, /* it stopped where it might have followed */
	LAB_RIGHT,        /* no rule says anything worse than a note about the client */
	LAB_DIFFERS,      /* nor here, but it is not what is right */
	LAB_WARNED,       /* a warning */
	LAB_VIOLATED,     /* an error */
	LAB_VERDICT_COUNT
};

struct lab_result {
	struct deed deed;
	bool skipped;
	bool timed_out;
	int exit_status;     /* of the driver; as a shell gives it */
	char said[200];      /* the last line that it wrote to stderr */
	enum severity worst; /* of what is the client's fault */
	char rule[48];       /* the worst one */
	char message[200];
};

/* All borrowed but for what it says. */
struct lab_sheet {
	const struct lab_case *cases;
	struct lab_result *results; /* as many */
	size_t count;
	struct bytes driver; /* the command, as it was given */
	char client[120];    /* its first User-Agent; empty: none */
};

struct lab_score {
	unsigned verdicts[LAB_VERDICT_COUNT];
	unsigned fetch_claims; /* cases that were reached and that the Fetch standard has something to say of */
	unsigned as_fetch;
};

/* The number of the case that a token ("c17") or a URL that has it ("http://h/case/c17/...") names; -1: none. */
int lab_case_of_token(struct bytes token);
int lab_case_of_url(struct bytes url);

/* The audit's findings about one chain: give it to report.chain_done, with the sheet as its argument. */
void sheet_take_chain(void *sheet, struct report_chain *c);

enum lab_verdict sheet_verdict(const struct lab_sheet *s, size_t i);
const char *lab_verdict_text(enum lab_verdict v); /* "right" */

/* Of one group, or of GROUP_LAB_COUNT: all. */
struct lab_score sheet_score(const struct lab_sheet *s, enum lab_group g);
/* How many were judged: right, or not. */
unsigned lab_score_judged(const struct lab_score *s);
/* Of 100: right among those; -1 where there is none. */
int lab_score_percent(const struct lab_score *s);

void sheet_text(const struct lab_sheet *s, const struct terminal *t, struct text_buf *out);
void sheet_json(const struct lab_sheet *s, struct text_buf *out);
void sheet_markdown(const struct lab_sheet *s, struct text_buf *out);
void sheet_html(const struct lab_sheet *s, struct text_buf *out);

#endif
