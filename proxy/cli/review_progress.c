/* SPDX-License-Identifier: MIT */
#include "proxy/cli/review_progress.h"

#include <inttypes.h>

#define CLEAR_LINE "\r\033[K"

/* "1,234,567" */
static const char *grouped(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

static void begin_line(struct review_progress *p)
{
	fputs(p->shown ? CLEAR_LINE : "", p->out);
	p->shown = false;
}

static void tell_end(struct review_progress *p, const struct control_reading *r)
{
	char number[32];

	begin_line(p);
	if (r->error)
		fprintf(p->out, "hopaudit: the rest of the log can't be shown: %s\n", r->error);
	else if (r->chains == 0)
		fprintf(p->out, "hopaudit: there is no chain in it: nothing was redirected, or it is no audit log\n");
	else
		fprintf(p->out, "hopaudit: %s chain%s read\n", grouped(r->chains, number), r->chains == 1 ? "" : "s");
	p->done = true;
}

void review_progress_tell(struct review_progress *p, const struct control_reading *r)
{
	char number[32];

	if (p->done)
		return;
	if (r->done || r->error) {
		tell_end(p, r);
	} else if (p->terminal && r->size > 0) {
		begin_line(p);
		fprintf(p->out, "hopaudit: reading, %d%%: %s chains", (int)((double)r->offset / (double)r->size * 100),
			grouped(r->chains, number));
		p->shown = true;
	}
	fflush(p->out);
}
