/* SPDX-License-Identifier: MIT
 *
 * The reader of log_reader.h: from file to lines to events to the model. */
#include "audit/report/log_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/record/event_json.h"
#include "audit/record/log_tail.h"
#include "audit/report/event_read.h"
#include "audit/report/log_lines.h"
#include "audit/report/rejudge.h"
#include "audit/report/report_event.h"

/* One pass over a file. The digest of the last whole line is the run's head. */
struct log_pass {
	struct report *report;
	struct event_reader *reader; /* owned */
	struct rejudge *rejudge;     /* owned; NULL: the report is of what was recorded */
	struct log_lines lines;
	unsigned format;   /* of a log that can't be read; 0: none */
	struct bytes last; /* in `lines` */
	uint64_t seq;      /* of the last line that has one; 0: none */
};

/* The kind of a line that says nothing to a report can be told from its first bytes, which saves parsing most of a
 * large log. Whatever is not written as we write it is parsed. */
static bool is_beside_the_point(struct bytes line)
{
	static const char *const types[] = {"\"type\":\"tls.intercepted\",", "\"type\":\"mark\","};
	struct bytes begin = bytes_slice(line, 0, 100);

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (memmem(begin.ptr, begin.len, types[i], strlen(types[i])))
			return true;
	}
	return false;
}

static void count_gap(struct log_pass *p, struct bytes line)
{
	uint64_t seq = event_line_seq(line);

	if (seq == 0)
		return;
	if (seq > p->seq + 1 && p->seq > 0)
		p->report->missing += seq - p->seq - 1;
	p->seq = seq;
}

/* A log of another format can't be read, only misread. */
static bool is_readable(struct log_pass *p)
{
	unsigned format = event_reader_format(p->reader);

	if (format == LOG_FORMAT || format == 0)
		return true;
	p->format = format;
	return false;
}

/* False at the first line of the next run, and where there is no use in reading on. */
static bool read_line(struct log_pass *p, struct bytes line)
{
	struct report *r = p->report;
	struct audit_event e;
	enum event_read result = is_beside_the_point(line) ? EVENT_READ_OTHER : event_read(p->reader, line, &e);
	bool is_event = result == EVENT_READ_OK || result == EVENT_READ_PARTLY;

	if (is_event && e.type == EVENT_RUN_STARTED && r->begun)
		return false;
	if ((result == EVENT_READ_CONTINUED || (is_event && e.type == EVENT_RUN_STARTED)) && !is_readable(p))
		return false;
	if (result == EVENT_READ_UNREADABLE) {
		r->unreadable++;
		return true;
	}
	if (result == EVENT_READ_CONTINUED) { /* what stands before it is in another file */
		r->begun = true;
		r->run = arena_copy(&r->arena, e.run_started.run);
	}
	if (p->rejudge)
		rejudge_line(p->rejudge, p->reader, result, &e, line);
	else if (is_event)
		report_event(r, &e);
	count_gap(p, line);
	return true;
}

static bool is_finding(struct bytes line)
{
	static const char type[] = "\"type\":\"finding\",";
	struct bytes begin = bytes_slice(line, 0, 100);

	return memmem(begin.ptr, begin.len, type, sizeof(type) - 1) != NULL;
}

static struct bytes text_of(const struct log_line *line)
{
	return bytes_of(line->text, line->len);
}

/* The judge is shown what was found at the line that is read next. */
static void look_ahead(struct log_pass *p)
{
	const struct log_line *line;

	for (unsigned i = 0; i < LOG_LINES_AHEAD_MAX && (line = log_lines_peek(&p->lines, i)); i++) {
		if (line->torn || !is_finding(text_of(line)))
			return;
		rejudge_ahead(p->rejudge, text_of(line));
	}
}

static void read_lines(struct log_pass *p)
{
	const struct log_line *line;

	while ((line = log_lines_take(&p->lines))) {
		if (line->torn) {
			p->report->torn = true;
			return;
		}
		p->report->line++;
		if (p->rejudge && !is_finding(text_of(line)))
			look_ahead(p);
		if (!read_line(p, text_of(line)))
			return;
		p->last = text_of(line);
	}
}

static void write_head(struct report *r, struct bytes last)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t digest[LOG_DIGEST_BYTES];

	if (!last.ptr || !log_digest(last, digest))
		return;
	for (unsigned i = 0; i < sizeof(digest); i++) {
		r->head[2 * i] = hex[digest[i] >> 4];
		r->head[2 * i + 1] = hex[digest[i] & 15];
	}
}

static void report_judged(void *arg, const struct audit_event *e, struct bytes line, uint64_t seq)
{
	struct log_pass *p = arg;
	const struct judging *judging = p->report->judging;

	if (e)
		report_event(p->report, e);
	if (judging->say)
		judging->say(judging->arg, e, line, seq);
}

static void report_recorded(void *arg, const struct event_finding *f)
{
	const struct judging *judging = ((struct log_pass *)arg)->report->judging;

	if (judging->recorded)
		judging->recorded(judging->arg, f);
}

static bool begin(struct log_pass *p)
{
	struct judging judging;

	p->reader = event_reader_new();
	if (!p->reader || !p->report->judging)
		return p->reader != NULL;
	judging = *p->report->judging;
	judging.say = report_judged;
	judging.recorded = report_recorded;
	judging.arg = p;
	p->rejudge = rejudge_new(&judging);
	return p->rejudge != NULL;
}

/* Returns 0, or an errno. */
static int read_run(struct log_pass *p, int64_t offset)
{
	if (!p->lines.file || fseeko(p->lines.file, offset, SEEK_SET) != 0)
		return errno;
	if (!begin(p))
		return ENOMEM;
	read_lines(p);
	if (ferror(p->lines.file))
		return errno ? errno : EIO;
	if (event_reader_failed(p->reader))
		return ENOMEM;
	write_head(p->report, p->last);
	return 0;
}

bool report_read(struct report *r, const char *path, int64_t offset, char *error, size_t error_size)
{
	struct log_pass p = {.report = r, .lines.file = fopen(path, "re")};
	int failure = read_run(&p, offset);

	if (p.rejudge)
		r->rejudged = rejudge_result(p.rejudge);
	rejudge_free(p.rejudge);
	if (p.lines.file)
		fclose(p.lines.file);
	log_lines_free(&p.lines);
	event_reader_free(p.reader);
	report_close(r);
	if (failure == 0 && r->failed)
		failure = ENOMEM;
	if (failure)
		snprintf(error, error_size, "log %s: %s", path, strerror(failure));
	else if (p.format)
		snprintf(error, error_size,
			 "log %s: format %u, of another version of hopaudit; this one reads format %d", path, p.format,
			 LOG_FORMAT);
	return failure == 0 && p.format == 0;
}
